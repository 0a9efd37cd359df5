use burdock::prelude::*;
use burdock_llm::prompt;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    subject: String,
    story: String,
}

/// Write {subject} of it.
#[prompt(state = Studio, reads(subject), writes(story))]
async fn write(subject: u32) -> String; //~ subject

fn main() {}
