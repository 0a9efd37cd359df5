//! A schema is that of one type.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(text: impl Into<String>) -> burdock::Result<String> { //~ impl Into<String>
    Ok(text.into())
}

fn main() {
    let _ = tools![find];
}
