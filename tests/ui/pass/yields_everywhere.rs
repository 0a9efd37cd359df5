//! `yield_!` works in statements, in expressions and inside macro calls.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[derive(Debug)]
pub enum Item {
    Text(String),
    Number(u32),
}

impl From<u32> for Item {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<&'static str> for Item {
    fn from(text: &'static str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[streaming_action(state = Chat, reads(count), yields(u32))]
async fn everywhere(chat: Reads<'_>) -> Result<Writes> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<u32>(1);
    sender.send(3).await?;
    drop(sender);
    loop {
        tokio::select! {
            biased;
            Some(number) = receiver.recv() => {
                if yield_!(number).is_stop() {
                    break;
                }
            }
            else => break,
        }
    }
    let flow = yield_!(chat.count + 1);
    let _ = match yield_!(1) {
        burdock::Flow::Continue => vec![yield_!(2), yield_!({ 3 })],
        burdock::Flow::Stop => vec![flow],
    };
    for number in [1, 2] {
        yield_!(number);
    }
    assert!(!yield_!(4).is_stop(), "{:?}", yield_!(5));
    yield_!(yield_!(6).is_stop() as u32);
    yield_!(7,);
    yield_![8];
    yield_! { 9 };
    yield_! { 9 }
    #[cfg(any())]
    yield_!(no_such_name);
    #[cfg(not(any()))]
    #[allow(clippy::identity_op)]
    yield_!(10 + 0);
    yield_from!(futures::stream::iter([11, 12]));
    yield_from!(futures::stream::iter([Ok::<_, std::num::ParseIntError>(13)]),)?;
    yield_from! { futures::stream::iter([yield_!(14).is_stop() as u32]) }
    assert!(
        !yield_from!(futures::stream::empty::<u32>()).is_stop(),
        "{:?}",
        yield_from![futures::stream::iter([15])]
    );
    tokio::select! {
        biased;
        () = std::future::ready(()) => { yield_from!(futures::stream::iter([16])); }
    }
    #[cfg(any())]
    yield_from!(no_such_name);
    let nested = |number: u32| number + 1;
    let later = async { nested(3) };
    yield_!(later.await);
    Ok(Writes {})
}

#[streaming_action(state = Chat, reads(count), yields(&'static str), blocking)]
fn on_a_thread(chat: Reads<'_>) -> Result<Writes> {
    for _ in 0..*chat.count {
        if yield_!("item").is_stop() {
            return Ok(Writes {});
        }
    }
    yield_!("comma",);
    yield_from!(["one", "two"]);
    if yield_from!(["three"].iter().copied().map(Ok::<_, std::fmt::Error>))?.is_stop() {
        return Ok(Writes {});
    }
    let _ = yield_!("first") == burdock::Flow::Stop || yield_!("second").is_stop();
    std::convert::identity(vec![yield_!("last",)]);
    Ok(Writes {})
}

#[streaming_action(state = Chat, yields(Box<dyn Fn() -> u32 + Send>))]
async fn coerced() -> Result<Writes> {
    yield_!(Box::new(|| 3));
    Ok(Writes {})
}

impl From<Box<dyn Fn() -> u32 + Send>> for Item {
    fn from(function: Box<dyn Fn() -> u32 + Send>) -> Self {
        Self::Number(function())
    }
}

graph! {
    Main(Chat) {
        yields Item;
        nodes { everywhere, on_a_thread, coerced }
        start everywhere;
        everywhere -> on_a_thread;
        on_a_thread -> coerced;
        coerced -> pause everywhere;
    }
}
