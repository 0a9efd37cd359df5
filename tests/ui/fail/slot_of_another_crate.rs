//! A type called `Slot` is that of burdock.

use burdock::State;
use serde::{Deserialize, Serialize};

mod elsewhere {
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    pub struct Slot<T>(pub T);
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub prompt: elsewhere::Slot<String>, //~ prompt
}

fn main() {}
