//! Interleavings of a consumer, a stopper and the thread of a blocking action.
//!
//! Runs only under `--cfg shuttle`, with which burdock uses the locks and atomics of shuttle:
//! `cargo xtask shuttle`.
#![cfg(shuttle)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use burdock::{
    ActionError, Outcome, Position, RunErrorKind, log::MemoryLog, prelude::*, runtime::Sleep,
};
use serde::{Deserialize, Serialize};
use shuttle::{
    Config, Runner,
    future::block_on,
    scheduler::{PctScheduler, RandomScheduler},
    thread,
};
use std::{
    future::{pending, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

const ROUNDS: usize = 2_000;

/// A runtime with the threads of shuttle, in which time does not advance.
struct Interleaved;

impl burdock::Runtime for Interleaved {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(pending())
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        thread::spawn(job);
    }

    fn random(&self) -> u64 {
        7
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Count {
    pub shown: u64,
    pub stopped: bool,
}

/// Yields three numbers from a thread, or fewer after a stop.
#[streaming_action(state = Count, writes(shown, stopped), yields(u64), blocking)]
fn on_a_thread() -> Result<Writes> {
    for number in 1..=3 {
        if yield_!(number).is_stop() {
            return Ok(Writes { shown: number, stopped: true });
        }
    }
    Ok(Writes { shown: 3, stopped: false })
}

/// Yields a number and waits for a stop.
#[streaming_action(state = Count, writes(shown, stopped), yields(u64))]
async fn until_stopped(#[context] cx: &burdock::Context) -> Result<Writes> {
    yield_!(1);
    cx.stopped().await;
    yield_!(2);
    Ok(Writes { shown: 2, stopped: true })
}

/// Makes two calls on a thread.
#[action(state = Count, writes(shown), blocking)]
fn calls_on_a_thread(#[context] cx: &burdock::Context) -> Result<Writes> {
    let call = |number: u64| {
        block_on(cx.once(number.to_string(), async move { Ok::<_, ActionError>(number) }))
    };
    Ok(Writes { shown: call(1)? + call(2)? })
}

/// Waits for a stop with two futures, after others were polled and dropped.
#[streaming_action(state = Count, writes(shown, stopped), yields(u64))]
async fn until_both_are_stopped(#[context] cx: &burdock::Context) -> Result<Writes> {
    let mut first = pin!(cx.stopped());
    for _ in 0..2 {
        let _ = poll_once(first.as_mut()).await;
        let _ = poll_once(pin!(cx.stopped())).await;
    }
    yield_!(1);
    cx.stopped().await;
    first.await;
    Ok(Writes { shown: 1, stopped: true })
}

/// Polls a future once. Returns whether it is ready.
async fn poll_once(mut future: Pin<&mut impl Future<Output = ()>>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}

graph! {
    Crowded(Count) {
        yields u64;
        nodes { until_both_are_stopped }
        start until_both_are_stopped;
        until_both_are_stopped -> end;
    }
}

graph! {
    Calling(Count) {
        nodes { calls_on_a_thread }
        start calls_on_a_thread;
        calls_on_a_thread -> pause;
    }
}

graph! {
    Threaded(Count) {
        yields u64;
        nodes { on_a_thread }
        start on_a_thread;
        on_a_thread -> pause;
    }
}

graph! {
    Waiting(Count) {
        yields u64;
        nodes { until_stopped, again: until_stopped }
        start until_stopped;
        until_stopped -> again;
        again -> end;
    }
}

/// The default stack of 32 KiB is too small for a log, which serializes its entries, and for children.
fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1 << 22;
    config
}

fn explore(test: fn()) {
    let config = config();
    Runner::new(RandomScheduler::new(ROUNDS), config.clone()).run(test);
    Runner::new(PctScheduler::new(3, ROUNDS), config).run(test);
}

#[test]
fn items_from_a_thread_arrive_once_and_in_order() {
    explore(|| {
        block_on(async {
            let mut app = Threaded::app().runtime(Interleaved).build().await.unwrap();
            let mut run = app.run(ThreadedInputs {});
            let mut seen = Vec::new();
            while let Some(item) = run.next().await {
                seen.push(item.unwrap());
            }
            assert_eq!(seen, [1, 2, 3]);
            assert_eq!(run.finish().await.unwrap().state().shown, 3);
            drop(run);
            app.close().await.unwrap();
        });
    });
}

#[test]
fn a_stop_at_any_moment_keeps_exactly_what_was_shown() {
    explore(|| {
        block_on(async {
            let mut app = Threaded::app().runtime(Interleaved).build().await.unwrap();
            let mut run = app.run(ThreadedInputs {});
            let stopper = run.stopper();
            let stopping = thread::spawn(move || stopper.stop());
            let mut seen = 0;
            while let Some(item) = run.next().await {
                seen = item.unwrap();
            }
            let end = run.finish().await.unwrap();
            let state = end.state().clone();
            match end.outcome() {
                Outcome::Paused(_) => assert_eq!(state.shown, seen),
                Outcome::Stopped(_) => assert_eq!((seen, state), (0, Count::default())),
                other => panic!("{other:?}"),
            }
            drop(run);
            stopping.join().unwrap();
            app.close().await.unwrap();
        });
    });
}

#[test]
fn dropping_a_run_between_items_keeps_the_last_commit_and_ends_its_thread() {
    for taken in 0..3 {
        let test = move || {
            block_on(async {
                let mut app = Threaded::app().runtime(Interleaved).build().await.unwrap();
                let mut run = app.run(ThreadedInputs {});
                for expected in 1..=taken {
                    assert_eq!(run.next().await.unwrap().unwrap(), expected);
                }
                drop(run);
                assert_eq!(*app.state(), Count::default());
                if taken > 0 {
                    assert!(matches!(app.position(), Position::Unfinished(_)));
                    let refused = app.run(ThreadedInputs {}).await.unwrap_err();
                    assert!(matches!(refused.kind(), RunErrorKind::Unfinished { .. }));
                    assert_eq!(app.resume().await.unwrap().state().shown, 3);
                }
                app.close().await.unwrap();
            });
        };
        Runner::new(RandomScheduler::new(ROUNDS), config()).run(test);
    }
}

#[test]
fn calls_of_a_thread_return() {
    explore(|| {
        block_on(async {
            let app = Calling::app().runtime(Interleaved).log(MemoryLog::new());
            let mut app = app.build().await.unwrap();
            assert_eq!(app.run(CallingInputs {}).await.unwrap().state().shown, 3);
            app.close().await.unwrap();
        });
    });
}

#[test]
fn a_call_of_a_thread_returns_although_its_run_is_dropped() {
    explore(|| {
        block_on(async {
            let app = Calling::app().runtime(Interleaved).log(MemoryLog::new());
            let mut app = app.build().await.unwrap();
            {
                let mut run = app.run(CallingInputs {}).into_future();
                for _ in 0..3 {
                    let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut run).poll(cx).is_ready()));
                    if polled.await {
                        break;
                    }
                    thread::yield_now();
                }
            }
            if let Position::Unfinished(_) = app.position() {
                app.resume().await.unwrap();
            }
            // waits for the threads
            app.close().await.unwrap();
        });
    });
}

