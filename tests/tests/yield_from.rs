//! `yield_from!`: streams, and iterators of blocking actions.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{Flow, Outcome, prelude::*, stream::Yielder};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub stopped: bool,
    pub error: Slot<String>,
}

/// Counts the streams that are alive.
#[derive(Clone, Debug, Default)]
pub struct Alive(Arc<AtomicUsize>);

struct Guard(Alive);

impl Alive {
    fn guard(&self) -> Guard {
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(self.clone())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Yields three numbers, and then waits without an end.
#[streaming_action(state = Seen, writes(stopped), yields(u32))]
async fn count(#[resource] alive: &Alive) -> Result<Writes> {
    let guard = alive.guard();
    let numbers = stream::iter([1, 2, 3]).chain(stream::pending()).inspect(move |_| {
        let _ = &guard;
    });
    let flow = yield_from!(numbers);
    assert_eq!(alive.0.load(Ordering::SeqCst), 0, "the stream is dropped");
    Ok(Writes { stopped: flow == Flow::Stop })
}

/// Parses numbers, up to the first that is not one.
#[streaming_action(state = Seen, writes(stopped, error?), yields(u32))]
async fn parse(#[input] text: &String) -> Result<Writes> {
    let numbers = stream::iter(text.split(' ')).map(str::parse::<u32>);
    Ok(match yield_from!(numbers) {
        Ok(flow) => Writes { stopped: flow.is_stop(), error: None },
        Err(error) => Writes { stopped: false, error: Some(error.to_string()) },
    })
}

/// The same with `?`.
#[streaming_action(state = Seen, writes(stopped), yields(u32))]
async fn parse_or_fail(#[input] text: &String) -> Result<Writes> {
    let flow = yield_from!(stream::iter(text.split(' ')).map(str::parse::<u32>))?;
    Ok(Writes { stopped: flow.is_stop() })
}

/// The same on a thread.
#[streaming_action(state = Seen, writes(stopped), yields(u32), blocking)]
fn parse_on_a_thread(#[input] text: &String) -> Result<Writes> {
    let mut flow = yield_from!(text.split(' ').map(str::parse))?;
    if flow == Flow::Continue {
        flow = yield_from!(vec![100, 101]);
    }
    Ok(Writes { stopped: flow.is_stop() })
}

graph! {
    pub Counting(Seen) {
        resources { alive: Alive }
        yields u32;
        nodes { count }
        start count;
        count -> pause;
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[tokio::test]
async fn stop_does_not_wait_for_the_next_item() {
    let alive = Alive::default();
    let resources = CountingResources { alive: alive.clone() };
    let mut app = Counting::app().resources(resources).build().await.unwrap();
    let mut run = app.run(CountingInputs {});
    let stopper = run.stopper();
    for number in 1..=3 {
        assert_eq!(run.next().await.transpose().unwrap(), Some(number));
    }
    let (end, ()) = tokio::join!(run.finish(), async {
        tokio::task::yield_now().await;
        stopper.stop();
    });
    let end = end.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(CountingNode::count));
    assert!(end.state().stopped);
    assert_eq!(alive.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn run_that_is_dropped_drops_the_stream() {
    let alive = Alive::default();
    let resources = CountingResources { alive: alive.clone() };
    let mut app = Counting::app().resources(resources).build().await.unwrap();
    let mut run = app.run(CountingInputs {});
    assert_eq!(run.next().await.transpose().unwrap(), Some(1));
    assert_eq!(alive.0.load(Ordering::SeqCst), 1);
    drop(run);
    assert_eq!(alive.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn test_of_an_action_stops_while_the_stream_waits() {
    let (seen, alive) = (Seen::default(), Alive::default());
    for stop_after in [0, 1, 3] {
        let test = count::test(&seen).resource("alive", alive.clone());
        let (items, writes) = test.stop_after(stop_after).await;
        assert_eq!(items.len(), stop_after);
        assert!(writes.unwrap().stopped);
    }
}

#[tokio::test]
async fn error_in_the_stream_is_the_value_and_ends_it() {
    let seen = Seen::default();
    let (items, writes) = parse::test(&seen).input("text", text("1 2 x 4")).await;
    assert_eq!(items, [1, 2]);
    assert_eq!(writes.unwrap().error.unwrap(), "invalid digit found in string");

    let (items, writes) = parse::test(&seen).input("text", text("1 2")).await;
    let writes = writes.unwrap();
    assert_eq!((items, writes.stopped, writes.error), (vec![1, 2], false, None));

    let (items, writes) = parse_or_fail::test(&seen).input("text", text("1 x")).await;
    assert_eq!(items, [1]);
    assert_eq!(writes.unwrap_err().to_string(), "invalid digit found in string");
}

#[tokio::test]
async fn blocking_action_forwards_iterators() {
    let seen = Seen::default();
    let (items, writes) = parse_on_a_thread::test(&seen).input("text", text("1 2")).await;
    assert_eq!(items, [1, 2, 100, 101]);
    assert!(!writes.unwrap().stopped);

    let test = parse_on_a_thread::test(&seen).input("text", text("1 2")).stop_after(1);
    let (items, writes) = test.await;
    assert_eq!(items, [1]);
    assert!(writes.unwrap().stopped);

    let test = parse_on_a_thread::test(&seen).input("text", text("x")).stop_after(0);
    let (items, writes) = test.await;
    assert!(items.is_empty() && writes.unwrap().stopped, "it stops before the first item");

    let (items, writes) = parse_on_a_thread::test(&seen).input("text", text("1 x")).await;
    assert_eq!(items, [1]);
    assert!(writes.is_err());
}

#[tokio::test]
async fn yielder_without_a_run_forwards_until_the_stream_ends() {
    struct Items(Vec<u32>);

    impl burdock::stream::Emit<u32> for Items {
        fn poll_emit(
            &mut self,
            item: &mut Option<u32>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Flow> {
            self.0.extend(item.take());
            std::task::Poll::Ready(Flow::Continue)
        }
    }

    let mut items = Items(Vec::new());
    assert_eq!(Yielder::new(&mut items).forward(stream::iter([1, 2])).await, Flow::Continue);
    assert_eq!(items.0, [1, 2]);
}
