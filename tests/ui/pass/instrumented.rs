//! Other attributes can be above or below: `#[tracing::instrument]` moves the body into an `async` block.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Opaque;

#[tracing::instrument]
#[action(state = Chat, reads(count), writes(prompt))]
async fn above(chat: Reads<'_>, #[input] text: String) -> Result<Writes> {
    let _ = chat;
    Ok(Writes { prompt: text })
}

#[tracing::instrument(ret)]
#[streaming_action(state = Chat, reads(count), writes(prompt), yields(u32))]
async fn above_streaming(
    chat: Reads<'_>,
    #[input] text: &String,
    #[context] cx: &burdock::Context,
) -> Result<Writes> {
    for number in 0..*chat.count {
        if yield_!(number).is_stop() || cx.is_stopped() {
            return Err("stopped".into());
        }
    }
    yield_!(3);
    Ok(Writes { prompt: text.clone() })
}

#[tracing::instrument(skip_all, err, ret)]
#[streaming_action(state = Chat, reads(prompt), yields(u32))]
async fn above_with_errors(chat: Reads<'_>, #[resource] opaque: &Opaque) -> Result<Writes> {
    let _ = opaque;
    yield_!(chat.prompt.parse()?);
    Ok(Writes {})
}

#[tracing::instrument]
#[streaming_action(state = Chat, reads(count), yields(u32), blocking)]
fn above_on_a_thread(chat: Reads<'_>) -> Result<Writes> {
    yield_!(*chat.count);
    Ok(Writes {})
}

#[action(state = Chat, reads(prompt), writes(count))]
#[tracing::instrument(err)]
async fn below(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.prompt.parse()? })
}

#[streaming_action(state = Chat, reads(count), yields(u32))]
#[tracing::instrument(ret, err)]
async fn below_streaming(chat: Reads<'_>) -> Result<Writes> {
    yield_!(*chat.count);
    Ok(Writes {})
}

#[streaming_action(state = Chat, reads(count), yields(u32), blocking)]
#[tracing::instrument(ret, err)]
fn below_on_a_thread(chat: Reads<'_>) -> Result<Writes> {
    yield_!(*chat.count);
    Ok(Writes {})
}

graph! {
    Main(Chat) {
        inputs { text: String }
        resources { opaque: Opaque }
        yields u32;
        nodes { above, above_streaming, above_with_errors, above_on_a_thread, below, below_streaming, below_on_a_thread }
        start above;
        above -> above_streaming;
        above_streaming -> above_with_errors;
        above_with_errors -> above_on_a_thread;
        above_on_a_thread -> below;
        below -> below_streaming;
        below_streaming -> below_on_a_thread;
        below_on_a_thread -> pause above;
    }
}

#[test]
fn it_runs() {
    let chat = Chat { count: 2, ..Chat::default() };
    let (items, writes) = futures::executor::block_on(async {
        above_streaming::test(&chat).input("text", "hello".to_owned()).await
    });
    assert_eq!(items, [0, 1, 3]);
    assert_eq!(writes.unwrap().prompt, "hello");
}
