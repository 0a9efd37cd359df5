//! The type in a `Sub` is a graph.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
}


#[action(state = Chat, writes(count))]
async fn work() -> Result<Writes> {
    Ok(Writes { count: 1 })
}

graph! {
    Child(Chat) {
        nodes { work }
        start work;
        work -> end;
    }
}

#[action(state = Chat, writes(count))]
async fn ask(#[graph] child: Sub<'_, Chat>) -> Result<Writes> { //~ Chat
    let _ = child;
    Ok(Writes { count: 2 })
}

graph! {
    Main(Chat) {
        nodes { ask }
        start ask;
        ask -> end;
    }
}

fn main() {}
