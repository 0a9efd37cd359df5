//! The programs whose sessions are recorded.

use burdock::{
    App, Graph,
    log::{Durability, Log},
    prelude::*,
};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};
use std::hint::black_box;

/// The length of a message of the chats.
const MESSAGE: usize = 200;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    pub count: u64,
    /// The number of steps after which a run pauses.
    pub each: u64,
}

#[action(state = Counter, reads(count), writes(count))]
async fn count(counter: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: black_box(counter.count + 1) })
}

graph! {
    pub Counting(Counter) {
        nodes { count }
        start count;
        count -> if state.count % state.each != 0 { count } else { pause count };
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
    pub messages: Vector<String>,
}

/// Keeps every message.
#[action(state = Chat, reads(messages), writes(messages))]
async fn say(chat: Reads<'_>) -> Result<Writes> {
    let mut messages = chat.messages.clone();
    messages.push_back("x".repeat(black_box(MESSAGE)));
    Ok(Writes { messages })
}

graph! {
    /// A run of a thousand steps.
    pub Talking(Chat) {
        nodes { say }
        start say;
        say -> if state.messages.len() % 1_000 != 0 { say } else { pause say };
    }
}

/// Keeps at least the last hundred messages: at two hundred it removes the older half.
#[action(state = Chat, reads(count, messages), writes(count, messages))]
async fn remember(chat: Reads<'_>) -> Result<Writes> {
    let messages = chat.messages;
    let mut messages = match messages.len() {
        200.. => messages.iter().skip(100).cloned().collect(),
        _ => messages.clone(),
    };
    messages.push_back("x".repeat(black_box(MESSAGE)));
    Ok(Writes { count: chat.count + 1, messages })
}

graph! {
    pub Remembering(Chat) {
        nodes { remember }
        start remember;
        remember -> if state.count % 1_000 != 0 { remember } else { pause remember };
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Numbers {
    pub last: u64,
}

#[streaming_action(state = Numbers, reads(last), writes(last), yields(String))]
async fn list(numbers: Reads<'_>) -> Result<Writes> {
    for number in 0..*numbers.last {
        if yield_!(format!("word {number}")).is_stop() {
            break;
        }
    }
    Ok(Writes { last: *numbers.last })
}

graph! {
    pub Listing(Numbers) {
        yields String;
        nodes { list }
        start list;
        list -> pause list;
    }
}

pub fn counting(log: impl Log, durability: Durability, each: u64) -> App<Counting> {
    let app = Counting::app().id("counter").state(Counter { count: 0, each });
    block_on(app.log(log).durability(durability).build()).unwrap()
}

pub fn talking(log: impl Log) -> App<Talking> {
    block_on(Talking::app().id("chat").log(log).build()).unwrap()
}

pub fn remembering(log: impl Log) -> App<Remembering> {
    block_on(Remembering::app().id("window").log(log).build()).unwrap()
}

pub fn listing(log: impl Log, durability: Durability, last: u64) -> App<Listing> {
    let app = Listing::app().id("list").state(Numbers { last });
    block_on(app.log(log).durability(durability).build()).unwrap()
}

/// Runs to the next pause.
pub fn run<G: Graph>(app: &mut App<G>, inputs: G::Inputs) {
    block_on(app.run(inputs).into_future()).unwrap();
}

/// Waits until everything is durable.
pub fn close<G: Graph>(app: App<G>) {
    block_on(app.close()).unwrap();
}
