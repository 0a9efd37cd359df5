//! `yield_from!` is not allowed in a nested function.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    fn say() {
        yield_from!(futures::stream::iter([3])); //~ yield_from
    }
    say();
    Ok(Writes {})
}

fn main() {}
