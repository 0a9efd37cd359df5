//! An argument with `#[graph]` is a `Sub`.

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
async fn ask(#[graph] child: Child) -> Result<Writes> { //~ Child
    Ok(Writes { count: child.run("a", ChildInputs {}).await?.state().count })
}

graph! {
    Main(Chat) {
        nodes { ask }
        start ask;
        ask -> end;
    }
}

fn main() {}
