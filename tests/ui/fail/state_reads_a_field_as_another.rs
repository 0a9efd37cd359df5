//! Serde does not read the value of one field as another one.
#![allow(unreachable_patterns, reason = "rustc sees it in the code of serde, too")]

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[serde(alias = "text")]
    pub first: String,
    #[serde(rename = "text")]
    pub second: String, //~ second
}

fn main() {}
