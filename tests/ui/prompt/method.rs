use burdock_llm::prompt;

struct Writer;

impl Writer {
    /// Write something.
    #[prompt]
    async fn write(&self) -> String; //~ self
}

fn main() {}
