//! A marker that is close to `#[graph]` is rejected.

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
async fn ask(#[grahp] child: Sub<'_, Child>) -> Result<Writes> { //~ grahp
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
