//! An argument is passed by its name.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find((a, b): (u8, u8)) -> burdock::Result<u8> { //~ (a, b)
    Ok(a + b)
}

fn main() {
    let _ = tools![find];
}
