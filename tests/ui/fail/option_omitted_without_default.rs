//! An `Option` with a custom deserializer has a default if it may be omitted.

use burdock::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    Option::deserialize(deserializer)
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[serde(deserialize_with = "read", skip_serializing_if = "Option::is_none")] //~ skip_serializing_if
    pub count: Option<u8>,
}

fn main() {}
