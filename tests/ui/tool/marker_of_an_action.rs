//! A tool has no inputs.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(#[input] text: String) -> burdock::Result<String> { //~ input
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
