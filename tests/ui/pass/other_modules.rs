//! Actions by path, private ones in a public graph, fields as private as their module.

use burdock::prelude::*;

pub mod memory {
    use burdock::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Chat {
        count: u32,
        pub prompt: Slot<String>,
    }

    #[action(state = Chat, reads(count), writes(count))]
    pub async fn count(chat: Reads<'_>) -> Result<Writes> {
        Ok(Writes { count: chat.count + 1 })
    }

    pub mod deeper {
        use burdock::prelude::*;

        #[action(state = super::Chat, reads(count), writes(prompt))]
        pub(crate) async fn ask(chat: Reads<'_>) -> Result<Writes> {
            Ok(Writes { prompt: chat.count.to_string() })
        }
    }
}

#[action(state = memory::Chat, reads(prompt))]
async fn answer(chat: Reads<'_>) -> Result<Writes> {
    drop(chat.prompt.clone());
    Ok(Writes {})
}

graph! {
    pub Main(crate::other_modules::memory::Chat) {
        nodes { count: memory::count, ask: crate::other_modules::memory::deeper::ask, answer: self::answer }
        start count;
        count -> ask;
        ask -> answer;
        answer -> pause count;
    }
}
