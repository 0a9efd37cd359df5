//! The argument for the failure has another type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Reads<'_>, by: u64) -> Result<Writes> {
    Ok(Writes { count: chat.count + by })
}

#[action(state = Chat)]
async fn report(#[error] failure: &String) -> Result<Writes> { //~ failure
    println!("{failure}");
    Ok(Writes {})
}

graph! {
    Main(Chat) {
        nodes { count { by: 1 }, report }
        start count;
        count -> pause;
        on error count -> report;
        report -> pause;
    }
}

fn main() {}
