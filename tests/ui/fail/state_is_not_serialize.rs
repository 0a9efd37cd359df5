//! A state implements `Serialize`.

use burdock::prelude::*;
use serde::Deserialize;

#[derive(State, Clone, Debug, Default, Deserialize)]
pub struct Chat { //~ Chat
    pub count: u32,
}

fn main() {}
