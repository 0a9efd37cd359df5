use burdock::prelude::*;
use burdock_llm::prompt;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    story: String,
    tokens: u64,
}

/// Write a story.
#[prompt(state = Studio, writes(story), usage = story)] //~ story
async fn write() -> String;

fn main() {}
