use burdock::prelude::*;
use burdock_llm::prompt;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    subject: String,
    story: String,
}

/// Write about {cx:json}.
#[prompt(state = Studio, writes(story))]
async fn write(#[context] cx: &u8) -> String; //~ context

fn main() {}