#[test]
fn without_a_log_a_call_of_a_thread_returns_although_its_run_is_dropped() {
    explore(|| {
        block_on(async {
            let mut app = Calling::app().runtime(Interleaved).build().await.unwrap();
            {
                let mut run = app.run(CallingInputs {}).into_future();
                let _ = poll_fn(|cx| Poll::Ready(Pin::new(&mut run).poll(cx).is_ready())).await;
                thread::yield_now();
            }
            if let Position::Unfinished(_) = app.position() {
                assert_eq!(app.resume().await.unwrap().state().shown, 3);
            }
            // waits for the threads
            app.close().await.unwrap();
        });
    });
}

/// Runs two children, each of which yields from a thread of its own.
#[action(state = Count, writes(shown))]
async fn children_on_threads(#[graph] threaded: Sub<'_, Threaded>) -> Result<Writes> {
    let mut runs = threaded.each(["a", "b"].map(|key| (key, ThreadedInputs {})));
    let mut items = 0;
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { .. } = event? {
            items += 1;
        }
    }
    let shown: u64 = runs.ends().map(|(_, end)| end.state().shown).sum();
    Ok(Writes { shown: shown * 10 + items })
}

graph! {
    Parent(Count) {
        nodes { children_on_threads }
        start children_on_threads;
        children_on_threads -> end;
    }
}

