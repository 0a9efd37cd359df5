//! A token after the list of an attribute.

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
    #[derive(Clone,) Copy] //~ Copy
    Main(Chat) {
        nodes { work }
        start work;
        work -> end;
    }
}

fn main() {}
