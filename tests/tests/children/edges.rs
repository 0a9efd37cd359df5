//! Keys of effects, ids, names, stops and fairness of children.

use super::*;
use burdock::{Context, RunErrorKind};
use burdock_tests::faulty::{Fate, FaultyLog};
use futures::{StreamExt, stream::FuturesUnordered};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    text: String,
}

#[action(state = Text, writes(text))]
async fn pay(#[context] cx: &Context) -> Result<Writes> {
    Ok(Writes { text: cx.key() })
}

graph! {
    pub Paying(Text) { nodes { pay } start pay; pay -> end; }
}

#[action(state = Text, writes(text))]
async fn have_paid(#[graph] paying: Sub<'_, Paying>) -> Result<Writes> {
    Ok(Writes { text: paying.run("a", PayingInputs {}).await?.into_state().text })
}

graph! {
    HavingPaid(Text) { nodes { have_paid } start have_paid; have_paid -> end; }
}

#[tokio::test]
async fn idempotency_keys_of_children_differ_between_sessions_and_logs() {
    let mut keys = BTreeSet::new();
    for log in [None, None, Some(memory()), Some(memory())] {
        let builder = HavingPaid::app();
        let mut app = match log {
            Some(log) => builder.log(log).build().await.unwrap(),
            None => builder.build().await.unwrap(),
        };
        let key = app.run(HavingPaidInputs {}).await.unwrap().state().text.clone();
        assert!(keys.insert(key), "{keys:?}");
    }
}

#[tokio::test]
async fn an_app_without_a_log_may_have_any_id() {
    for id in [String::new(), "\0".into(), "x".repeat(2000)] {
        let mut app = HavingPaid::app().id(id.clone()).build().await.unwrap();
        let end = app.run(HavingPaidInputs {}).await;
        assert!(end.is_ok(), "{id:?}: {:?}", end.err());
    }
}

mod inner {
    use super::*;

    pub mod same {
        use super::*;

        graph! {
            pub Paying(Text) { nodes { have_paid } start have_paid; have_paid -> end; }
        }
    }

    #[action(state = Text, writes(text))]
    pub async fn run_inner(#[graph] paying: Sub<'_, same::Paying>) -> Result<Writes> {
        Ok(Writes { text: paying.run("a", same::PayingInputs {}).await?.into_state().text })
    }

    graph! {
        pub Outer(Text) { nodes { run_inner } start run_inner; run_inner -> end; }
    }
}

#[tokio::test]
async fn graphs_with_the_same_name_do_not_count_as_recursion() {
    let mut app = inner::Outer::app().build().await.unwrap();
    let end = app.run(inner::OuterInputs {}).await;
    assert!(end.is_ok(), "{:?}", end.err());
}

/// Needs ten seconds after a stop.
#[action(state = Text, writes(text))]
async fn slow_to_stop(#[context] cx: &Context) -> Result<Writes> {
    cx.stopped().await;
    cx.sleep(Duration::from_secs(10)).await;
    Ok(Writes { text: "stopped".into() })
}

graph! {
    Slow(Text) { nodes { slow_to_stop } start slow_to_stop; slow_to_stop -> end; }
}

#[action(state = Text, writes(text))]
async fn run_slow(#[graph] slow: Sub<'_, Slow>) -> Result<Writes> {
    Ok(Writes { text: slow.run("a", SlowInputs {}).await?.into_state().text })
}

graph! {
    RunningSlow(Text) { nodes { run_slow } start run_slow; run_slow -> end; }
}

#[tokio::test(start_paused = true)]
async fn the_grace_period_of_a_run_is_that_of_its_children() {
    let mut app = RunningSlow::app().build().await.unwrap();
    let mut run = app.run(RunningSlowInputs {}).grace_period(Duration::from_mins(1));
    let stopper = run.stopper();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.stop();
    };
    let (end, ()) = tokio::join!(run.finish(), stop);
    assert_eq!(end.unwrap().state().text, "stopped");
}

/// Occupies the thread for a millisecond.
#[action(state = Text, writes(text))]
async fn compute(#[resource] world: &World) -> Result<Writes> {
    world.effect("compute");
    std::thread::sleep(Duration::from_millis(1));
    Ok(Writes { text: String::new() })
}

graph! {
    Computing(Text) { resources { world: World } nodes { compute } start compute; compute -> end; }
}

#[action(state = Text, writes(text))]
async fn compute_all(#[graph] computing: Sub<'_, Computing>) -> Result<Writes> {
    let starts = (0..200).map(|number| (number.to_string(), ComputingInputs {}));
    computing.each(starts).at_most(200).finish().await?;
    Ok(Writes { text: "done".into() })
}

