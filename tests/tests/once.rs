//! Calls that a step makes once.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    ActionError, App, Context, Outcome, Position, Retry, RunErrorKind,
    action::{CallError, FailureCause},
    log::{
        CallKind, CallRecord, Durability, EntryKind, Log, MemoryLog, Offset, RawSessionView,
        SessionId, fork,
    },
    prelude::*,
};
use burdock_sqlite::SqliteLog;
use burdock_tests::faulty::{Fate, FaultyLog};
use futures::future::{join, join_all};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

type TestResult = std::result::Result<(), Box<dyn std::error::Error>>;

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Bill {
    receipts: Vec<String>,
    mails: u32,
}

/// Counts effects by their names.
#[derive(Clone, Debug, Default)]
struct World {
    effects: Arc<Mutex<BTreeMap<String, usize>>>,
    /// The number of attempts that fail at each place.
    failures: Arc<AtomicUsize>,
}

impl World {
    fn effect(&self, name: &str) -> usize {
        let mut effects = self.effects.lock().unwrap();
        let count = effects.entry(name.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn count(&self, name: &str) -> usize {
        self.effects.lock().unwrap().get(name).copied().unwrap_or_default()
    }

    /// Fails `failures` times.
    fn may_fail(&self) -> Result<()> {
        let left = self.failures.load(Ordering::SeqCst);
        if left == 0 {
            return Ok(());
        }
        self.failures.store(left - 1, Ordering::SeqCst);
        Err(ActionError::msg("not yet"))
    }

    async fn charge(&self, name: &str) -> Result<String> {
        // an effect takes a moment
        tokio::task::yield_now().await;
        Ok(format!("{name} {}", self.effect(name)))
    }
}

/// Makes two calls one after the other and two at the same time, with an item between them.
#[streaming_action(state = Bill, writes(receipts), yields(String))]
async fn pay(#[resource] world: &World, #[context] cx: &Context) -> Result<Writes> {
    let first = cx.once("first", world.charge("first")).await?;
    world.may_fail()?;
    yield_!(first.clone());
    let second = cx.once("second", world.charge("second")).await?;
    world.may_fail()?;
    yield_!(second.clone());
    let (third, fourth) =
        join(cx.once("third", world.charge("third")), cx.once("fourth", world.charge("fourth")))
            .await;
    world.may_fail()?;
    Ok(Writes { receipts: vec![first, second, third?, fourth?] })
}

/// A second step, with the same key in another step.
#[action(state = Bill, reads(mails), writes(mails))]
async fn mail(
    bill: Reads<'_>,
    #[resource] world: &World,
    #[context] cx: &Context,
) -> Result<Writes> {
    cx.once("first", world.charge("mail")).await?;
    world.may_fail()?;
    Ok(Writes { mails: bill.mails + 1 })
}

graph! {
    Paying(Bill) {
        resources { world: World }
        yields String;
        nodes {
            #[retry(Retry::times(20).superseding())]
            pay,
            mail,
        }
        start pay;
        pay -> mail;
        mail -> pause pay;
    }
}

const EFFECTS: [&str; 5] = ["first", "second", "third", "fourth", "mail"];

fn receipts() -> Vec<String> {
    EFFECTS[..4].iter().map(|name| format!("{name} 1")).collect()
}

async fn open(world: &World, log: Option<&Arc<dyn Log>>) -> App<Paying> {
    let app = Paying::app().resources(PayingResources { world: world.clone() }).id("ada");
    match log {
        Some(log) => app.log(Arc::clone(log)).durability(Durability::Commit).build().await.unwrap(),
        None => app.build().await.unwrap(),
    }
}

fn memory() -> Arc<dyn Log> {
    Arc::new(MemoryLog::new())
}

fn ada() -> SessionId {
    SessionId::new("ada").unwrap()
}

async fn entries(log: &Arc<dyn Log>) -> Vec<EntryKind> {
    let records = log.read(&ada(), Offset(0), 10_000).await.unwrap();
    records.iter().map(|record| record.entry(&ada()).unwrap().kind).collect()
}

fn assert_once(world: &World) {
    for effect in EFFECTS {
        assert_eq!(world.count(effect), 1, "{effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_make_no_call_twice() {
    for log in [None, Some(memory())] {
        for failures in 0..4 {
            let log = log.as_ref().map(|_| memory());
            let world = World::default();
            world.failures.store(failures, Ordering::SeqCst);
            let mut app = open(&world, log.as_ref()).await;
            let end = app.run(PayingInputs {}).await.unwrap();
            assert_eq!(end.state(), &Bill { receipts: receipts(), mails: 1 });
            assert_once(&world);
            // the next run has steps of its own
            app.run(PayingInputs {}).await.unwrap();
            assert_eq!(world.count("first"), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_event_may_be_the_last_one_before_a_crash() {
    for reopened in [true, false] {
        for count in 0.. {
            let case = format!("after {count} events, reopened: {reopened}");
            let (world, log) = (World::default(), memory());
            let mut app = open(&world, Some(&log)).await;
            let mut events = app.run(PayingInputs {}).events();
            let mut seen = 0;
            while seen < count && events.next().await.is_some() {
                seen += 1;
            }
            drop(events);
            if reopened {
                // another process
                drop(app);
                app = open(&world, Some(&log)).await;
            }
            continue_to_rest(&mut app).await;
            assert_eq!(app.state(), &Bill { receipts: receipts(), mails: 1 }, "{case}");
            assert_once(&world);
            if seen < count {
                assert!(count > 6);
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_halts_between_two_steps_takes_no_result_along() {
    for log in [None, Some(memory())] {
        let world = World::default();
        let mut app = open(&world, log.as_ref()).await;
        app.run(PayingInputs {}).halt_after(PayingNode::pay).await.unwrap();
        app.resume().await.unwrap();
        assert_once(&world);
        // dropped between two steps
        let mut run = app.run(PayingInputs {});
        assert!(run.step().await.unwrap().is_some());
        drop(run);
        app.resume().await.unwrap();
        assert_eq!(world.count("mail"), 2);
    }
}

/// Runs or resumes an app until it rests after its first run.
async fn continue_to_rest(app: &mut App<Paying>) {
    match app.position() {
        Position::Unfinished(_) => {
            app.resume().await.unwrap();
        }
        Position::Rest(_) if app.state().mails == 0 => {
            app.run(PayingInputs {}).await.unwrap();
        }
        Position::Rest(_) | Position::Ended => {}
    }
}

#[tokio::test(start_paused = true)]
async fn each_poll_may_be_the_last_one_before_a_crash() {
    for polls in 0.. {
        let (world, log) = (World::default(), memory());
        let mut app = open(&world, Some(&log)).await;
        let over = {
            let mut run = app.run(PayingInputs {}).into_future();
            let mut over = false;
            for _ in 0..polls {
                if futures::poll!(&mut run).is_ready() {
                    over = true;
                    break;
                }
            }
            over
        };
        // in the same process: what was recorded is known
        if let Position::Unfinished(_) = app.position() {
            app.resume().await.unwrap();
        } else if !over {
            app.run(PayingInputs {}).await.unwrap();
        }
        assert_eq!(app.state(), &Bill { receipts: receipts(), mails: 1 }, "after {polls} polls");
        // an effect that was made and not recorded is made again
        let recorded = entries(&log).await;
        let recorded =
            recorded.iter().filter(|kind| matches!(kind, EntryKind::CallRecorded { .. }));
        assert_eq!(recorded.count(), EFFECTS.len(), "after {polls} polls");
        if over {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_in_views_snapshots_and_copies_of_the_step_and_in_no_later_ones() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    let mut run = app.run(PayingInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), "first 1");
    drop(run);
    app.flush().await.unwrap();
    let view = RawSessionView::latest(&log, &ada()).await.unwrap();
    let calls = view.snapshot.unfinished.unwrap().calls;
    let expected = CallRecord::of(CallKind::Once, json!("first 1"));
    assert_eq!(calls, BTreeMap::from([("first".to_owned(), expected)]));

    // a copy in the middle of the step has the result as well
    let copy = SessionId::new("copy").unwrap();
    fork(&log, &ada(), view.offset, &copy).await.unwrap();
    let resources = PayingResources { world: world.clone() };
    let mut copied =
        Paying::app().resources(resources).id("copy").log(Arc::clone(&log)).build().await.unwrap();
    let end = copied.resume().await.unwrap();
    assert_eq!(end.state().receipts[0], "first 1");
    assert_eq!((world.count("first"), world.count("second")), (1, 1));

    let end = app.resume().await.unwrap();
    assert_eq!(end.state().receipts, ["first 1", "second 2", "third 2", "fourth 2"]);
    let view = RawSessionView::latest(&log, &ada()).await.unwrap();
    assert_eq!(view.snapshot.unfinished, None);
}

#[tokio::test(start_paused = true)]
async fn a_restart_makes_its_calls_again() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    let mut run = app.run(PayingInputs {});
    run.next().await.unwrap().unwrap();
    drop(run);
    let end = app.restart(PayingInputs {}).await.unwrap();
    assert_eq!(end.state().receipts[0], "first 2", "a restart is another run");
}

/// Makes the calls that its script names.
#[action(state = Bill, writes(receipts))]
async fn misuse(
    #[input] how: String,
    #[resource] world: &World,
    #[context] cx: &Context,
) -> Result<Writes> {
    let call = |key: &'static str| cx.once(key, world.charge(key));
    let receipts = match how.as_str() {
        "twice" => vec![call("a").await?, call("a").await?],
        "twice at once" => {
            let (one, other) = join(call("a"), call("a")).await;
            vec![one?, other?]
        }
        "after an error" => {
            let failed: Result<String> = cx.once("a", async { Err(ActionError::msg("no")) }).await;
            assert!(failed.is_err());
            vec![call("a").await?]
        }
        "after a drop" => {
            let pending = cx.once("a", std::future::pending::<Result<String>>());
            assert!(tokio::time::timeout(Duration::from_secs(1), pending).await.is_err());
            vec![call("a").await?]
        }
        "many" => {
            let calls = (0..100).map(|number| {
                cx.once(
                    format!("{number}"),
                    async move { Ok::<_, ActionError>(number.to_string()) },
                )
            });
            join_all(calls).await.into_iter().collect::<Result<_>>()?
        }
        "not a number" => {
            vec![cx.once("a", async { Ok::<_, ActionError>(f64::NAN) }).await?.to_string()]
        }
        "huge" => vec![cx.once("a", async { Ok::<_, ActionError>("x".repeat(65 << 20)) }).await?],
        "panics" => vec![cx.once("a", async { panic!("on purpose") as Result<String> }).await?],
        "in a task" => {
            let (cx, world) = (cx.clone(), world.clone());
            let task = tokio::spawn(async move { cx.once("a", world.charge("a")).await });
            vec![task.await.unwrap()?]
        }
        "number" => vec![cx.once("a", async { Ok::<_, ActionError>(7_u32) }).await?.to_string()],
        "then fails" => {
            call("a").await?;
            return Err(ActionError::msg("later"));
        }
        _ => panic!("{how}"),
    };
    Ok(Writes { receipts })
}

graph! {
    Misusing(Bill) {
        inputs { how: String }
        resources { world: World }
        nodes { misuse }
        start misuse;
        misuse -> pause;
    }
}

async fn misusing(world: &World, log: Option<&Arc<dyn Log>>) -> App<Misusing> {
    let app = Misusing::app().resources(MisusingResources { world: world.clone() }).id("ada");
    match log {
        Some(log) => app.log(Arc::clone(log)).build().await.unwrap(),
        None => app.build().await.unwrap(),
    }
}

fn inputs(how: &str) -> MisusingInputs {
    MisusingInputs { how: how.to_owned() }
}

/// Returns the error of a run whose step failed.
fn cause(error: &burdock::RunError) -> &ActionError {
    match error.kind() {
        RunErrorKind::Failed(failure) => match failure.cause() {
            FailureCause::Error(error) => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn misuse_is_a_terminal_error_that_names_the_call() {
    for (how, message) in [
        ("twice", "two calls of node `misuse` have the key `a`"),
        ("twice at once", "two calls of node `misuse` have the key `a`"),
        ("not a number", "call `a` of node `misuse` cannot be recorded: "),
    ] {
        for log in [None, Some(memory())] {
            let mut app = misusing(&World::default(), log.as_ref()).await;
            let error = app.run(inputs(how)).await.unwrap_err();
            let cause = cause(&error);
            assert!(cause.to_string().starts_with(message), "{how}: {cause}");
            assert!(!cause.is_retryable() && cause.downcast_ref::<CallError>().is_some(), "{how}");
        }
    }
    let log = memory();
    let error =
        misusing(&World::default(), Some(&log)).await.run(inputs("huge")).await.unwrap_err();
    assert!(cause(&error).to_string().contains("cannot be recorded"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_was_dropped_or_runs_elsewhere_is_recorded_under_its_key() {
    for how in ["after an error", "after a drop", "in a task"] {
        for log in [None, Some(memory())] {
            let world = World::default();
            let mut app = misusing(&world, log.as_ref()).await;
            let end = app.run(inputs(how)).await.unwrap();
            assert_eq!(end.state().receipts, ["a 1"], "{how}");
            assert_eq!(world.count("a"), 1, "{how}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_at_once_are_recorded() {
    let log = memory();
    let mut app = misusing(&World::default(), Some(&log)).await;
    let end = app.run(inputs("many")).await.unwrap();
    assert_eq!(end.state().receipts.len(), 100);
    let recorded = entries(&log).await;
    let calls = recorded.iter().filter(|kind| matches!(kind, EntryKind::CallRecorded { .. }));
    assert_eq!(calls.count(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_call_fails_the_attempt() {
    let log = memory();
    let mut app = misusing(&World::default(), Some(&log)).await;
    let error = app.run(inputs("panics")).await.unwrap_err();
    let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error:?}") };
    assert!(matches!(failure.cause(), FailureCause::Panic(_)), "{failure:?}");
}

/// Records a number under `a`, and the next version of the program reads a text there.
#[action(state = Bill, writes(mails))]
async fn number(#[context] cx: &Context) -> Result<Writes> {
    let mails = cx.once("a", async { Ok::<_, ActionError>(7) }).await?;
    if mails == 7 {
        return Err(ActionError::msg("later"));
    }
    Ok(Writes { mails })
}

#[tokio::test(start_paused = true)]
async fn a_recorded_result_of_another_type_is_an_error_that_names_both() -> TestResult {
    let (items, writes) = number::test(&Bill::default()).recorded_call("a", json!("seven")).await;
    assert!(items.is_empty());
    let error = writes.err().ok_or("it fits")?;
    let found = error.downcast_ref::<CallError>().ok_or("another error")?;
    assert!(matches!(found, CallError::OtherType { key, .. } if key == "a"));
    let text = error.to_string();
    assert!(text.contains("is not a `i32`") || text.contains("is not a `u32`"), "{text}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_keeps_its_calls_for_a_resume() {
    for log in [None, Some(memory())] {
        let world = World::default();
        let mut app = misusing(&world, log.as_ref()).await;
        assert!(app.run(inputs("then fails")).await.is_err());
        assert!(app.resume().await.is_err());
        assert_eq!(world.count("a"), 1);
        // the next run is another step of the session only if the step was committed
        assert!(app.restart(inputs("then fails")).await.is_err());
        assert_eq!(world.count("a"), 2);
    }
}

/// A step whose call never ends, and that is stopped.
#[action(state = Bill, writes(mails))]
async fn wait(#[context] cx: &Context) -> Result<Writes> {
    let call = cx.once("a", std::future::pending::<Result<u32>>());
    tokio::select! {
        mails = call => Ok(Writes { mails: mails? }),
        () = cx.stopped() => Ok(Writes { mails: 1 }),
    }
}

graph! {
    Waiting(Bill) {
        nodes { wait }
        start wait;
        wait -> pause;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_ends_is_stopped_with_its_step() {
    let mut app = Waiting::app().id("ada").log(memory()).build().await.unwrap();
    let mut run = app.run(WaitingInputs {});
    let stopper = run.stopper();
    let (end, ()) = futures::join!(run.finish(), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.stop();
    });
    let end = end.unwrap();
    assert!(matches!(end.outcome(), Outcome::Paused(_)), "{:?}", end.outcome());
    assert_eq!(end.state().mails, 1);
}

/// Leaks its context: the first attempt makes a call and fails, the second one is committed.
#[action(state = Bill, writes(mails))]
async fn leak(
    #[resource] late: &Late,
    #[resource] world: &World,
    #[context] cx: &Context,
) -> Result<Writes> {
    if cx.attempt() == 1 {
        late.0.lock().unwrap().push(cx.clone());
        cx.once("first", world.charge("first")).await?;
        return Err(ActionError::msg("not yet"));
    }
    late.1.notify_one();
    late.2.notified().await;
    cx.once("first", world.charge("first")).await?;
    cx.once("second", world.charge("second")).await?;
    late.0.lock().unwrap().push(cx.clone());
    Ok(Writes { mails: 1 })
}

/// The next step.
#[action(state = Bill, writes(receipts))]
async fn follow(
    #[resource] late: &Late,
    #[resource] world: &World,
    #[context] cx: &Context,
) -> Result<Writes> {
    late.1.notify_one();
    late.2.notified().await;
    Ok(Writes { receipts: vec![cx.once("first", world.charge("follow")).await?] })
}

/// The contexts of attempts, a notification that an attempt has started, and one that it may continue.
#[derive(Clone, Debug, Default)]
struct Late(Arc<Mutex<Vec<Context>>>, Arc<tokio::sync::Notify>, Arc<tokio::sync::Notify>);

graph! {
    Leaking(Bill) {
        resources { late: Late, world: World }
        nodes {
            #[retry(Retry::times(2))]
            leak,
            follow,
        }
        start leak;
        leak -> follow;
        follow -> pause leak;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_after_its_attempt_is_an_error_and_disturbs_no_other() {
    for log in [None, Some(memory())] {
        let (late, world) = (Late::default(), World::default());
        let resources = LeakingResources { late: late.clone(), world: world.clone() };
        let app = Leaking::app().resources(resources).id("ada");
        let mut app = match log {
            Some(log) => app.log(log).build().await.unwrap(),
            None => app.build().await.unwrap(),
        };
        let made = AtomicUsize::new(0);
        let assert_over = async || {
            let contexts = late.0.lock().unwrap().clone();
            for (context, key) in
                contexts.iter().flat_map(|cx| [(cx, "first"), (cx, "second"), (cx, "third")])
            {
                let called = context.once(key, async {
                    made.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, ActionError>("late".to_owned())
                });
                let error = called.await.unwrap_err();
                let error = error.downcast_ref::<CallError>();
                assert!(matches!(error, Some(CallError::Over { .. })), "{error:?}");
            }
            contexts.len()
        };
        let (end, ()) = futures::join!(app.run(LeakingInputs {}).into_future(), async {
            // during the delay before the second attempt
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert_eq!(assert_over().await, 1);
            // during the second attempt, and during the next step
            for contexts in [1, 2] {
                late.1.notified().await;
                assert_eq!(assert_over().await, contexts);
                late.2.notify_one();
            }
        });
        assert_eq!(end.unwrap().state().receipts, ["follow 1"]);
        // at rest
        assert_eq!(assert_over().await, 2);
        assert_eq!(made.load(Ordering::SeqCst), 0);
        assert_eq!((world.count("first"), world.count("second")), (1, 1));
    }
}

/// Makes a call in a task that outlives the attempt: the call returns when it may.
#[action(state = Bill, writes(mails))]
async fn spawn(
    #[resource] late: &Late,
    #[resource] world: &World,
    #[context] cx: &Context,
) -> Result<Writes> {
    let (cx, late, world) = (cx.clone(), late.clone(), world.clone());
    let task = tokio::spawn(async move {
        let call = cx.once("a", async {
            late.2.notified().await;
            Ok::<_, ActionError>(())
        });
        if let Err(error) = call.await {
            assert!(error.to_string().contains("was over before the result of call `a`"));
            world.effect("over");
        }
    });
    task.await.unwrap();
    Ok(Writes { mails: 1 })
}

graph! {
    Spawning(Bill) {
        resources { late: Late, world: World }
        nodes {
            #[timeout(Duration::from_secs(1))]
            spawn,
        }
        start spawn;
        spawn -> pause;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_attempt_ends_returns_an_error() {
    for log in [None, Some(memory())] {
        let (late, world) = (Late::default(), World::default());
        let resources = SpawningResources { late: late.clone(), world: world.clone() };
        let app = Spawning::app().resources(resources).id("ada");
        let mut app = match log {
            Some(log) => app.log(log).build().await.unwrap(),
            None => app.build().await.unwrap(),
        };
        assert!(app.run(SpawningInputs {}).await.is_err());
        late.2.notify_one();
        while world.count("over") == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Makes a call and panics in the same poll.
#[action(state = Bill, writes(mails))]
async fn panic_beside(#[resource] world: &World, #[context] cx: &Context) -> Result<Writes> {
    let call = cx.once("a", async { Ok::<_, ActionError>(world.effect("a")) });
    let fails = world.may_fail().is_err();
    let (made, ()) = join(call, async { assert!(!fails, "on purpose") }).await;
    Ok(Writes { mails: u32::try_from(made?).unwrap() })
}

graph! {
    Panicking(Bill) {
        resources { world: World }
        nodes { panic_beside }
        start panic_beside;
        panic_beside -> pause;
    }
}

#[tokio::test]
async fn a_panic_in_the_poll_in_which_a_call_ends_keeps_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteLog::open(folder.path().join("calls.db")).await.unwrap();
    for log in [None, Some(memory()), Some(Arc::new(sqlite) as Arc<dyn Log>)] {
        let world = World::default();
        world.failures.store(1, Ordering::SeqCst);
        let resources = PanickingResources { world: world.clone() };
        let app = Panicking::app().resources(resources).id("ada");
        // the resumed attempt does not wait for the next batch
        let app = app.durability(Durability::Batch(Duration::from_hours(1)));
        let mut app = match log {
            Some(log) => app.log(log).build().await.unwrap(),
            None => app.build().await.unwrap(),
        };
        assert!(app.run(PanickingInputs {}).await.is_err());
        assert_eq!(app.resume().await.unwrap().state().mails, 1);
        assert_eq!(world.count("a"), 1);
    }
}

/// Yields items for as long as its call is in progress.
#[streaming_action(state = Bill, writes(mails), yields(u32))]
async fn report(#[context] cx: &Context) -> Result<Writes> {
    let mut call = Box::pin(cx.once("a", async { Ok::<_, ActionError>(1) }));
    let mut ticks = 0;
    loop {
        tokio::select! {
            mails = &mut call => return Ok(Writes { mails: mails? }),
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
        ticks += 1;
        yield_!(ticks);
    }
}

graph! {
    Reporting(Bill) {
        yields u32;
        nodes { report }
        start report;
        report -> pause;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_wait_for_the_items_after_it() {
    let log = FaultyLog::new(MemoryLog::new());
    let app = Reporting::app().id("ada").log(log.clone()).durability(Durability::Commit);
    let mut app = app.build().await.unwrap();
    // the start, the call and each item are stored one after the other
    log.fates([Fate::Held; 50]);
    let mut run = app.run(ReportingInputs {}).into_future();
    let mut appended = 0;
    loop {
        if futures::poll!(&mut run).is_ready() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        // one append is always in progress
        if appended > 0 {
            log.release_next();
        }
        appended += 1;
        assert!(appended < 200);
    }
    drop(run);
    assert_eq!(app.state().mails, 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_with_calls_is_replayed_without_making_them() -> TestResult {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    app.run(PayingInputs {}).await?;
    let kinds = entries(&log).await;
    let at = kinds.iter().position(|kind| matches!(kind, EntryKind::StepCommitted { .. }));
    let offset = Offset(at.ok_or("no commit")? as u64);
    let fixture = burdock::testing::fixture(&log, &ada(), offset).await?;
    let expected = EFFECTS[..4].iter().map(|name| {
        ((*name).to_owned(), CallRecord::of(CallKind::Once, format!("{name} 1").into()))
    });
    assert_eq!(fixture.calls, expected.collect());
    let (_, writes) = pay::test(&Bill::default())
        .resource("world", World::default())
        .recorded_call("first", fixture.calls["first"].result().unwrap().clone())
        .await;
    assert_eq!(writes?.receipts[..2], ["first 1", "second 1"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_log_that_fails_loses_no_call_that_it_has() {
    let durabilities =
        [Durability::Item, Durability::Commit, Durability::Batch(Duration::from_millis(5))];
    for durability in durabilities {
        for fate in [Fate::Refused, Fate::StoredAndFailed, Fate::Full] {
            for appends in 0..16 {
                let (world, log) = (World::default(), FaultyLog::new(MemoryLog::new()));
                let resources = PayingResources { world: world.clone() };
                let app = Paying::app().resources(resources).id("ada").log(log.clone());
                let Ok(mut app) = app.durability(durability).build().await else { continue };
                log.fates(vec![Fate::Stored; appends].into_iter().chain([fate]));
                let case = format!("{durability:?}, {fate:?} after {appends} appends");
                // a batch reports a failure with the next run
                for _ in 0..3 {
                    match app.position() {
                        Position::Unfinished(_) => drop(app.resume().await),
                        Position::Rest(_) if app.state().mails == 0 => {
                            drop(app.run(PayingInputs {}).await);
                        }
                        Position::Rest(_) | Position::Ended => {}
                    }
                }
                let flushed = app.flush().await;
                if durability != Durability::Item && flushed.is_err() {
                    continue;
                }
                assert_eq!(app.state().mails, 1, "{case}");
                let shared: Arc<dyn Log> = Arc::new(log.clone());
                for kind in entries(&shared).await {
                    let EntryKind::CallRecorded { key, result, node, .. } = kind else { continue };
                    let name = if node == "mail" { "mail" } else { &key };
                    let made = world.count(name);
                    // what the log has was not made again
                    assert_eq!(result, json!(format!("{name} {made}")), "{case}");
                    assert!(made <= 2, "{case}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_returns_only_when_the_log_has_its_result() {
    for durability in
        [Durability::Item, Durability::Commit, Durability::Batch(Duration::from_secs(9))]
    {
        let (world, log) = (World::default(), FaultyLog::new(MemoryLog::new()));
        let resources = PayingResources { world: world.clone() };
        let app = Paying::app().resources(resources).id("ada").log(log.clone());
        let mut app = app.durability(durability).build().await.unwrap();
        let mut run = app.run(PayingInputs {}).into_future();
        let mut polls = 0;
        while world.count("first") == 0 {
            log.fates([Fate::Held; 3]);
            while log.release_next() {}
            assert!(futures::poll!(&mut run).is_pending());
            polls += 1;
            assert!(polls < 100, "{durability:?}");
        }
        // the result waits in the log: nothing follows it
        for _ in 0..10 {
            assert!(futures::poll!(&mut run).is_pending());
        }
        assert_eq!((world.count("first"), world.count("second")), (1, 0), "{durability:?}");
        // the process dies after the log has stored it
        log.crash(9);
        drop(run);
        drop(app);
        let shared: Arc<dyn Log> = Arc::new(log.clone());
        let mut app = open(&world, Some(&shared)).await;
        app.resume().await.unwrap();
        assert_once(&world);
    }
}

/// Makes a call on the thread of a blocking action.
#[action(blocking, state = Bill, writes(receipts))]
fn block(#[resource] world: &World, #[context] cx: &Context) -> Result<Writes> {
    let receipt = futures::executor::block_on(
        cx.once("a", async { Ok::<_, ActionError>(world.effect("a")) }),
    )?;
    world.may_fail()?;
    Ok(Writes { receipts: vec![receipt.to_string()] })
}

graph! {
    Blocking(Bill) {
        resources { world: World }
        nodes {
            #[retry(Retry::times(2))]
            block,
        }
        start block;
        block -> pause;
    }
}

#[tokio::test]
async fn a_blocking_action_makes_calls_on_its_thread() {
    let world = World::default();
    world.failures.store(1, Ordering::SeqCst);
    let resources = BlockingResources { world: world.clone() };
    let mut app =
        Blocking::app().resources(resources).id("ada").log(memory()).build().await.unwrap();
    let end = app.run(BlockingInputs {}).await.unwrap();
    assert_eq!((end.state().receipts[0].as_str(), world.count("a")), ("1", 1));
}

/// Makes a call on the thread of a blocking action that outlives its attempt.
#[action(blocking, state = Bill, writes(receipts))]
fn outlive(#[resource] gate: &Gate, #[context] cx: &Context) -> Result<Writes> {
    let gate = Arc::clone(&gate.0);
    let call = async move {
        // no future: the thread is blocked
        let _ = gate.lock().unwrap().recv();
        Ok::<_, ActionError>(1)
    };
    let called = futures::executor::block_on(cx.once("a", call));
    Ok(Writes { receipts: vec![called?.to_string()] })
}

#[derive(Clone, Debug)]
struct Gate(Arc<Mutex<std::sync::mpsc::Receiver<()>>>);

graph! {
    Outliving(Bill) {
        resources { gate: Gate }
        nodes {
            #[timeout(Duration::from_millis(20))]
            outlive,
        }
        start outlive;
        outlive -> pause;
    }
}

#[tokio::test]
async fn closing_an_app_does_not_wait_for_a_call_that_is_over() {
    for logged in [false, true] {
        let (open, gate) = std::sync::mpsc::channel();
        let resources = OutlivingResources { gate: Gate(Arc::new(Mutex::new(gate))) };
        let app = Outliving::app().resources(resources).id("ada");
        let app = if logged { app.log(memory()).build() } else { app.build() };
        let mut app = app.await.unwrap();
        assert!(app.run(OutlivingInputs {}).await.is_err());
        open.send(()).unwrap();
        app.close().await.unwrap();
    }
}
