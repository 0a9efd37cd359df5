//! A log stores each field of a state as one value.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Names {
    pub user: String,
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[serde(flatten)] //~ flatten
    pub names: Names,
}

fn main() {}
