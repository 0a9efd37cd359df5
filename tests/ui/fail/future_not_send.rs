//! The future of an action is `Send`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn work() -> Result<Writes> { //~ work
    let count = std::rc::Rc::new(3);
    std::future::ready(()).await;
    Ok(Writes { count: *count })
}

fn main() {}
