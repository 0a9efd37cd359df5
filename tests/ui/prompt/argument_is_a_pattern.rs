use burdock_llm::prompt;

/// Write about {subject}.
#[prompt]
async fn write((subject, _): (&str, u8)) -> String; //~ (subject, _)

fn main() {}
