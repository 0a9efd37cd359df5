//! The error of a migration implements `Error`.

use burdock::{log::Document, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(version = 2, migrate = [from_1])] //~ from_1
pub struct Chat {
    pub count: u32,
}

pub struct Lost;

pub fn from_1(_chat: Document) -> Result<Document, Lost> {
    Err(Lost)
}

fn main() {}
