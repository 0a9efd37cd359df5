use burdock_llm::prompt;

/// Write {__text}.
#[prompt]
async fn write(__text: &str) -> String; //~ __text

fn main() {}
