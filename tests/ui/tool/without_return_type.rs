//! A tool returns what the model reads.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(text: String) { //~ find
    drop(text);
}

fn main() {
    let _ = tools![find];
}
