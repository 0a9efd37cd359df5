//! Local variables can have the names of actions, fields, inputs and nodes, and those that the expansion uses.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count, prompt), writes(count, prompt))]
async fn ask(
    state: Reads<'_>,
    #[input] input: String,
    #[resource] params: &u32,
    call: u32,
) -> Result<Writes> {
    let count = *state.count;
    let prompt = state.prompt.clone();
    let ask = input;
    let reads = call + params;
    let (args, context, item, node, step) = (1, 2, 3, 4, 5);
    let text = format!("{prompt}{ask}");
    Ok(Writes { count: count + reads + args + context + item + node + step, prompt: text })
}

#[streaming_action(state = Chat, writes(prompt), yields(u32))]
async fn speak(yielder: u32) -> Result<Writes> {
    let item = 3;
    let speak = yield_!(item + yielder);
    let prompt = format!("{speak:?}");
    Ok(Writes { prompt })
}

graph! {
    Main(Chat) {
        inputs { input: String }
        resources { params: u32 }
        yields u32;
        nodes { call: speak { yielder: 3 }, ask { call: 3 }, count: ask { call: { let params = 3; params } } }
        start call;
        call -> ask;
        ask -> match state.count {
            node if node > 3 => count,
            step => if step < 1 { ask } else { end },
        };
        count -> pause call;
    }
}
