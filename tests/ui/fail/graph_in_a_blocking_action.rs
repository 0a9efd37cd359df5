//! A blocking action cannot wait for a child.

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

#[action(blocking, state = Chat, writes(count))]
fn ask(#[graph] child: Sub<'_, Child>) -> Result<Writes> { //~ child
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
