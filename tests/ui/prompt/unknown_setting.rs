use burdock_llm::prompt;

/// Write something.
#[prompt(retrys = 2)] //~ retrys
async fn write() -> String;

fn main() {}
