//! An action cannot be more visible than its state.

mod memory {
    use burdock::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    struct Chat {
        count: u32,
    }

    #[action(state = Chat, reads(count), writes(count))] //~ Chat
    pub async fn work(chat: Reads<'_>) -> Result<Writes> {
        Ok(Writes { count: chat.count + 1 })
    }
}

fn main() {}
