//! Serde writes fields under different names.
// serde only makes rustc warn
#![allow(unreachable_patterns)]

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    pub user_name: String,
    #[serde(rename = "userName")]
    pub other: String, //~ other
}

fn main() {}
