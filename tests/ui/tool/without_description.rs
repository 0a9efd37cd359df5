//! The model reads the doc comment.

use burdock_llm::{tool, tools};

#[tool]
async fn find(text: String) -> burdock::Result<String> { //~ find
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
