//! A syntax error is the only error.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(text: String) -> burdock::Result<String> {
    let found = ; //~ ;
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
