use burdock_llm::prompt;

/// Write {text}.
#[prompt(reads(text))] //~ reads
async fn write(text: &str) -> String;

fn main() {}
