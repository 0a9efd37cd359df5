//! The arguments of the model are passed by value.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(text: &str) -> burdock::Result<String> { //~ &str
    Ok(text.to_owned())
}

fn main() {
    let _ = tools![find];
}
