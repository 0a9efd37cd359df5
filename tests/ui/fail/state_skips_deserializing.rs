//! A log reads every field that it writes.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[serde(skip_deserializing)] //~ skip_deserializing
    pub messages: Vector<String>,
}

fn main() {}
