//! A state, an action that follows a script, and graphs that use both.

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
    /// The nodes that were committed, separated by spaces.
    pub fn nodes(&self) -> String {
        let nodes: Vec<&str> = self.done.iter().map(String::as_str).collect();
        nodes.join(" ")
    }
}

/// One instruction of a script. After the last one, the action commits the name of its node.
#[derive(Clone)]
pub enum Do {
    /// Yields an item, and ignores a stop.
    Yield(u32),
    /// Yields an item, and commits if the run was stopped.
    YieldUnlessStopped(u32),
    /// Yields the same item forever, and ignores a stop.
    YieldForever(u32),
    Fail(&'static str),
    FailTerminally(&'static str),
    Panic(&'static str),
    /// Waits until the test notifies it.
    Wait(Arc<Notify>),
    /// Waits for a stop.
    AwaitStop,
    Hang,
    /// Waits for a stop, then abandons the step.
    Abandon,
    /// Abandons the step, but continues.
    AbandonAndReturn,
    Sleep(Duration),
    /// Makes a call with this key, whose result is the length of the key.
    Call(&'static str),
}

type Calls = BTreeMap<&'static str, VecDeque<Vec<Do>>>;

/// The instructions for each call of a node, in order. Calls beyond these only commit.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Calls>>);

impl Script {
    #[must_use]
    pub fn on(self, node: &'static str, acts: impl Into<Vec<Do>>) -> Self {
        self.0.lock().unwrap().entry(node).or_default().push_back(acts.into());
        self
    }

    /// Takes the instructions for the next call of a node.
    pub fn next(&self, node: &str) -> Vec<Do> {
        let mut calls = self.0.lock().unwrap();
        calls.get_mut(node).and_then(VecDeque::pop_front).unwrap_or_default()
    }
}

/// Records when the future that owns it is dropped.
struct Dropped(Arc<Mutex<Vec<String>>>, String);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(std::mem::take(&mut self.1));
    }
}

/// The nodes whose actions finished or were dropped.
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
            Do::YieldForever(item) => loop {
                yield_!(item);
            },
            Do::Fail(text) => return Err(ActionError::msg(text)),
            Do::FailTerminally(text) => return Err(ActionError::msg(text).terminal()),
            Do::Panic(text) => std::panic::panic_any(text),
            Do::Wait(notify) => notify.notified().await,
            Do::AwaitStop => cx.stopped().await,
            Do::Hang => pending().await,
            Do::Abandon => match cx.abandon().await {},
            Do::AbandonAndReturn => {
                let _ = futures::poll!(std::pin::pin!(cx.abandon()));
            }
            Do::Sleep(duration) => cx.sleep(duration).await,
            Do::Call(key) => {
                cx.once(key, async { Ok::<_, ActionError>(key.len()) }).await?;
            }
        }
    }
    let mut done = log.done.clone();
    done.push_back(cx.node().to_owned());
    Ok(Writes { done })
}

/// Records the failure that it received.
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
    /// A node with retries, one with a timeout of a second, and an error edge.
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

/// Records every event that its observer receives.
#[derive(Clone, Default)]
pub struct EventRecorder(Arc<Mutex<Vec<String>>>);

impl EventRecorder {
    pub fn observer<G: Graph>(&self) -> impl FnMut(&Event<G>) + Send + Sync + use<G> {
        let events = Arc::clone(&self.0);
        move |event: &Event<G>| events.lock().unwrap().push(format!("{event:?}"))
    }

    /// Takes the events since the last call, one per line.
    pub fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("\n")
    }

    pub fn count(&self, part: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|event| event.contains(part)).count()
    }
}
