//! An action can access a field only if its module can.

use burdock::prelude::*;

mod memory {
    use burdock::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Chat {
        count: u32,
    }
}

#[action(state = memory::Chat, reads(count))] //~ count
async fn work(chat: Reads<'_>) -> Result<Writes> {
    let _ = chat;
    Ok(Writes {})
}

fn main() {}
