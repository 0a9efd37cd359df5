use burdock::prelude::*;
use burdock_llm::prompt;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    subject: String,
    story: String,
}

/// Write about {topic}.
#[prompt(state = Studio, reads(topic), writes(story))] //~ topic
async fn write(topic: &str) -> String;

fn main() {}
