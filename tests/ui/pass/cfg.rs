//! `cfg` on a graph or an action applies to all of its items.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[cfg(any())]
#[action(state = Chat, reads(lost), writes(count))]
async fn gone(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: lost })
}

#[action(state = Chat, writes(count))]
#[cfg(any())]
async fn gone(text: Lost) -> Result<Writes> {
    Ok(Writes { count: 0 })
}

#[action(state = Chat, writes(count))]
#[cfg(not(any()))]
async fn there() -> Result<Writes> {
    Ok(Writes { count: 0 })
}

graph! {
    #[cfg(any())]
    Gone(Chat) {
        nodes { gone }
        start gone;
        gone -> end;
    }
}

graph! {
    #[cfg(not(any()))]
    There(Chat) {
        nodes { there }
        start there;
        there -> end;
    }
}

struct Gone;

#[test]
fn it_runs() {
    let _ = (There::app(), Gone);
}
