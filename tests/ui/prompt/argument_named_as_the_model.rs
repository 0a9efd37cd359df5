use burdock::prelude::*;
use burdock_llm::prompt;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    subject: String,
    story: String,
}

/// Write about {llm}.
#[prompt(state = Studio, writes(story))]
async fn write(#[input] llm: &str) -> String; //~ llm

fn main() {}
