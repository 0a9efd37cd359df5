//! Panics in destructors of user types that a run drops.

use burdock::{
    App, Context, Failure, Outcome, Position, Retry, RunErrorKind,
    log::{Log as _, MemoryLog, Offset, SessionId},
    prelude::*,
};
use burdock_tests::{
    clock::Clock,
    faulty::{Fate, FaultyLog},
    stalled::UntilStalled,
};
use serde::{Deserialize, Serialize};
use std::{
    cell::Cell, error::Error, fmt, future::pending, panic::resume_unwind, thread, time::Duration,
};

thread_local! {
    /// The number of destructors that panicked. Each test has its own thread.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Panics when it is dropped while armed, unless the thread panics already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Bomb {
    armed: bool,
}

impl Bomb {
    fn armed() -> Self {
        Self { armed: true }
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.armed && !thread::panicking() {
            PANICS.set(PANICS.get() + 1);
            // unlike `panic!`, this prints nothing
            resume_unwind(Box::new("a destructor"));
        }
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Crate {
    first: Bomb,
    second: u32,
    third: Bomb,
    never: Slot<u32>,
    done: Vector<String>,
}

#[derive(Debug)]
struct Explosive(#[expect(dead_code, reason = "dropped with its owner")] Bomb);

impl fmt::Display for Explosive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("explosive")
    }
}

impl Error for Explosive {}

/// The behavior of the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Act {
    Return,
    /// Waits with a bomb among its locals.
    Hang,
    /// Yields three bombs, and then returns.
    Yield,
    /// Returns writes that are bombs, after which the transition fails if `never` is unset.
    Write,
    /// Returns an error that is a bomb.
    Fail,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    act: Act,
    bomb: Bomb,
}

fn order(act: Act) -> HandlingInputs {
    HandlingInputs { order: Order { act, bomb: Bomb::default() } }
}

#[streaming_action(
    state = Crate,
    reads(second, done),
    writes(first, second, third, done),
    yields(Bomb)
)]
async fn handle(
    goods: Reads<'_>,
    #[input] order: &Order,
    #[context] cx: &Context,
) -> Result<Writes> {
    // a second attempt, or one after a resume, only returns
    let act = if cx.attempt() == 1 && *goods.second == 0 { order.act } else { Act::Return };
    let mut bomb = Bomb { armed: act == Act::Hang };
    match act {
        Act::Hang => pending().await,
        Act::Yield => {
            for _ in 0..3 {
                yield_!(Bomb::armed());
            }
        }
        Act::Fail => return Err(Explosive(Bomb::armed()).into()),
        Act::Return | Act::Write => {}
    }
    bomb.armed = false;
    let mut done = goods.done.clone();
    done.push_back("handled".into());
    let armed = act == Act::Write;
    Ok(Writes { first: Bomb { armed }, second: 7, third: Bomb { armed }, done })
}

#[action(state = Crate, reads(done), writes(done))]
async fn report(goods: Reads<'_>, #[error] failure: &Failure) -> Result<Writes> {
    let mut done = goods.done.clone();
    done.push_back(failure.to_string());
    Ok(Writes { done })
}

#[action(state = Crate, writes(never))]
async fn set() -> Result<Writes> {
    Ok(Writes { never: 1 })
}

