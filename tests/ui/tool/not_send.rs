//! A call may move to another thread.

use burdock_llm::{tool, tools};
use std::rc::Rc;

/// Finds.
#[tool]
async fn find(text: String) -> burdock::Result<String> { //~ find
    let shared = Rc::new(text);
    std::future::ready(()).await;
    Ok(shared.to_string())
}

fn main() {
    let _ = tools![find];
}