#[test]
fn children_on_threads_wake_their_parent() {
    explore(|| {
        block_on(async {
            let mut app = Parent::app().runtime(Interleaved).build().await.unwrap();
            assert_eq!(app.run(ParentInputs {}).await.unwrap().state().shown, 66);
            app.close().await.unwrap();
        });
    });
}

#[test]
fn a_stop_of_a_parent_reaches_children_on_threads() {
    explore(|| {
        block_on(async {
            let mut app = Parent::app().runtime(Interleaved).build().await.unwrap();
            let mut run = app.run(ParentInputs {});
            let stopper = run.stopper();
            let stopping = thread::spawn(move || stopper.stop());
            let result = run.finish().await.map(|end| end.outcome());
            assert!(
                matches!(&result, Ok(Outcome::Ended | Outcome::Stopped(_)))
                    || matches!(&result, Err(error) if matches!(error.kind(), RunErrorKind::Cancelled { .. })),
                "{result:?}"
            );
            drop(run);
            stopping.join().unwrap();
            app.close().await.unwrap();
        });
    });
}

#[test]
fn a_stop_wakes_a_waiting_run() {
    explore(|| {
        block_on(async {
            let mut app = Waiting::app().runtime(Interleaved).build().await.unwrap();
            let mut run = app.run(WaitingInputs {});
            let stopper = run.stopper();
            let stopping = thread::spawn(move || stopper.stop());
            let mut seen = Vec::new();
            while let Some(item) = run.next().await {
                seen.push(item.unwrap());
            }
            let outcome = run.finish().await.unwrap().outcome();
            match outcome {
                Outcome::Stopped(WaitingNode::until_stopped) => assert!(seen.is_empty()),
                Outcome::Stopped(WaitingNode::again) => assert_eq!(seen, [1, 2]),
                other => panic!("{other:?}"),
            }
            drop(run);
            stopping.join().unwrap();
        });
    });
}

#[test]
fn a_stop_wakes_all_futures_that_wait_for_it() {
    explore(|| {
        block_on(async {
            let mut app = Crowded::app().runtime(Interleaved).build().await.unwrap();
            let mut run = app.run(CrowdedInputs {});
            let stopper = run.stopper();
            let stopping = thread::spawn(move || stopper.stop());
            let outcome = run.finish().await.unwrap().outcome();
            assert!(matches!(outcome, Outcome::Ended | Outcome::Stopped(_)), "{outcome:?}");
            drop(run);
            stopping.join().unwrap();
        });
    });
}

#[test]
fn a_stopper_of_an_earlier_run_has_no_effect() {
    explore(|| {
        block_on(async {
            let mut app = Threaded::app().runtime(Interleaved).build().await.unwrap();
            let first = app.run(ThreadedInputs {});
            let stopper = first.stopper();
            assert_eq!(first.await.unwrap().state().shown, 3);
            let stopping = thread::spawn(move || stopper.stop());
            let end = app.run(ThreadedInputs {}).await.unwrap();
            assert!(!end.state().stopped);
            stopping.join().unwrap();
        });
    });
}
