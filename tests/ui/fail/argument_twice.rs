//! Two arguments have the same name.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(
    chat: Reads<'_>,
    #[param(default = 1)] by: u64,
    by: u64, //~ by
) -> Result<Writes> {
    Ok(Writes { count: chat.count + by })
}

graph! {
    Main(Chat) {
        nodes { count { by: 1 } }
        start count;
        count -> pause;
    }
}

fn main() {}
