use burdock_llm::prompt;

#[prompt]
async fn write() -> String; //~ write

fn main() {}
