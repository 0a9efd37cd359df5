//! A plain function is not a tool.

use burdock_llm::tools;

async fn find(text: String) -> burdock::Result<String> {
    Ok(text)
}

fn main() {
    let _ = tools![find]; //~ tools![find]
}
