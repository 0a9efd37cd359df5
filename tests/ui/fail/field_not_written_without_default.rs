//! A field that is not written has a default.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[serde(skip_serializing)] //~ skip_serializing
    pub name: String,
}

fn main() {}
