//! A migration returns a `Result`.

use burdock::{log::Document, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(version = 2, migrate = [from_1])] //~ from_1
pub struct Chat {
    pub count: u32,
}

pub fn from_1(chat: Document) -> Document {
    chat
}

fn main() {}
