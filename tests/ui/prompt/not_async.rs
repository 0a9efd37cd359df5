use burdock_llm::prompt;

/// Write something.
#[prompt]
fn write() -> String; //~ fn

fn main() {}
