//! A state is a struct.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Serialize, Deserialize)]
pub enum Chat { //~ Chat
    Empty,
}

fn main() {}
