use burdock_llm::prompt;

/// Write something.
#[prompt(retries = "2")] //~ "2"
async fn write() -> String;

fn main() {}
