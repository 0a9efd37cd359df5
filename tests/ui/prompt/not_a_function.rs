use burdock_llm::prompt;

/// Write something.
#[prompt]
pub struct Write; //~ struct

fn main() {}
