//! A program can use a tool as a function or in `tools!`, or only declare it, without warnings.
#![deny(warnings, missing_docs, missing_debug_implementations, unused)]

use burdock_llm::{tool, tools};

/// A shop.
#[derive(Debug)]
pub struct Shop;

/// Finds.
#[tool]
async fn tool_alone(text: String) -> burdock::Result<String> {
    Ok(text)
}

/// Finds.
#[tool]
async fn function_alone(#[resource] shop: &Shop) -> burdock::Result<String> {
    Ok(format!("{shop:?}"))
}

/// Finds: [title], `{"json": true}`.
///
/// # Errors
/// Never.
#[tool(yields(u8), timeout = std::time::Duration::from_secs(1))]
pub async fn public(#[resource] shop: &Shop, mut text: String) -> burdock::Result<String> {
    let _ = shop;
    text.push('!');
    Ok(text)
}

/// Finds no more.
#[deprecated]
#[tool]
pub async fn deprecated(text: String) -> burdock::Result<String> {
    Ok(text)
}

#[test]
fn it_runs() {
    let _ = function_alone(&Shop);
    assert_eq!(tools![tool_alone].definitions().count(), 1);
}
