use burdock_llm::prompt;

/// Write {text}.
#[prompt]
async fn write(#[cfg(unix)] text: &str) -> String; //~ cfg

fn main() {}
