//! A new version has a migration from the old one.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(version = 2)] //~ 2
pub struct Chat {
    pub count: u32,
}

fn main() {}