graph! {
    ComputingAll(Text) {
        resources { world: World }
        nodes { compute_all }
        start compute_all;
        compute_all -> end;
    }
}

/// Runs an app, and returns the greatest number of effects in one poll.
async fn most_in_one_poll<G: burdock::Graph>(
    world: &World,
    effect: &str,
    run: burdock::Run<'_, G>,
) -> usize {
    let mut end = std::pin::pin!(std::future::IntoFuture::into_future(run));
    let (mut before, mut most) = (0, 0);
    loop {
        let polled = futures::poll!(end.as_mut());
        let count = world.count(effect);
        most = most.max(count - before);
        before = count;
        if let std::task::Poll::Ready(end) = polled {
            end.unwrap();
            return most;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_children_that_never_wait_yield_to_the_executor() {
    for log in [None, Some(memory())] {
        let world = World::default();
        let builder = ComputingAll::app().resources(ComputingAllResources { world: world.clone() });
        let mut app = match log {
            Some(log) => builder.log(log).build().await.unwrap(),
            None => builder.build().await.unwrap(),
        };
        let most = most_in_one_poll(&world, "compute", app.run(ComputingAllInputs {})).await;
        assert_eq!(world.count("compute"), 200);
        assert!(most < 50, "{most} children ran in one poll");
    }
}

/// Takes the items of its child, and occupies the thread for a millisecond after each.
#[action(state = Text, writes(text))]
async fn count_items(
    #[graph] counting: Sub<'_, Counting>,
    #[resource] world: &World,
) -> Result<Writes> {
    let mut run = counting.run("a", CountingInputs {});
    while let Some(item) = run.next().await {
        let () = item?;
        world.effect("count");
        std::thread::sleep(Duration::from_millis(1));
    }
    world.may_fail("count")?;
    Ok(Writes { text: String::new() })
}

#[streaming_action(state = Text, writes(text), yields(()))]
async fn count() -> Result<Writes> {
    for _ in 0..200 {
        yield_!(());
    }
    Ok(Writes { text: String::new() })
}

graph! {
    Counting(Text) { yields (); nodes { count } start count; count -> end; }
}

graph! {
    CountingItems(Text) {
        resources { world: World }
        nodes {
            #[retry(Retry::times(1).first(Duration::ZERO))]
            count_items,
        }
        start count_items;
        count_items -> end;
    }
}

#[tokio::test]
async fn items_that_are_read_back_yield_to_the_executor_like_new_ones() {
    for log in [None, Some(memory())] {
        let world = World::default();
        world.fail("count", 1);
        let builder =
            CountingItems::app().resources(CountingItemsResources { world: world.clone() });
        let mut app = match log {
            Some(log) => builder.log(log).build().await.unwrap(),
            None => builder.build().await.unwrap(),
        };
        let most = most_in_one_poll(&world, "count", app.run(CountingItemsInputs {})).await;
        assert_eq!(world.count("count"), 400);
        assert!(most < 50, "{most} items were taken in one poll");
    }
}

/// Stops at once.
#[streaming_action(state = Text, writes(text), yields(String))]
async fn give_up(#[context] cx: &Context) -> Result<Writes> {
    yield_!("working".to_owned());
    let _ = Writes { text: String::new() };
    match cx.abandon().await {}
}

graph! {
    GivingUp(Text) { yields String; nodes { give_up } start give_up; give_up -> end; }
}

#[action(state = Text, writes(text))]
async fn until_stopped(#[context] cx: &Context) -> Result<Writes> {
    cx.stopped().await;
    Ok(Writes { text: "stopped".into() })
}

graph! {
    UntilStopped(Text) { nodes { until_stopped } start until_stopped; until_stopped -> end; }
}

/// Waits for children in several ways, until a stop.
#[action(state = Text, writes(text))]
async fn supervise(
    #[input] how: String,
    #[graph] giving_up: Sub<'_, GivingUp>,
    #[graph] ending: Sub<'_, UntilStopped>,
    #[context] cx: &Context,
) -> Result<Writes> {
    match &*how {
        "a stream in a select, and then cleaning up" => {
            let mut run = giving_up.run("a", GivingUpInputs {});
            loop {
                tokio::select! {
                    biased;
                    _ = StreamExt::next(&mut run) => {}
                    () = cx.stopped() => break,
                }
            }
            cx.sleep(Duration::from_secs(1)).await;
        }
        "two children in a join" => {
            let given_up = async {
                giving_up.run("a", GivingUpInputs {}).await.unwrap();
            };
            let ended = async {
                let mut run = ending.run("b", UntilStoppedInputs {});
                assert!(run.next().await.is_none());
            };
            tokio::join!(given_up, ended);
        }
        "a child in a set of futures" => {
            let run = async { giving_up.run("a", GivingUpInputs {}).await.unwrap() };
            let mut set: FuturesUnordered<_> = [run].into_iter().collect();
            set.next().await;
        }
        other => unreachable!("{other}"),
    }
    Ok(Writes { text: "cleaned up".into() })
}

graph! {
    Supervising(Text) {
        inputs { how: String }
        nodes { supervise }
        start supervise;
        supervise -> end;
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_is_abandoned_only_while_the_action_waits_for_a_child_that_has_stopped() {
    let cases = [
        ("a stream in a select, and then cleaning up", true),
        ("two children in a join", false),
        ("a child in a set of futures", false),
    ];
    for (how, is_committed) in cases {
        let mut app = Supervising::app().build().await.unwrap();
        let started = tokio::time::Instant::now();
        let mut run = app.run(SupervisingInputs { how: how.into() });
        let stopper = run.stopper();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stopper.stop();
        };
        let (end, ()) = tokio::join!(run.finish(), stop);
        match end {
            Ok(end) => assert!(is_committed && end.state().text == "cleaned up", "{how}"),
            Err(error) => {
                assert!(!is_committed, "{how}: {error:?}");
                assert!(matches!(error.kind(), RunErrorKind::Cancelled { .. }), "{how}");
                assert_eq!(started.elapsed(), Duration::from_secs(1), "{how}");
            }
        }
    }
}

#[action(state = Text, writes(text))]
async fn needs_input(#[input] name: &String) -> Result<Writes> {
    Ok(Writes { text: name.clone() })
}

graph! {
    Optional(Text) {
        inputs { name: Option<String> }
        nodes { needs_input }
        start needs_input;
        needs_input -> end;
    }
}

#[action(state = Text, writes(text))]
async fn give_no_input(#[graph] optional: Sub<'_, Optional>) -> Result<Writes> {
    Ok(Writes { text: optional.run("a", OptionalInputs { name: None }).await?.into_state().text })
}

graph! {
    GivingNoInput(Text) {
        nodes {
            #[retry(Retry::times(3))]
            give_no_input,
        }
        start give_no_input;
        give_no_input -> end;
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_that_cannot_start_is_not_retried() {
    let mut app = GivingNoInput::app().build().await.unwrap();
    let error = app.run(GivingNoInputInputs {}).await.unwrap_err();
    let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error:?}") };
    assert_eq!(failure.attempts(), 1);
}

/// Two graphs that run each other.
mod mutual {
    use super::*;

    #[action(state = Text, reads(text), writes(text))]
    pub(super) async fn ping(
        text: Reads<'_>,
        #[graph] r#type: burdock::prelude::Sub<'_, Pong, 3>,
        #[graph] other: burdock::run::Sub<'_, Pong, 3>,
    ) -> Result<Writes> {
        let _ = &other;
        if text.text.len() > 3 {
            return Ok(Writes { text: text.text.clone() });
        }
        let state = Text { text: format!("{}i", text.text) };
        Ok(Writes { text: r#type.run_from("a", state, PongInputs {}).await?.into_state().text })
    }

    #[action(state = Text, reads(text), writes(text))]
    async fn pong(text: Reads<'_>, #[graph] ping: Sub<'_, Ping, 3>) -> Result<Writes> {
        let state = Text { text: format!("{}o", text.text) };
        Ok(Writes { text: ping.run_from("a", state, PingInputs {}).await?.into_state().text })
    }

    graph! {
        pub Ping(Text) { nodes { ping } start ping; ping -> end; }
    }

    graph! {
        Pong(Text) { nodes { pong } start pong; pong -> end; }
    }
}

#[tokio::test]
async fn two_graphs_may_run_each_other() {
    for log in [None, Some(memory())] {
        let builder = mutual::Ping::app();
        let mut app = match log {
            Some(log) => builder.log(log).build().await.unwrap(),
            None => builder.build().await.unwrap(),
        };
        let end = app.run(mutual::PingInputs {}).await;
        assert_eq!(end.map(|end| end.state().text.clone()).unwrap(), "ioio");
    }
}

static IS_READABLE: AtomicBool = AtomicBool::new(true);

/// An item that a later version of the program does not read.
#[derive(Clone, Debug, Serialize)]
pub struct Old;

impl<'de> Deserialize<'de> for Old {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> std::result::Result<Self, D::Error> {
        let () = Deserialize::deserialize(json)?;
        if IS_READABLE.load(Ordering::Relaxed) {
            Ok(Self)
        } else {
            Err(serde::de::Error::custom("an old item"))
        }
    }
}

#[streaming_action(state = Text, writes(text), yields(Old))]
async fn show_old(#[resource] world: &World) -> Result<Writes> {
    yield_!(Old);
    world.effect("show");
    Ok(Writes { text: "shown".into() })
}

graph! {
    Showing(Text) {
        resources { world: World }
        yields Old;
        nodes { show_old }
        start show_old;
        show_old -> end;
    }
}

#[action(state = Text, writes(text))]
async fn need_ends(
    #[graph] showing: Sub<'_, Showing>,
    #[resource] world: &World,
) -> Result<Writes> {
    let ends = showing.each([("a", ShowingInputs {}), ("b", ShowingInputs {})]).finish().await?;
    IS_READABLE.store(false, Ordering::Relaxed);
    world.may_fail("need")?;
    Ok(Writes { text: ends.iter().map(|(_, end)| &*end.state().text).collect() })
}

graph! {
    NeedingEnds(Text) {
        resources { world: World }
        nodes {
            #[retry(Retry::times(1).first(Duration::ZERO))]
            need_ends,
        }
        start need_ends;
        need_ends -> end;
    }
}

#[tokio::test]
async fn items_are_not_read_back_for_an_action_that_needs_only_the_ends() {
    let world = World::default();
    world.fail("need", 1);
    let resources = NeedingEndsResources { world: world.clone() };
    let mut app = NeedingEnds::app().resources(resources).build().await.unwrap();
    let end = app.run(NeedingEndsInputs {}).await.unwrap();
    assert_eq!((&*end.state().text, world.count("show")), ("shownshown", 2));
}

#[tokio::test]
async fn a_new_session_may_have_children_before_its_batch_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let log = burdock_sqlite::SqliteLog::open(folder.path().join("log.db")).await.unwrap();
    let batch = burdock::log::Durability::Batch(Duration::from_millis(200));
    let mut app = HavingPaid::app().log(log).durability(batch).build().await.unwrap();
    let end = app.run(HavingPaidInputs {}).await;
    assert!(end.is_ok(), "{:?}", end.err());
}

#[action(state = Text, writes(text))]
async fn run_giving_up(#[graph] giving_up: Sub<'_, GivingUp>) -> Result<Writes> {
    Ok(Writes { text: giving_up.run("a", GivingUpInputs {}).await?.into_state().text })
}

#[tokio::test(start_paused = true)]
async fn the_test_of_an_action_ends_when_its_child_has_stopped() {
    let state = Text::default();
    let attempt = run_giving_up::test(&state).stop_after(0).into_future();
    let (_, writes) = tokio::time::timeout(Duration::from_secs(100), attempt).await.unwrap();
    let error = writes.unwrap_err();
    assert_eq!(error.to_string(), "the action has abandoned its step after the stop");
}

#[tokio::test]
async fn an_error_of_the_log_in_a_child_ends_the_run_of_the_parent_with_that_error() {
    // an error edge is not for the log
    for appends in 3..9 {
        let faulty = FaultyLog::new(MemoryLog::new());
        let log: Arc<dyn Log> = Arc::new(faulty.clone());
        let world = World::default();
        let mut app = open(&world, Some(&log)).await;
        let mut run = app.run(inputs(1));
        faulty.fates((0..appends).map(|_| Fate::Stored).chain([Fate::Refused]));
        while let Some(Ok(_)) = run.next().await {}
        let error = run.finish().await.unwrap_err();
        assert!(matches!(error.kind(), RunErrorKind::Log { .. }), "after {appends}: {error:?}");
        drop(run);
        continue_to_end(&mut app).await;
        assert_eq!(app.state().text, TEXT, "after {appends}");
    }
}

#[tokio::test]
async fn flush_does_not_wait_for_the_interval_of_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let log = burdock_sqlite::SqliteLog::open(folder.path().join("log.db")).await.unwrap();
    let batch = burdock::log::Durability::Batch(Duration::from_hours(1));
    let mut app = HavingPaid::app().log(log).durability(batch).build().await.unwrap();
    let run = async {
        app.run(HavingPaidInputs {}).await.unwrap();
        app.flush().await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(30), run).await.unwrap();
}
