//! A macro cannot see the output of another macro.

use burdock_llm::{tool, tools};

#[doc = concat!("Fin", "ds.")] //~ concat!("Fin", "ds.")
#[tool]
async fn find(text: String) -> burdock::Result<String> {
    Ok(text)
}

fn main() {
    let _ = tools![find];
}
