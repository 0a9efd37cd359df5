//! An empty `nodes` section counts as none.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

graph! {
    Main(Chat) { //~ Main
        nodes {}
        start ask;
        ask -> end;
    }
}

fn main() {}
