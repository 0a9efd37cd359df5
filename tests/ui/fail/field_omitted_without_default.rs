//! A field that may be omitted has a default.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub note: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")] //~ skip_serializing_if
    pub name: String,
}

fn main() {}
