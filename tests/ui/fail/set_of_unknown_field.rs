//! A set of fields with one that the state does not have.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
}

/// The fields that an action by hand reads.
pub const READS: burdock::state::FieldSet = burdock::state::set_of(Chat::FIELDS, &["cuont"]); //~ burdock::state::set_of(Chat::FIELDS, &["cuont"])

fn main() {}
