//! The arguments of the model are passed by value.

use burdock_llm::{tool, tools};

/// Finds.
#[tool]
async fn find(text: Option<&str>) -> burdock::Result<bool> { //~ Option<&str>
    Ok(text.is_some())
}

fn main() {
    let _ = tools![find];
}
