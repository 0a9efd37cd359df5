use burdock_llm::prompt;

/// Write something.
#[prompt]
async fn write() -> String { String::new() } //~ { String::new() }

fn main() {}
