use burdock_llm::prompt;

struct Subject;

/// Write about {subject:json}.
#[prompt]
async fn write(subject: Subject) -> String; //~ subject

fn main() {}
