use burdock::prelude::*;
use burdock_llm::prompt;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    story: String,
    tokens: String,
}

/// Write a story.
#[prompt(state = Studio, writes(story), usage = tokens)] //~ tokens
async fn write() -> String;

fn main() {}
