use burdock_llm::prompt;

#[doc = include_str!("prompt.md")] //~ include_str!("prompt.md")
#[prompt]
async fn write() -> String;

fn main() {}
