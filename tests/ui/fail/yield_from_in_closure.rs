//! `yield_from!` is not allowed in a closure.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    let say = |numbers| yield_from!(numbers); //~ yield_from
    say(futures::stream::iter([3]));
    Ok(Writes {})
}

fn main() {}
