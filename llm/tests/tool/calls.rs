//! Tools that are calls of a step: what has a result does not run again.

use super::call;
use burdock::{
    ActionError, App, Context, EventKind, Outcome, Position, Retry,
    log::{EntryKind, Log, MemoryLog, Offset, SessionId},
    prelude::*,
};
use burdock_llm::{ToolCall, ToolEvent, tool, tool::ToolStatus, tools};
use futures::{StreamExt, future::poll_fn, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::BTreeMap,
    future::IntoFuture,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

/// Counts the calls that have had an effect, and fails those that a test names.
#[derive(Clone, Debug, Default)]
struct World {
    effects: Arc<Mutex<BTreeMap<String, usize>>>,
    failures: Arc<Mutex<BTreeMap<String, usize>>>,
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

    fn fail(&self, name: &str, times: usize) {
        self.failures.lock().unwrap().insert(name.to_owned(), times);
    }

    fn fails(&self, name: &str) -> bool {
        match self.failures.lock().unwrap().get_mut(name) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Works for some seconds, with an effect at the end of the first one, and behaves like its argument.
#[tool(yields(u64))]
async fn work(#[resource] world: &World, how: String, seconds: u64) -> burdock::Result<String> {
    for second in 1..=seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if second == 1 {
            world.effect(&how);
        }
        yield_!(second);
    }
    let count = world.count(&how);
    match &*how {
        "fails" => Err(ActionError::msg(format!("out of stock {count}"))),
        "panics" => panic!("on purpose"),
        "takes too long" => std::future::pending().await,
        "is terminal" if world.fails("tool") => Err(ActionError::msg("no license").terminal()),
        _ => Ok(format!("{how} {count}")),
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Desk {
    calls: Vec<ToolCall>,
    results: Vec<String>,
    statuses: Vec<ToolStatus>,
}

/// Runs the calls.
#[streaming_action(state = Desk, reads(calls), writes(results, statuses), yields(ToolEvent))]
async fn use_tools(
    desk: Reads<'_>,
    #[resource] world: &World,
    #[context] cx: &Context,
) -> Result<Writes> {
    let tools = tools![work { world }].timeout(Duration::from_secs(20));
    let mut run = tools.run(desk.calls.clone()).in_step(cx);
    while let Some(event) = run.next().await {
        yield_!(event?);
    }
    if world.fails("step") {
        return Err(ActionError::msg("the step fails"));
    }
    let (statuses, results) = run.results().map(|(_, result)| (result.status, result.text)).unzip();
    Ok(Writes { results, statuses })
}

graph! {
    Working(Desk) {
        resources { world: World }
        yields ToolEvent;
        nodes {
            #[retry(Retry::times(5).first(Duration::ZERO).superseding())]
            use_tools,
        }
        start use_tools;
        use_tools -> end;
    }
}

const HOWS: [&str; 5] = ["is quick", "is slow", "fails", "panics", "takes too long"];

/// Calls that end at different times, and one of an unknown tool.
fn desk() -> Desk {
    let calls = HOWS.iter().zip(1..).map(|(how, seconds)| {
        call(&seconds.to_string(), "work", json!({ "how": how, "seconds": seconds }))
    });
    let unknown = call("6", "wrok", json!({}));
    Desk { calls: calls.chain([unknown]).collect(), ..Desk::default() }
}

fn memory() -> Arc<dyn Log> {
    Arc::new(MemoryLog::new())
}

fn ada() -> SessionId {
    SessionId::new("ada").unwrap()
}

async fn open(world: &World, log: Option<&Arc<dyn Log>>, desk: Desk) -> App<Working> {
    let app = Working::app().state(desk).resources(WorkingResources { world: world.clone() });
    match log {
        Some(log) => app.id("ada").log(Arc::clone(log)).build().await.unwrap(),
        None => app.id("ada").build().await.unwrap(),
    }
}

async fn continue_to_end(app: &mut App<Working>) {
    match app.position() {
        Position::Unfinished(_) => {
            let _end = app.resume().await.unwrap();
        }
        Position::Rest(_) => {
            let _end = app.run(WorkingInputs {}).await.unwrap();
        }
        Position::Ended => {}
    }
}

fn assert_results(desk: &Desk, case: &str) {
    let expected = [
        (ToolStatus::Succeeded, "is quick 1"),
        (ToolStatus::Succeeded, "is slow 1"),
        (ToolStatus::Failed, "error: out of stock 1"),
        (ToolStatus::Panicked, "error: the tool failed"),
        (ToolStatus::TimedOut, "error: the call took longer than 20s"),
        (ToolStatus::Unknown, "error: unknown tool `wrok`; the tools are `work`"),
    ];
    let results: Vec<_> =
        desk.statuses.iter().copied().zip(desk.results.iter().map(String::as_str)).collect();
    assert_eq!(results, expected, "{case}");
}

async fn entries(log: &Arc<dyn Log>) -> Vec<EntryKind> {
    let records = log.read(&ada(), Offset(0), 10_000).await.unwrap();
    records.iter().map(|record| record.entry(&ada()).unwrap().kind).collect()
}

/// Returns the kinds of calls that have a recorded result.
async fn recorded(log: &Arc<dyn Log>) -> Vec<&'static str> {
    let kinds = entries(log).await;
    let keys = kinds.iter().filter_map(|kind| match kind {
        EntryKind::CallRecorded { key, .. } => key.strip_prefix("tool/work/"),
        _ => None,
    });
    keys.map(|key| HOWS[key.split('/').next().unwrap().parse::<usize>().unwrap() - 1]).collect()
}

/// Returns the items that count.
async fn shown(log: &Arc<dyn Log>) -> Vec<ToolEvent> {
    let mut shown = Vec::new();
    for kind in entries(log).await {
        match kind {
            EntryKind::Item { item, .. } => shown.push(serde_json::from_value(item).unwrap()),
            EntryKind::ItemsSuperseded { .. } => shown.clear(),
            _ => {}
        }
    }
    shown
}

#[tokio::test(start_paused = true)]
async fn retries_make_no_call_twice_whatever_its_result() {
    for log in [None, Some(memory())] {
        let world = World::default();
        world.fail("step", 3);
        let mut app = open(&world, log.as_ref(), desk()).await;
        let started = tokio::time::Instant::now();
        let end = app.run(WorkingInputs {}).await.unwrap();
        assert_results(end.state(), "");
        // the calls run at the same time, and once
        assert_eq!(started.elapsed(), Duration::from_secs(20));
        for how in HOWS {
            assert_eq!(world.count(how), 1, "{how}");
        }
        let Some(log) = log else { continue };
        // the last attempt shows each call, with its result and without its progress
        let shown = shown(&log).await;
        let is_progress = |event: &ToolEvent| matches!(event, ToolEvent::Progress { .. });
        assert!(!shown.iter().any(is_progress), "{shown:?}");
        for id in 1..=6 {
            let is_start = |event: &&ToolEvent| matches!(event, ToolEvent::Started(call) if call.id == id.to_string());
            let is_end = |event: &&ToolEvent| {
                matches!(event, ToolEvent::Finished { id: ended, result }
                    if *ended == id.to_string() && result.text == end.state().results[id - 1])
            };
            assert_eq!(shown.iter().filter(is_start).count(), 1, "{shown:?}");
            assert_eq!(shown.iter().filter(is_end).count(), 1, "{shown:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_event_may_be_the_last_one_before_a_crash() {
    for reopened in [true, false] {
        for count in 0.. {
            let case = format!("after {count} events, reopened: {reopened}");
            let (world, log) = (World::default(), memory());
            let mut app = open(&world, Some(&log), desk()).await;
            let mut events = app.run(WorkingInputs {}).events();
            let (mut seen, mut finished) = (0, 0);
            while seen < count
                && let Some(event) = events.next().await
            {
                if let EventKind::Item(ToolEvent::Finished { id, .. }) = &event.unwrap().kind {
                    finished += usize::from(id != "6");
                }
                seen += 1;
            }
            drop(events);
            if reopened {
                drop(app);
                app = open(&world, Some(&log), desk()).await;
            }
            let recorded = recorded(&log).await;
            // a reader sees the end of a call only after its result is recorded
            assert!(finished <= recorded.len(), "{case}");
            let counts: Vec<_> = recorded.iter().map(|how| world.count(how)).collect();
            continue_to_end(&mut app).await;
            assert_eq!(app.position(), Position::Ended);
            for (how, count) in recorded.iter().zip(counts) {
                assert_eq!(world.count(how), count, "{case}: {how}");
            }
            for how in HOWS {
                assert!((1..=2).contains(&world.count(how)), "{case}: {how}");
            }
            if seen < count {
                assert_results(app.state(), &case);
                assert!(count > 20);
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_poll_may_be_the_last_one_before_a_crash() {
    for logged in [false, true] {
        for polls in 0.. {
            let log = logged.then(memory);
            let world = World::default();
            let mut app = open(&world, log.as_ref(), desk()).await;
            let mut run = IntoFuture::into_future(app.run(WorkingInputs {}));
            let mut over = false;
            for _ in 0..polls {
                over = over || futures::poll!(&mut run).is_ready();
                tokio::time::sleep(Duration::from_millis(501)).await;
            }
            drop(run);
            let recorded = match &log {
                Some(log) => recorded(log).await,
                None => Vec::new(),
            };
            let counts: Vec<_> = recorded.iter().map(|how| world.count(how)).collect();
            continue_to_end(&mut app).await;
            for (how, count) in recorded.iter().zip(counts) {
                assert_eq!(world.count(how), count, "after {polls} polls: {how}");
            }
            for how in HOWS {
                assert!((1..=2).contains(&world.count(how)), "after {polls} polls: {how}");
            }
            if over {
                assert!(polls > 10);
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_terminal_error_only_the_calls_without_a_result_run_again() {
    for log in [None, Some(memory())] {
        let world = World::default();
        world.fail("tool", 1);
        let calls = [("1", "is quick", 1), ("2", "is terminal", 2), ("3", "is slow", 3)];
        let calls = calls
            .map(|(id, how, seconds)| call(id, "work", json!({ "how": how, "seconds": seconds })));
        let desk = Desk { calls: calls.to_vec(), ..Desk::default() };
        let mut app = open(&world, log.as_ref(), desk).await;
        let error = app.run(WorkingInputs {}).await.unwrap_err();
        assert!(format!("{error:?}").contains("no license"), "{error:?}");
        let end = app.resume().await.unwrap();
        assert_eq!(end.state().results, ["is quick 1", "is terminal 2", "is slow 2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_calls_and_keeps_the_results_so_far() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log), desk()).await;
    let mut run = app.run(WorkingInputs {});
    let stopper = run.stopper();
    let (end, ()) = tokio::join!(run.finish(), async {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        stopper.stop();
    });
    let end = end.unwrap();
    assert_eq!(end.outcome(), Outcome::Ended);
    assert_eq!(end.state().statuses[..2], [ToolStatus::Succeeded; 2]);
    assert_eq!(end.state().statuses[2..5], [ToolStatus::Interrupted; 3]);
}

/// Has its effect when it ends.
#[tool]
async fn quick(#[resource] world: &World, number: usize) -> burdock::Result<String> {
    Ok(format!("{number}: {}", world.effect("quick")))
}

/// Runs one call, and stops it between its end and the record of its result.
#[action(state = Desk, writes(results, statuses))]
async fn stop_at_the_end(#[resource] world: &World, #[context] cx: &Context) -> Result<Writes> {
    let tools = tools![quick { world }];
    let ended = poll_fn(|_| if world.count("quick") > 0 { Poll::Ready(()) } else { Poll::Pending });
    let mut run = tools.run([call("1", "quick", json!({ "number": 1 }))]).in_step(cx).until(ended);
    // the second poll in one poll of the action notices the stop before the result is recorded
    let mut twice = stream::poll_fn(|task| match run.poll_next_unpin(task) {
        Poll::Pending => run.poll_next_unpin(task),
        ready @ Poll::Ready(_) => ready,
    });
    let mut events = Vec::new();
    while let Some(event) = twice.next().await {
        events.push(event?);
    }
    assert!(matches!(&events[..], [ToolEvent::Started(_), ToolEvent::Finished { .. }]));
    let (statuses, results) = run.results().map(|(_, result)| (result.status, result.text)).unzip();
    Ok(Writes { results, statuses })
}

graph! {
    Stopping(Desk) {
        resources { world: World }
        nodes { stop_at_the_end }
        start stop_at_the_end;
        stop_at_the_end -> end;
    }
}

#[tokio::test]
async fn a_stop_keeps_a_result_that_is_not_recorded_yet() {
    for log in [None, Some(memory())] {
        let resources = StoppingResources { world: World::default() };
        let app = Stopping::app().resources(resources).id("ada");
        let mut app = match log {
            Some(log) => app.log(log).build().await.unwrap(),
            None => app.build().await.unwrap(),
        };
        let end = app.run(StoppingInputs {}).await.unwrap();
        assert_eq!(end.state().statuses, [ToolStatus::Succeeded]);
        assert_eq!(end.state().results, ["1: 1"]);
    }
}

/// Runs the calls of two answers, of which each attempt gets others with the same ids.
#[action(state = Desk, writes(results))]
async fn ask_and_run(#[resource] world: &World, #[context] cx: &Context) -> Result<Writes> {
    let tools = tools![quick { world }];
    let mut results = Vec::new();
    for number in [1, cx.attempt() + 1] {
        let calls = [call("1", "quick", json!({ "number": number }))];
        let messages = tools.run(calls).in_step(cx).whole().await?;
        results.extend(messages.into_iter().map(|message| message.text));
    }
    if world.fails("step") {
        return Err(ActionError::msg("the step fails"));
    }
    Ok(Writes { results })
}

graph! {
    Asking(Desk) {
        resources { world: World }
        nodes {
            #[retry(Retry::times(2).first(Duration::ZERO))]
            ask_and_run,
        }
        start ask_and_run;
        ask_and_run -> end;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_with_other_arguments_is_another_call() {
    let world = World::default();
    world.fail("step", 1);
    let resources = AskingResources { world: world.clone() };
    let app = Asking::app().resources(resources).id("ada").log(memory());
    let end = app.build().await.unwrap().run(AskingInputs {}).await.unwrap().state().clone();
    // the first call is that of the first attempt
    assert_eq!(end.results, ["1: 1", "3: 3"]);
}

/// An item that cannot be serialized.
struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("on purpose"))
    }
}

/// Sends an item that cannot be serialized.
#[tool(yields(Unserializable))]
async fn send_badly() -> burdock::Result<()> {
    yield_!(Unserializable);
    Ok(())
}

#[tokio::test]
async fn a_call_whose_progress_cannot_be_serialized_fails() {
    let results = super::run(&tools![send_badly], [call("1", "send_badly", json!({}))]).await;
    let text = "error: the progress cannot be serialized: on purpose".to_owned();
    assert_eq!(results, [(ToolStatus::Failed, text)]);
}
