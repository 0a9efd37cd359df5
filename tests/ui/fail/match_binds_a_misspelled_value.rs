//! A misspelled value in a pattern is a variable that matches everything.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub done: bool,
}

#[action(state = Chat, writes(done))]
async fn work() -> Result<Writes> {
    Ok(Writes { done: true })
}

graph! {
    Main(Chat) {
        nodes { work }
        start work;
        work -> match state.done {
            true => end,
            flse => pause, //~ flse
        };
    }
}

fn main() {}
