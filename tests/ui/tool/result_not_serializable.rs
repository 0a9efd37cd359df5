//! The model reads the result as JSON.

use burdock_llm::{tool, tools};

pub struct Place;

/// Finds.
#[tool]
async fn find(text: String) -> burdock::Result<Place> { //~ burdock
    drop(text);
    Ok(Place)
}

fn main() {
    let _ = tools![find];
}
