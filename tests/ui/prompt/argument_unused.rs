use burdock_llm::prompt;

/// Write about {subject}.
#[prompt]
async fn write(subject: &str, chapters: u32) -> String; //~ chapters

fn main() {}
