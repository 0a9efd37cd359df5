//! `#[burdock(…)]` takes one argument.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[burdock(crat = burdock)] //~ crat
pub struct Chat {
    pub count: u32,
}

fn main() {}
