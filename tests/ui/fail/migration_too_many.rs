//! There is no migration from the current version.

use burdock::{log::Document, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(migrate = [from_1])] //~ from_1
pub struct Chat {
    pub count: u32,
}

pub fn from_1(chat: Document) -> Result<Document, String> {
    Ok(chat)
}

fn main() {}
