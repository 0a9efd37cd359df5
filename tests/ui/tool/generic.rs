//! A schema is that of one type.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find<T>(text: String) -> burdock::Result<String> { //~ T
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
