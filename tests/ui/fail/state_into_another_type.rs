//! A log stores the fields of a state, not those of another type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")] //~ into
pub struct Chat {
    pub count: u32,
}

impl From<u32> for Chat {
    fn from(count: u32) -> Self {
        Chat { count }
    }
}

impl From<Chat> for u32 {
    fn from(chat: Chat) -> Self {
        chat.count
    }
}

fn main() {}
