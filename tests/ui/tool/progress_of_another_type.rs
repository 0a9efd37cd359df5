//! An item has the type in `yields`.

use burdock_llm::{tool, tools};

/// Finds.
#[tool(yields(u32))]
async fn find(text: String) -> burdock::Result<String> {
    yield_!("one"); //~ "one"
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
