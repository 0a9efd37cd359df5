//! The crate can have another name.

mod framework {
    pub use ::burdock as inner;
}

mod burdock {}

use framework::inner::{Result, Slot, State, action, graph, streaming_action};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[burdock(crate = crate::renamed_crate::framework::inner)]
pub struct Chat {
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt), crate = crate::renamed_crate::framework::inner)]
async fn ask(#[input] text: String, #[resource] number: &u32, more: u32) -> Result<Writes> {
    Ok(Writes { prompt: format!("{text}{number}{more}") })
}

#[streaming_action(state = Chat, reads(prompt), yields(String), crate = crate::renamed_crate::framework::inner)]
async fn speak(chat: Reads<'_>) -> Result<Writes> {
    yield_!(chat.prompt.clone());
    Ok(Writes {})
}

graph! {
    /// Speaks.
    #[burdock(crate = crate::renamed_crate::framework::inner)]
    Main(Chat) {
        inputs { text: String }
        resources { number: u32 }
        yields String;
        nodes {
            #[timeout(std::time::Duration::from_secs(1))]
            ask { more: 3 },
            speak,
        }
        start ask;
        ask -> if state.prompt.is_empty() { end } else { speak };
        speak -> pause ask;
    }
}
