//! A run that never waits yields to its executor, so that other tasks, timers and stops make progress.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::manual_async_fn,
    clippy::print_stdout,
    reason = "a test"
)]

use burdock::{
    ActionError, App, Context, Outcome, Position, Retry, Run, RunError, RunErrorKind, Runtime,
    action::{ActionInfo, Attempt, UnsetSlot, Writes},
    prelude::*,
    runtime::TokioRuntime,
    state::set_of,
    stream::Items,
};
use burdock_tests::clock::Clock;
use futures::{
    StreamExt,
    future::{BoxFuture, Either, join, join_all, select},
    stream::FuturesUnordered,
};
use serde::{Deserialize, Serialize};
use std::{
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::runtime::{Builder, Handle};

/// The number of steps or items after which a run fails, because it should have been stopped long before.
const BOUND: u64 = 3_000_000;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    pub count: u64,
}

fn bounded(count: u64) -> Result<u64> {
    match count {
        BOUND => Err(ActionError::msg("no other task made progress").terminal()),
        count => Ok(count + 1),
    }
}

#[action(state = Counter, reads(count), writes(count))]
async fn spin(counter: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: bounded(*counter.count)? })
}

#[action(state = Counter, reads(), writes(count))]
async fn fail(#[context] cx: &Context) -> Result<Writes> {
    bounded(cx.attempt().into())?;
    Err(ActionError::msg("try again"))
}

#[streaming_action(state = Counter, reads(), writes(count), yields(u64))]
async fn talk() -> Result<Writes> {
    let mut count = 0;
    while !yield_!(count).is_stop() {
        count = bounded(count)?;
    }
    Ok(Writes { count })
}

/// Yields from futures of an executor inside the action.
pub struct Crowd;

pub struct Count(u64);

impl Writes for Count {
    type State = Counter;
    type Undo = u64;

    fn apply(self, state: &mut Counter) -> u64 {
        std::mem::replace(&mut state.count, self.0)
    }

    fn undo(undo: u64, state: &mut Counter) {
        state.count = undo;
    }

    fn of(state: &Counter) -> Self {
        Self(state.count)
    }
}

impl Action for Crowd {
    type State = Counter;
    type Reads<'a> = ();
    type Args<'a> = ();
    type Params = ();
    type Writes = Count;
    type Yields = Items<u64>;
    const INFO: ActionInfo = ActionInfo::new("by hand").writes(set_of(Counter::FIELDS, &["count"]));

    fn reads(_: &Counter) -> Result<(), UnsetSlot> {
        Ok(())
    }

    fn run(attempt: Attempt<'_, Self>) -> impl Future<Output = Result<Count>> + Send {
        let yielder = futures::lock::Mutex::new(attempt.yielder);
        async move {
            let member = || async {
                let mut count = 0;
                while !yielder.lock().await.emit(count).await.is_stop() {
                    count = bounded(count)?;
                }
                Ok::<_, ActionError>(count)
            };
            let mut crowd: FuturesUnordered<_> = [member(), member()].into_iter().collect();
            let mut total = 0;
            while let Some(count) = crowd.next().await {
                total += count?;
            }
            Ok(Count(total))
        }
    }
}

graph! {
    /// Every node runs until the run is stopped.
    pub Endless(Counter) {
        yields u64;
        nodes {
            spin,
            talk,
            crowd: Crowd,
            #[retry(Retry::times(usize::MAX).first(Duration::ZERO))]
            fail,
        }
        start spin;
        spin -> if state.count == u64::MAX { talk } else { spin };
        talk -> crowd;
        crowd -> fail;
        fail -> end;
    }
}

/// Ignores a stop.
#[streaming_action(state = Counter, reads(), writes(count), yields(u64))]
async fn yield_forever() -> Result<Writes> {
    let mut count = 0;
    loop {
        yield_!(count);
        count = bounded(count)?;
    }
}

graph! {
    pub Unstoppable(Counter) {
        yields u64;
        nodes { yield_forever }
        start yield_forever;
        yield_forever -> end;
    }
}

#[derive(Clone, Copy, Debug)]
enum How {
    Next,
    Stream,
    Events,
    Step,
    Finish,
    Await,
}

const WAYS: [How; 6] = [How::Next, How::Stream, How::Events, How::Step, How::Finish, How::Await];

type Ended = Result<Outcome<EndlessNode>, RunError>;

async fn consume(mut run: Run<'_, Endless>, how: How) -> Ended {
    match how {
        How::Next => while run.next().await.is_some() {},
        How::Stream => while StreamExt::next(&mut run).await.is_some() {},
        How::Events => {
            let mut events = run.events();
            while events.next().await.is_some() {}
            return events.finish().await.map(|end| end.outcome());
        }
        How::Step => while run.step().await?.is_some() {},
        How::Finish => {}
        How::Await => return run.await.map(|end| end.outcome()),
    }
    run.finish().await.map(|end| end.outcome())
}

