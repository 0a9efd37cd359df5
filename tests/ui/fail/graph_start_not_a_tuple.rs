//! `each` takes keys and inputs.

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
async fn ask(#[graph] child: Sub<'_, Child>) -> Result<Writes> {
    let ends = child.each([ChildInputs {}]).finish().await?; //~ each
    Ok(Writes { count: ends.len() as u32 })
}

graph! {
    Main(Chat) {
        nodes { ask }
        start ask;
        ask -> end;
    }
}

fn main() {}
