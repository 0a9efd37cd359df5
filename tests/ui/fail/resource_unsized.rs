//! Resources are sized, because a graph stores them.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

trait Llm {}

#[action(state = Chat)]
async fn ask(#[resource] llm: &(dyn Llm + Send + Sync)) -> Result<Writes> { //~ dyn Llm + Send + Sync
    let _ = llm;
    Ok(Writes {})
}

fn main() {}