graph! {
    Handling(Crate) {
        inputs { order: Order }
        yields Bomb;
        nodes {
            set,
            #[timeout(Duration::from_secs(1))]
            handle,
            #[timeout(Duration::from_secs(1))]
            #[retry(Retry::times(1).first(Duration::from_secs(1)))]
            again: handle,
            report,
        }
        start set;
        set -> if state.second == 99 { again } else { handle };
        // a state that a test creates may lack the slot
        handle | again -> if state.never > 0 { pause set } else { end };
        report -> pause set;
        on error handle | again -> report;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    InMemory,
    Logged,
}

impl Storage {
    /// The number of extra drops of a value, because a log reads back each value before it is appended.
    fn read_back(self) -> usize {
        usize::from(self == Self::Logged)
    }
}

struct Bench {
    app: App<Handling>,
    log: Option<FaultyLog>,
    clock: Clock,
}

async fn bench(storage: Storage, at: HandlingNode, state: Crate) -> Bench {
    let clock = Clock::default();
    let app = Handling::app().id("s").state(state).at(Position::Rest(at));
    let app = app.runtime(clock.clone());
    let log = (storage == Storage::Logged).then(|| FaultyLog::new(MemoryLog::new()));
    let app = match &log {
        Some(log) => app.log(log.clone()),
        None => app,
    };
    Bench { app: app.build().await.unwrap(), log, clock }
}

fn ready() -> Crate {
    Crate { never: 1.into(), ..Crate::default() }
}

impl Bench {
    /// Asserts the kind of the last entry, if there is a log.
    async fn ends_with(&self, kind: &str, case: &str) {
        let Some(log) = &self.log else { return };
        let id = SessionId::new("s").unwrap();
        let records = log.read(&id, Offset::ZERO, 1000).await.unwrap();
        let last = records.last().unwrap().entry(&id).unwrap();
        assert_eq!(last.kind.name(), kind, "{case}");
    }

    fn done(&self) -> Vec<String> {
        self.app.state().done.iter().cloned().collect()
    }
}

/// The end of an attempt whose locals panic when they are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Timeout,
    Retry,
    Cancel,
    Drop,
}

