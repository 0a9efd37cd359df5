use burdock_llm::prompt;

#[derive(serde::Deserialize)]
struct Story {
    #[expect(dead_code)]
    title: String,
}

/// Write something.
#[prompt]
async fn write() -> Story; //~ Story

fn main() {}
