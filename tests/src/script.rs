//! A state, an action that does what a script says, and graphs over both.

use burdock::{ActionError, Context, Event, Failure, Graph, Retry, prelude::*};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

/// The nodes that were committed, in order.
#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Log {
    pub done: Vector<String>,
    pub rounds: u32,
}

impl Log {
    /// The nodes that were committed, with blanks between them.
    pub fn nodes(&self) -> String {
        let nodes: Vec<&str> = self.done.iter().map(String::as_str).collect();
        nodes.join(" ")
    }
}

/// One thing that an action does; afterwards it commits its node's name.
#[derive(Clone)]
pub enum Do {
    /// Yields an item, whatever comes back.
    Yield(u32),
    /// Yields an item; after a stop, goes on to the next `AfterStop` or commits.
    YieldUnlessStopped(u32),
    /// Yields the same item for ever, and does not heed a stop.
    YieldForEver(u32),
    Fail(&'static str),
    FailForGood(&'static str),
    Panic(&'static str),
    /// Waits until the test says so.
    Wait(Arc<Notify>),
    /// Waits for a stop.
    AwaitStop,
    Hang,
    /// Waits for a stop, and abandons the step then.
    Abandon,
    /// Abandons the step after a stop, and goes on nevertheless.
    AbandonAndReturn,
    Sleep(Duration),
}

type Calls = BTreeMap<&'static str, VecDeque<Vec<Do>>>;

/// What each call of a node does, in order; calls beyond do nothing but commit.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Calls>>);

impl Script {
    #[must_use]
    pub fn on(self, node: &'static str, acts: impl Into<Vec<Do>>) -> Self {
        self.0.lock().unwrap().entry(node).or_default().push_back(acts.into());
        self
    }

    /// What the next call of a node does.
    pub fn next(&self, node: &str) -> Vec<Do> {
        let mut calls = self.0.lock().unwrap();
        calls.get_mut(node).and_then(VecDeque::pop_front).unwrap_or_default()
    }
}

/// Hears a dropped future.
struct Dropped(Arc<Mutex<Vec<String>>>, String);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(std::mem::take(&mut self.1));
    }
}

/// The nodes whose actions were dropped or came to an end.
#[derive(Clone, Default)]
pub struct Drops(Arc<Mutex<Vec<String>>>);

impl Drops {
    pub fn nodes(&self) -> String {
        self.0.lock().unwrap().join(" ")
    }
}

/// Follows the script.
#[streaming_action(state = Log, reads(done), writes(done), yields(u32))]
pub async fn work(
    log: Reads<'_>,
    #[resource] script: &Script,
    #[resource] drops: &Drops,
    #[context] cx: &Context,
) -> Result<Writes> {
    let _dropped = Dropped(Arc::clone(&drops.0), cx.node().to_owned());
    for act in script.next(cx.node()) {
        match act {
            Do::Yield(item) => {
                yield_!(item);
            }
            Do::YieldUnlessStopped(item) => {
                if yield_!(item).is_stop() {
                    break;
                }
            }
            Do::YieldForEver(item) => loop {
                yield_!(item);
            },
            Do::Fail(text) => return Err(ActionError::msg(text)),
            Do::FailForGood(text) => return Err(ActionError::msg(text).terminal()),
            Do::Panic(text) => std::panic::panic_any(text),
            Do::Wait(notify) => notify.notified().await,
            Do::AwaitStop => cx.stopped().await,
            Do::Hang => pending().await,
            Do::Abandon => match cx.abandon().await {},
            Do::AbandonAndReturn => {
                let _ = futures::poll!(std::pin::pin!(cx.abandon()));
            }
            Do::Sleep(duration) => cx.sleep(duration).await,
        }
    }
    let mut done = log.done.clone();
    done.push_back(cx.node().to_owned());
    Ok(Writes { done })
}

/// Writes down which failure it was given.
#[action(state = Log, reads(done), writes(done))]
pub async fn rescue(log: Reads<'_>, #[error] failure: &Failure) -> Result<Writes> {
    let mut done = log.done.clone();
    done.push_back(format!("rescue({failure}, {} attempts)", failure.attempts()));
    Ok(Writes { done })
}

graph! {
    /// Three nodes in a row.
    pub Line(Log) {
        resources { script: Script, drops: Drops }
        yields u32;
        nodes { first: work, second: work, third: work }
        start first;
        first -> second;
        second -> third;
        third -> pause first;
    }
}

graph! {
    /// A node that is tried again, one that may take a second, and a way out.
    pub Careful(Log) {
        resources { script: Script, drops: Drops }
        yields u64;
        nodes {
            #[retry(Retry::times(2).first(Duration::from_secs(10)))]
            first: work,
            #[timeout(Duration::from_secs(1))]
            second: work,
            rescue,
            third: work,
        }
        start first;
        first -> second;
        second -> end;
        rescue | third -> pause first;
        on error first -> if state.rounds == 0 { rescue } else { third };
        on error third -> end;
    }
}

/// Everything that observers were told.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    pub fn observer<G: Graph>(&self) -> impl FnMut(&Event<G>) + Send + Sync + use<G> {
        let heard = Arc::clone(&self.0);
        move |event: &Event<G>| heard.lock().unwrap().push(format!("{event:?}"))
    }

    /// What was heard since the last call, one event a line.
    pub fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("\n")
    }

    pub fn count(&self, part: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|event| event.contains(part)).count()
    }
}
