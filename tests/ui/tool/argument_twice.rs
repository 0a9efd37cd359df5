//! Two arguments have the same name.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(text: String, text: u8) -> burdock::Result<u8> { //~ text
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
