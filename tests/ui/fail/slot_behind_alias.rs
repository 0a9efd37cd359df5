//! The type of a slot is written as `Slot<…>`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

type Maybe = Slot<String>;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub prompt: Maybe, //~ prompt
}

fn main() {}
