//! An action is a free function, without `Self`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

impl Chat {
    #[action(state = Chat, writes(count))]
    async fn work() -> Result<Writes> {
        Ok(Writes { count: Self::most() }) //~ Self
    }

    fn most() -> u32 {
        3
    }
}

fn main() {}
