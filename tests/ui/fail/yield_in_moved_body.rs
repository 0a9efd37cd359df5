//! An attribute above may move the body: into a closure, for a blocking action.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[tracing::instrument(err)]
#[streaming_action(state = Chat, yields(u32), blocking)]
fn speak() -> Result<Writes> {
    yield_!(3); //~ yield_
    Ok(Writes {})
}

fn main() {}
