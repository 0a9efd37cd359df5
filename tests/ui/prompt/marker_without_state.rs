use burdock_llm::prompt;

/// Write {text}.
#[prompt]
async fn write(#[input] text: &str) -> String; //~ input

fn main() {}
