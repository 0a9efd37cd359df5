use burdock_llm::prompt;

/// Write something.
#[prompt(retries = 2, retries = 3)] //~ retries
async fn write() -> String;

fn main() {}
