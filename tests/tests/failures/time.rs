//! A timeout counts only the time of the action.

use burdock::{
    App, Outcome, RunError, RunErrorKind, Runtime,
    action::{ActionInfo, Attempt, FailureCause, UnsetSlot, Writes},
    log::{Durability, MemoryLog},
    prelude::*,
    state::set_of,
    stream::Items,
};
use burdock_tests::{
    clock::Clock,
    faulty::{Fate, FaultyLog},
    script::{Careful, CarefulInputs, CarefulResources, Do, Drops, Log, Script},
    stalled::UntilStalled,
};
use futures::{executor::block_on, future::poll_immediate};
use std::{
    future::pending,
    sync::{Mutex, mpsc},
    time::Duration,
};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The timeout of `second` is a second.
async fn careful(acts: Vec<Do>, clock: &Clock) -> App<Careful> {
    let script = Script::default().on("second", acts);
    let resources = CarefulResources { script, drops: Drops::default() };
    Careful::app().resources(resources).runtime(clock.clone()).build().await.unwrap()
}

fn timed_out<T>(result: &Result<T, RunError>) -> bool {
    let Err(RunErrorKind::Failed(failure)) = result.as_ref().map_err(RunError::kind) else {
        return false;
    };
    matches!(failure.cause(), FailureCause::Timeout(_))
}

#[tokio::test]
async fn time_of_the_consumer_between_items_does_not_count() {
    let clock = Clock::default();
    let mut app = careful((0..50).map(Do::Yield).collect(), &clock).await;
    let mut run = app.run(CarefulInputs {});
    for expected in 0..50 {
        assert_eq!(run.next().until_stalled().unwrap().unwrap().unwrap(), expected);
        clock.advance(millis(60));
    }
    assert!(run.next().await.is_none());
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Ended);
}

#[tokio::test]
async fn time_of_the_action_between_items_adds_up() {
    for (own, over) in [(499, false), (500, true)] {
        let clock = Clock::default();
        let acts = [Do::Sleep(millis(own)), Do::Yield(1), Do::Sleep(millis(own)), Do::Yield(2)];
        let mut app = careful([&acts[..], &[Do::Sleep(millis(1))]].concat(), &clock).await;
        let mut run = app.run(CarefulInputs {});
        for expected in [1, 2] {
            assert!(run.next().until_stalled().is_none());
            clock.advance(millis(own));
            let item = run.next().until_stalled().unwrap().unwrap();
            assert_eq!(item.unwrap(), expected, "a woken action continues");
            clock.advance(Duration::from_mins(1));
        }
        let waits = run.next().until_stalled();
        assert_eq!(waits.is_some_and(|item| timed_out(&item.unwrap())), over, "{own} ms");
        clock.advance(millis(1));
        assert_eq!(run.finish().await.is_err(), over, "{own} ms");
    }
}

#[tokio::test]
async fn time_until_a_late_poll_does_not_count() {
    let clock = Clock::default();
    let acts = vec![Do::Sleep(millis(900)), Do::Sleep(millis(90)), Do::Hang];
    let mut app = careful(acts, &clock).await;
    let mut run = app.run(CarefulInputs {});
    // woken in time but polled much later, as by a busy consumer
    for step in [900, 90] {
        assert!(run.next().until_stalled().is_none());
        clock.advance(millis(step));
        clock.advance(Duration::from_mins(1));
    }
    assert!(run.next().until_stalled().is_none());
    clock.advance(millis(9));
    assert!(run.next().until_stalled().is_none());
    clock.advance(millis(1));
    assert!(timed_out(&run.next().until_stalled().unwrap().unwrap()));
}

#[tokio::test]
async fn an_action_that_is_never_woken_times_out() {
    let clock = Clock::default();
    let mut app = careful(vec![Do::Hang], &clock).await;
    let mut run = app.run(CarefulInputs {});
    assert!(run.next().until_stalled().is_none());
    clock.advance(Duration::from_mins(1));
    assert!(timed_out(&run.next().until_stalled().unwrap().unwrap()));
}

#[test]
fn time_that_an_item_waits_for_the_log_does_not_count() {
    let (log, clock) = (FaultyLog::new(MemoryLog::new()), Clock::default());
    let script = Script::default().on("second", [Do::Yield(1), Do::Sleep(millis(999))]);
    let resources = CarefulResources { script, drops: Drops::default() };
    let app = Careful::app().id("s").resources(resources).runtime(clock.clone());
    let app = app.log(log.clone()).durability(Durability::Item);
    let mut app = block_on(app.build()).unwrap();
    let mut run = app.run(CarefulInputs {});
    block_on(run.step()).unwrap();
    log.fates([Fate::Held]);
    for _ in 0..3 {
        assert!(run.next().until_stalled().is_none());
        clock.advance(Duration::from_secs(10));
    }
    assert_eq!(log.held(), 1);
    log.release_next();
    assert_eq!(block_on(run.next()).unwrap().unwrap(), 1);
    assert!(run.next().until_stalled().is_none());
    clock.advance(millis(999));
    assert_eq!(block_on(run.finish()).unwrap().outcome(), Outcome::Ended);
}