#[tokio::test]
async fn panicking_locals_do_not_change_how_an_attempt_ends() {
    use Ending::{Cancel, Drop, Retry, Timeout};
    for storage in [Storage::InMemory, Storage::Logged] {
        for ending in [Timeout, Retry, Cancel, Drop] {
            let case = format!("{storage:?}, {ending:?}");
            let at = if ending == Retry { HandlingNode::again } else { HandlingNode::handle };
            let mut bench = bench(storage, at, ready()).await;
            let (clock, panics) = (bench.clock.clone(), PANICS.get());
            let grace = Duration::from_millis(500);
            let mut run = bench.app.run(order(Act::Hang)).grace_period(grace);
            assert!(run.finish().until_stalled().is_none(), "{case}");
            match ending {
                Timeout | Retry => {
                    let mut end = None;
                    for _ in 0..2 {
                        clock.advance(Duration::from_secs(1));
                        end = run.finish().until_stalled().map(|end| end.unwrap().outcome());
                    }
                    assert_eq!(end, Some(Outcome::Paused(HandlingNode::set)), "{case}");
                }
                Cancel => {
                    run.stopper().stop();
                    assert!(run.finish().until_stalled().is_none(), "{case}");
                    clock.advance(grace);
                    let error = run.finish().until_stalled().unwrap().unwrap_err();
                    assert!(
                        matches!(error.kind(), RunErrorKind::Cancelled { .. }),
                        "{case}: {error}"
                    );
                }
                Drop => {}
            }
            drop(run);
            assert_eq!(PANICS.get(), panics + 1, "{case}");
            let (done, last) = match ending {
                Timeout => (vec!["node `handle` timed out after 1s"], "run_paused"),
                Retry => (vec!["handled"], "run_paused"),
                Cancel | Drop => (vec![], "run_cancelled"),
            };
            assert_eq!(bench.done(), done, "{case}");
            bench.ends_with(last, &case).await;
            if done.is_empty() {
                assert_eq!(bench.app.state(), &ready(), "{case}");
                assert_eq!(bench.app.position(), Position::Unfinished(at), "{case}");
                bench.app.restart(order(Act::Return)).await.unwrap();
            } else {
                assert_eq!(bench.app.position(), Position::Rest(HandlingNode::set), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_panicking_destructor_of_an_unread_item_does_not_fail_the_run() {
    for storage in [Storage::InMemory, Storage::Logged] {
        for reader in ["finish", "await", "only", "step"] {
            let case = format!("{storage:?}, {reader}");
            let mut bench = bench(storage, HandlingNode::handle, ready()).await;
            let panics = PANICS.get();
            let mut run = bench.app.run(order(Act::Yield));
            let outcome = match reader {
                "finish" => {
                    let outcome = run.finish().await.unwrap().outcome();
                    drop(run);
                    outcome
                }
                "await" => run.await.unwrap().outcome(),
                "only" => {
                    let mut run = run.only(HandlingNode::again);
                    assert!(run.next().await.is_none(), "{case}");
                    run.finish().await.unwrap().outcome()
                }
                _ => {
                    assert!(run.step().await.unwrap().is_some(), "{case}");
                    run.await.unwrap().outcome()
                }
            };
            assert_eq!(outcome, Outcome::Paused(HandlingNode::set), "{case}");
            assert_eq!(PANICS.get(), panics + 3 + 3 * storage.read_back(), "{case}");
            assert_eq!(bench.done(), ["handled"], "{case}");
        }
    }
}

#[tokio::test]
async fn a_panicking_destructor_of_inputs_does_not_fail_the_run() {
    let armed = |act| HandlingInputs { order: Order { act, bomb: Bomb::armed() } };
    for storage in [Storage::InMemory, Storage::Logged] {
        let mut bench = bench(storage, HandlingNode::handle, ready()).await;
        let (panics, read_back) = (PANICS.get(), storage.read_back());
        drop(bench.app.run(armed(Act::Return)));
        assert_eq!(PANICS.get(), panics + 1, "{storage:?}: a run that was never polled");

        let mut run = bench.app.run(armed(Act::Hang));
        assert!(run.finish().until_stalled().is_none());
        drop(run);
        assert_eq!(
            PANICS.get(),
            panics + 2 + read_back,
            "{storage:?}: only the local, because the inputs are kept for a resume"
        );

        let error = bench.app.run(armed(Act::Return)).await.unwrap_err();
        assert!(matches!(error.kind(), RunErrorKind::Unfinished { .. }), "{storage:?}: {error}");
        assert_eq!(PANICS.get(), panics + 3 + read_back, "{storage:?}: a run that did not start");

        bench.app.restart(armed(Act::Return)).await.unwrap();
        assert_eq!(
            PANICS.get(),
            panics + 5 + 2 * read_back,
            "{storage:?}: the earlier inputs, and then its own"
        );
        assert_eq!(bench.done(), ["handled"], "{storage:?}");
    }
}

#[tokio::test]
async fn a_panicking_destructor_of_an_error_does_not_revert_the_commit_that_handled_it() {
    for storage in [Storage::InMemory, Storage::Logged] {
        for (at, done) in [
            (HandlingNode::handle, "node `handle` failed"),
            // its error is dropped before the second attempt
            (HandlingNode::again, "handled"),
        ] {
            let case = format!("{storage:?}, {at}");
            let mut bench = bench(storage, at, ready()).await;
            let (clock, panics) = (bench.clock.clone(), PANICS.get());
            let mut run = bench.app.run(order(Act::Fail));
            let _ = run.finish().until_stalled();
            clock.advance(Duration::from_secs(1));
            let outcome = run.finish().until_stalled().unwrap().unwrap().outcome();
            assert_eq!(outcome, Outcome::Paused(HandlingNode::set), "{case}");
            drop(run);
            assert_eq!(PANICS.get(), panics + 1, "{case}");
            assert_eq!(bench.done(), [done], "{case}");
            bench.ends_with("run_paused", &case).await;
        }
    }
}

#[tokio::test]
async fn a_candidate_is_reverted_completely() {
    for storage in [Storage::InMemory, Storage::Logged] {
        let mut bench = bench(storage, HandlingNode::handle, Crate::default()).await;
        let panics = PANICS.get();
        let end = bench.app.run(order(Act::Write)).await.unwrap();
        assert_eq!(end.last(), Some(HandlingNode::report), "{storage:?}");
        assert!(PANICS.get() > panics, "{storage:?}");
        let text = "node `handle` reads the slot `never`, which has no value in this state";
        let expected = Crate { done: [text.to_owned()].into(), ..Crate::default() };
        assert_eq!(bench.app.state(), &expected, "{storage:?}");
    }
}

#[tokio::test]
async fn dropping_a_run_reverts_all_writes_that_wait_for_the_log() {
    let mut bench = bench(Storage::Logged, HandlingNode::handle, ready()).await;
    let panics = PANICS.get();
    let mut run = bench.app.run(order(Act::Write));
    let log = bench.log.as_ref().unwrap();
    log.fates([Fate::Stored, Fate::Held]);
    assert!(run.finish().until_stalled().is_none());
    assert_eq!(log.held(), 1);
    drop(run);
    assert!(PANICS.get() > panics);
    assert_eq!(bench.app.state(), &ready());
    assert_eq!(bench.app.position(), Position::Unfinished(HandlingNode::handle));
}
