//! Every field implements `Clone`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct Once;

#[derive(State, Clone, Debug, Serialize, Deserialize)]
pub struct Chat {
    pub once: Once, //~ pub once: Once
}

fn main() {}
