//! An error is a result that the model reads.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(text: String) -> String { //~ String
    text
}

fn main() {
    let _ = tools![find];
}
