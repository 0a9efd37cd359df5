//! Calls run at the same time.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
fn find(text: String) -> burdock::Result<String> { //~ fn
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
