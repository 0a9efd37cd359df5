//! A state is not generic.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat<T> { //~ T
    pub value: T,
}

fn main() {}
