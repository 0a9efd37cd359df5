//! The attribute has no such argument.

use burdock_llm::{tool, tools};

/// Finds.
#[tool(timout = std::time::Duration::from_secs(1))] //~ timout
async fn find(text: String) -> burdock::Result<String> {
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
