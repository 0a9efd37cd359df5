//! The items of a child are read back when its parent runs again.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
}

#[derive(Serialize)]
pub struct Note(u32);

#[streaming_action(state = Chat, writes(count), yields(Note))]
async fn work() -> Result<Writes> {
    yield_!(Note(1));
    Ok(Writes { count: 1 })
}

graph! {
    Child(Chat) {
        yields Note;
        nodes { work }
        start work;
        work -> end;
    }
}

#[action(state = Chat, writes(count))]
async fn ask(#[graph] child: Sub<'_, Child>) -> Result<Writes> {
    Ok(Writes { count: child.run("a", ChildInputs {}).await?.state().count }) //~ run
}

graph! {
    Main(Chat) {
        nodes { ask }
        start ask;
        ask -> end;
    }
}

fn main() {}
