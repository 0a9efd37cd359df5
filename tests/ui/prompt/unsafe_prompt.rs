use burdock_llm::prompt;

/// Write something.
#[prompt]
async unsafe fn write() -> String; //~ unsafe

fn main() {}
