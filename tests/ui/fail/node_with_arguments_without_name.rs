//! A node whose action has generic arguments, without a name.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
}

mod actions {
    use super::Chat;
    use burdock::prelude::*;

    #[action(state = Chat, reads(count), writes(count))]
    pub async fn count(chat: Reads<'_>, by: u64) -> Result<Writes> {
        Ok(Writes { count: chat.count + by })
    }
}

graph! {
    Main(Chat) {
        nodes { count::<u64> { by: 1 } } //~ count::<u64>
        start count;
        count -> pause;
    }
}

fn main() {}
