use burdock::prelude::*;
use burdock_llm::{Usage, prompt};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    story: String,
    usage: Usage,
}

/// Write a story.
#[prompt(usage = usage)] //~ usage
async fn write() -> String;

fn main() {}
