//! A tool is created with its resources.

use burdock_llm::{tool, tools};

pub struct Shop;

/// Finds.
#[tool]
async fn find(#[resource] shop: &Shop, text: String) -> burdock::Result<String> {
    let _ = shop;
    Ok(text)
}

fn main() {
    let _ = tools![find]; //~ tools![find]
}
