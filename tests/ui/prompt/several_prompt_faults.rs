use burdock_llm::prompt;

/// Write about {subjet}.
#[prompt(retrys = 1)]
fn write(subject: &str);

fn main() {}
