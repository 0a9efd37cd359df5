use burdock_llm::prompt;

/// Write something.
#[prompt]
async fn write(); //~ write

fn main() {}
