//! A migration is a function.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(version = 2, migrate = [from_1])] //~ from_1
pub struct Chat {
    pub count: u32,
}

fn main() {}
