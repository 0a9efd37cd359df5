//! A field that is left out needs a default to be read as.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub note: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")] //~ skip_serializing_if
    pub name: String,
}

fn main() {}