/// Abandons items that are not taken at once, and then never finishes.
struct Racing;

struct Rounds(u32);

impl Writes for Rounds {
    type State = Log;
    type Undo = u32;

    fn apply(self, log: &mut Log) -> u32 {
        std::mem::replace(&mut log.rounds, self.0)
    }

    fn undo(undo: u32, log: &mut Log) {
        log.rounds = undo;
    }

    fn of(log: &Log) -> Self {
        Self(log.rounds)
    }
}

impl Action for Racing {
    type State = Log;
    type Reads<'a> = ();
    type Args<'a> = ();
    type Params = ();
    type Writes = Rounds;
    type Yields = Items<u32>;
    const INFO: ActionInfo = ActionInfo::new("racing").writes(set_of(Log::FIELDS, &["rounds"]));

    fn reads(_: &Log) -> Result<(), UnsetSlot> {
        Ok(())
    }

    async fn run(mut attempt: Attempt<'_, Self>) -> Result<Rounds> {
        for item in 0..2 {
            tokio::select! {
                biased;
                _ = attempt.yielder.emit(item) => {}
                () = attempt.context.sleep(millis(100)) => {}
            }
        }
        poll_immediate(attempt.yielder.emit(2)).await;
        pending().await
    }
}

graph! {
    Impatient(Log) {
        yields u32;
        nodes { #[timeout(Duration::from_secs(1))] racing: Racing }
        start racing;
        racing -> end;
    }
}

#[tokio::test]
async fn an_abandoned_item_does_not_pause_the_timeout() {
    let clock = Clock::default();
    let mut app = Impatient::app().runtime(clock.clone()).build().await.unwrap();
    let mut run = app.run(ImpatientInputs {});
    for expected in 0..3 {
        assert_eq!(run.next().until_stalled().unwrap().unwrap().unwrap(), expected);
        clock.advance(Duration::from_mins(1));
    }
    // the last item was taken, which woke the action, but it waits for something else
    assert!(run.next().until_stalled().is_none());
    assert!(run.next().until_stalled().is_none());
    clock.advance(millis(999));
    assert!(run.next().until_stalled().is_none());
    clock.advance(millis(1));
    assert!(timed_out(&run.next().until_stalled().unwrap().unwrap()));
}

/// Yields an item from a thread for each signal of the test.
#[streaming_action(blocking, state = Log, reads(rounds), writes(rounds), yields(u32))]
fn from_a_thread(log: Reads<'_>, #[resource] signals: &Signals) -> Result<Writes> {
    let signals = signals.0.lock().unwrap();
    for item in 0..3 {
        signals.recv().unwrap();
        yield_!(item);
    }
    signals.recv().unwrap();
    Ok(Writes { rounds: log.rounds + 1 })
}

struct Signals(Mutex<mpsc::Receiver<()>>);

graph! {
    Threaded(Log) {
        resources { signals: Signals }
        yields u32;
        nodes { #[timeout(Duration::from_secs(1))] from_a_thread }
        start from_a_thread;
        from_a_thread -> end;
    }
}

#[tokio::test]
async fn time_that_a_thread_waits_for_its_consumer_does_not_count() {
    let clock = Clock::default();
    let (signal, signals) = mpsc::channel();
    let app =
        Threaded::app().resources(ThreadedResources { signals: Signals(Mutex::new(signals)) });
    let mut app = app.runtime(clock.clone()).build().await.unwrap();
    let mut run = app.run(ThreadedInputs {});
    for expected in 0..3 {
        assert!(run.next().until_stalled().is_none());
        clock.advance(millis(300));
        signal.send(()).unwrap();
        assert_eq!(run.next().await.unwrap().unwrap(), expected);
        clock.advance(Duration::from_mins(1));
    }
    assert!(run.next().until_stalled().is_none());
    clock.advance(millis(100));
    let error = run.next().until_stalled().unwrap().unwrap();
    assert!(timed_out(&error), "three times 300 ms and 100 ms: {error:?}");
    signal.send(()).unwrap();
    assert_eq!(clock.now(), Duration::from_secs(181));
}
