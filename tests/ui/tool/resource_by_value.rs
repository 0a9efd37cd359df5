//! The program owns a resource.

use burdock_llm::{tool, tools};

struct Shop;

/// Finds.
#[tool]
async fn find(#[resource] shop: Shop, text: String) -> burdock::Result<String> { //~ Shop
    drop(shop);
    Ok(text)
}

fn main() {
    let _ = tools![find { shop: &Shop }];
}
