use burdock_llm::prompt;

/// Write something.
#[prompt(system = "You are {role}.")] //~ "You are {role}."
async fn write() -> String;

fn main() {}
