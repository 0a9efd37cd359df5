//! An action is a free function, without `self`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

impl Chat {
    #[action(state = Chat)]
    async fn work(&self) -> Result<Writes> { //~ self
        Ok(Writes {})
    }
}

fn main() {}