/// Executors with one thread, where another task runs only if the run yields.
#[derive(Clone, Copy, Debug)]
enum Executor {
    CurrentThread,
    MultiThread,
    Futures,
}

const EXECUTORS: [Executor; 3] =
    [Executor::CurrentThread, Executor::MultiThread, Executor::Futures];

impl Executor {
    fn block_on<T: Send + 'static>(self, task: impl Future<Output = T> + Send + 'static) -> T {
        match self {
            Self::CurrentThread => {
                Builder::new_current_thread().enable_time().build().unwrap().block_on(task)
            }
            Self::MultiThread => {
                let tokio = Builder::new_multi_thread().worker_threads(1).enable_time().build();
                let tokio = tokio.unwrap();
                tokio.block_on(tokio.spawn(task)).unwrap()
            }
            Self::Futures => futures::executor::block_on(task),
        }
    }
}

/// Runs a test for each node in each executor.
fn everywhere(ways: &[How], test: fn(EndlessNode, How) -> BoxFuture<'static, ()>) {
    for executor in EXECUTORS {
        for node in EndlessNode::ALL {
            for how in ways {
                println!("{node} by {how:?} in {executor:?}");
                executor.block_on(test(*node, *how));
            }
        }
    }
}

/// Stops the run as soon as the executor polls another task.
async fn stopped_by_another_task(mut app: App<Endless>, how: How) {
    let run = app.run(EndlessInputs {});
    let stopper = run.stopper();
    let other = async move { stopper.stop() };
    let ended = match Handle::try_current() {
        Ok(tokio) => {
            drop(tokio.spawn(other));
            consume(run, how).await
        }
        Err(_) => join(consume(run, how), other).await.0,
    };
    assert!(matches!(ended, Ok(Outcome::Stopped(_))), "{ended:?}");
}

#[test]
fn another_task_can_stop_a_run_that_never_waits() {
    everywhere(&WAYS, |node, how| {
        Box::pin(async move {
            let app = Endless::app().at(Position::Rest(node)).build().await.unwrap();
            stopped_by_another_task(app, how).await;
        })
    });
}

#[test]
fn another_task_can_stop_a_run_while_the_clock_stands_still() {
    everywhere(&[How::Next], |node, how| {
        Box::pin(async move {
            let app = Endless::app().at(Position::Rest(node)).runtime(Clock::default());
            stopped_by_another_task(app.build().await.unwrap(), how).await;
        })
    });
}

#[test]
fn a_timer_fires_beside_a_run_that_never_waits() {
    everywhere(&WAYS, |node, how| {
        Box::pin(async move {
            let app = Endless::app().at(Position::Rest(node));
            let mut app = app.build().await.unwrap();
            let timer = TokioRuntime.sleep(Duration::from_millis(1));
            let run = pin!(consume(app.run(EndlessInputs {}), how));
            let first = select(run, timer).await;
            assert!(matches!(first, Either::Right(_)), "the run ended");
        })
    });
}

#[test]
fn action_that_ignores_a_stop_is_cancelled_after_the_grace_period() {
    for executor in EXECUTORS {
        executor.block_on(async {
            let mut app = Unstoppable::app().build().await.unwrap();
            let mut run = app.run(UnstoppableInputs {}).grace_period(Duration::from_millis(1));
            run.next().await.unwrap().unwrap();
            run.stopper().stop();
            let error = run.finish().await.map(drop).unwrap_err();
            assert!(matches!(error.kind(), RunErrorKind::Cancelled { .. }), "{error}");
        });
    }
}

/// Every item takes a microsecond.
#[streaming_action(state = Counter, reads(), writes(), yields(u64))]
async fn list(#[resource] clock: &Clock) -> Result<Writes> {
    for item in 0..1_000 {
        clock.advance(Duration::from_micros(1));
        yield_!(item);
    }
    Ok(Writes {})
}

graph! {
    pub Listing(Counter) {
        resources { clock: Clock }
        yields u64;
        nodes { list }
        start list;
        list -> end;
    }
}

#[test]
fn runs_that_start_together_all_yield_a_first_item_early() {
    const RUNS: usize = 100;
    let shown = Executor::CurrentThread.block_on(async {
        let clock = Clock::default();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let runs = (0..RUNS).map(|_| {
            let (clock, shown) = (clock.clone(), Arc::clone(&shown));
            tokio::spawn(async move {
                let app = Listing::app().resources(ListingResources { clock: clock.clone() });
                let mut app = app.runtime(clock).build().await.unwrap();
                let mut run = app.run(ListingInputs {});
                while let Some(item) = run.next().await {
                    shown.lock().unwrap().push(item.unwrap());
                }
            })
        });
        join_all(runs).await;
        std::mem::take(&mut *shown.lock().unwrap())
    });
    assert_eq!(shown.len(), RUNS * 1_000);
    let last_first = shown.iter().rposition(|item| *item == 0).unwrap();
    let most = shown[..last_first].iter().max().unwrap();
    assert!(*most < 32, "a run had shown {most} items when the last one showed its first");
}
