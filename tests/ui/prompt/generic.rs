use burdock_llm::prompt;

/// Write about {subject}.
#[prompt]
async fn write<T: std::fmt::Display>(subject: T) -> String; //~ T: std::fmt::Display

fn main() {}
