//! A keyword is not the name of a field.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub turns: u32,
}

#[action(state = Chat, reads(turns), writes(turns))]
async fn listen(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { turns: chat.turns + 1 })
}

macro_rules! is {
    ($value:expr, $pattern:pat) => {
        matches!($value, $pattern)
    };
}

graph! {
    Chatting(Chat) {
        nodes { listen }
        start listen;
        listen -> if is!(state.struct, 3) { end } else { pause }; //~ struct
    }
}

fn main() {}
