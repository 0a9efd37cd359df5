//! A `match` is exhaustive.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub enum Mode {
    #[default]
    Code,
    Question,
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub mode: Mode,
}

#[action(state = Chat)]
async fn work() -> Result<Writes> {
    Ok(Writes {})
}

graph! {
    Main(Chat) {
        nodes { work }
        start work;
        work -> match state.mode { //~ mode
            Mode::Code => pause work,
        };
    }
}

fn main() {}
