use burdock_llm::prompt;

/// Write something.
#[prompt]
async fn write() -> Result<String, std::io::Error>; //~ Result<String, std::io::Error>

fn main() {}
