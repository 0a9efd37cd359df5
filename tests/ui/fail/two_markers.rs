//! An argument has at most one marker.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn work(#[input] #[resource] count: &u32) -> Result<Writes> { //~ resource
    Ok(Writes { count: *count })
}

fn main() {}
