//! A state implements `Clone`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Debug, Default, Serialize, Deserialize)]
pub struct Chat { //~ Chat
    pub count: u32,
}

fn main() {}
