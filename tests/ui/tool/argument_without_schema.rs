//! The model needs a schema of each argument.

use burdock_llm::{tool, tools};

pub struct Place;

/// Finds.
#[tool]
async fn find(place: Place) -> burdock::Result<String> { //~ Place
    drop(place);
    Ok(String::new())
}

fn main() {
    let _ = tools![find];
}
