//! Types with the same name can differ.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

pub mod mine {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    pub struct Text;
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Text;

mod asking {
    use super::{Chat, mine::Text};
    use burdock::prelude::*;

    #[action(state = Chat)]
    pub async fn ask(#[input] count: u32, #[input] text: Text) -> Result<Writes> {
        let _ = (count, text);
        Ok(Writes {})
    }
}

graph! {
    Main(Chat) {
        inputs { count: Option<u32>, text: Text }
        nodes { first: asking::ask } //~ asking::ask
        start first;
        first -> pause first;
    }
}

fn main() {}
