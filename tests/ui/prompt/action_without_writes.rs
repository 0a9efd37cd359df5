use burdock::prelude::*;
use burdock_llm::prompt;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    subject: String,
    story: String,
}

/// Write about {subject}.
#[prompt(state = Studio, reads(subject))]
async fn write(subject: &str) -> String; //~ write

fn main() {}
