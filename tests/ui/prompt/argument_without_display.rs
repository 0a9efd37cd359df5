use burdock_llm::prompt;

struct Subject;

/// Write about {subject}, and again: {subject}.
#[prompt]
async fn write(subject: Subject) -> String; //~ subject

fn main() {}
