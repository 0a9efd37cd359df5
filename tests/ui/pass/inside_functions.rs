//! Actions and graphs can be inside functions.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[test]
fn it_runs() {
    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    struct Chat {
        count: u32,
    }

    #[action(state = Chat, reads(count), writes(count))]
    async fn count(chat: Reads<'_>) -> Result<Writes> {
        Ok(Writes { count: chat.count + 1 })
    }

    graph! {
        Main(Chat) {
            nodes { count }
            start count;
            count -> if state.count < 3 { count } else { end };
        }
    }

    let _ = Main::app();
    assert_eq!(MainNode::ALL.len(), 1);
}
