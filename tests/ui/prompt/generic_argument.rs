use burdock_llm::prompt;

/// Write about {subject}.
#[prompt]
async fn write(subject: impl std::fmt::Display) -> String; //~ impl std::fmt::Display

fn main() {}
