//! `#[state(…)]` takes two arguments.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(verison = 2)] //~ verison
pub struct Chat {
    pub count: u32,
}

fn main() {}
