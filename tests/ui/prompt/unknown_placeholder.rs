use burdock_llm::prompt;

/// Write about {subjet}.
//~^ /// Write about {subjet}.
#[prompt]
async fn write(subject: &str) -> String;

fn main() {}
