//! A log reads the names that it writes.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))] //~ serialize
pub struct Chat {
    pub user_name: String,
}

fn main() {}
