//! Events, observers, spans, and the context of an action.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "a test"
)]

use burdock::{Context, Event, Observer, event::Spans, prelude::*};
use burdock_tests::script::{
    Careful, CarefulInputs, CarefulResources, Do, Drops, EventRecorder, Line, LineInputs,
    LineNode as At, LineResources, Script,
};
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    fmt::Write as _,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_core::span::Current;

fn chatty() -> Script {
    Script::default().on("first", [Do::Yield(1), Do::Yield(2)]).on("third", [Do::Yield(3)])
}

fn resources(script: Script) -> LineResources {
    LineResources { script, drops: Drops::default() }
}

const WHOLE_RUN: &str = "\
first 0.1 run_started
first 0.1 step_started
first 0.1 item
first 0.1 item
first 0.1 step_committed Node(second)
second 1.1 step_started
second 1.1 step_committed Node(third)
third 2.1 step_started
third 2.1 item
third 2.1 step_committed Pause(first)
third 3.1 run_finished Paused(first)";

#[tokio::test]
async fn consumers_and_observers_receive_all_events_in_order() {
    let recorder = EventRecorder::default();
    let mut app = Line::app()
        .resources(resources(chatty()))
        .observer(recorder.observer())
        .build()
        .await
        .unwrap();
    let mut events = app.run(LineInputs {}).events();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(format!("{:?}", event.unwrap()));
    }
    assert_eq!(seen.join("\n"), WHOLE_RUN);
    assert_eq!(recorder.take(), WHOLE_RUN);
}

#[tokio::test]
async fn a_commit_event_is_emitted_after_the_commit() {
    let mut app = Line::app().resources(resources(chatty())).build().await.unwrap();
    let mut events = app.run(LineInputs {}).events();
    while let Some(event) = events.next().await {
        if event.unwrap().kind.name() == "step_committed" {
            break;
        }
    }
    drop(events);
    assert_eq!(app.state().nodes(), "first");
}

#[tokio::test]
async fn the_events_of_a_failing_run_end_with_its_error() {
    let script = Script::default().on("second", [Do::Yield(1), Do::Fail("no")]);
    let mut app = Line::app().resources(resources(script)).build().await.unwrap();
    let mut events = app.run(LineInputs {}).events();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(event.map_or_else(|e| format!("! {e}"), |event| format!("{event:?}")));
    }
    assert_eq!(
        seen.join("\n"),
        "first 0.1 run_started\n\
         first 0.1 step_started\n\
         first 0.1 step_committed Node(second)\n\
         second 1.1 step_started\n\
         second 1.1 item\n\
         second 1.1 items_superseded 1\n\
         second 1.1 step_failed node `second` failed, then None\n\
         second 1.1 run_failed node `second` failed\n\
         ! node `second` failed"
    );
    assert!(events.finish().await.is_err());
}

#[tokio::test]
async fn a_repeated_step_supersedes_the_items_of_a_run_without_subscribers() {
    let script = Script::default().on("first", [Do::Yield(1), Do::Yield(2), Do::Fail("no")]);
    let mut app = Line::app().resources(resources(script)).build().await.unwrap();
    app.run(LineInputs {}).await.unwrap_err();
    let mut events = app.resume().events();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(format!("{:?}", event.unwrap()));
    }
    assert_eq!(
        seen[..3],
        ["first 0.1 run_started", "first 0.1 items_superseded 2", "first 0.1 step_started"]
    );
}

#[tokio::test(start_paused = true)]
async fn each_run_starts_with_attempt_one() {
    let script = Script::default()
        .on("first", [Do::Fail("1")])
        .on("first", [Do::Panic("2")])
        .on("third", [Do::Fail("3")]);
    let recorder = EventRecorder::default();
    let mut app = Careful::app()
        .resources(CarefulResources { script, drops: Drops::default() })
        .observer(recorder.observer())
        .build()
        .await
        .unwrap();
    app.run(CarefulInputs {}).await.unwrap();
    app.run(CarefulInputs {}).await.unwrap();
    assert_eq!(recorder.count("0.2 step_failed"), 1);
    assert_eq!(recorder.count("1.1 run_started"), 1);
}

#[tokio::test]
async fn observers_are_called_in_the_order_of_registration() {
    let log = Arc::new(Mutex::new(String::new()));
    let named = |name: char| {
        let log = Arc::clone(&log);
        move |_: &Event<Line>| log.lock().unwrap().push(name)
    };
    let mut app = Line::app()
        .resources(resources(Script::default()))
        .observer(named('a'))
        .observer(named('b'))
        .observer(named('c'))
        .build()
        .await
        .unwrap();
    app.run(LineInputs {}).await.unwrap();
    assert_eq!(log.lock().unwrap().as_str(), "abc".repeat(8));
}

#[tokio::test]
async fn a_panicking_observer_is_removed_and_the_run_continues() {
    let (recorder, count) = (EventRecorder::default(), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&count);
    let mut app = Line::app()
        .resources(resources(chatty()))
        .observer(move |event: &Event<Line>| {
            *counted.lock().unwrap() += 1;
            assert!(event.kind.name() != "item", "an observer");
        })
        .observer(recorder.observer())
        .build()
        .await
        .unwrap();
    app.run(LineInputs {}).await.unwrap();
    assert_eq!(*count.lock().unwrap(), 3);
    assert_eq!(recorder.take(), WHOLE_RUN);
}

/// Runs a graph with an observer that panics, and checks that the next observer receives the whole run.
async fn assert_run_ends_beside(observer: impl Observer<Line> + 'static) {
    let recorder = EventRecorder::default();
    let mut app = Line::app()
        .resources(resources(chatty()))
        .observer(observer)
        .observer(recorder.observer())
        .build()
        .await
        .unwrap();
    app.run(LineInputs {}).await.unwrap();
    assert_eq!(recorder.take(), WHOLE_RUN);
}

/// Panics at an item, and again when it is dropped.
struct BadDrop;

impl Observer<Line> for BadDrop {
    fn on_event(&mut self, event: &Event<Line>) {
        assert!(event.kind.name() != "item", "an observer");
    }
}

impl Drop for BadDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::resume_unwind(Box::new("a destructor"));
        }
    }
}

#[tokio::test]
async fn an_observer_with_a_panicking_destructor_is_removed() {
    assert_run_ends_beside(BadDrop).await;
}

struct BadSpan;

impl<G: Graph> Observer<G> for BadSpan {
    fn on_event(&mut self, _: &Event<G>) {}

    fn step_span(&self) -> Option<tracing::Span> {
        panic!("a span")
    }
}

#[tokio::test]
async fn an_observer_with_a_panicking_span_is_removed() {
    assert_run_ends_beside(BadSpan).await;
}

/// Records spans, and the events in them as lines of text.
#[derive(Default)]
struct Trace {
    spans: Mutex<Vec<(String, Option<u64>)>>,
    metadata: Mutex<Vec<&'static Metadata<'static>>>,
    lines: Mutex<Vec<String>>,
}

thread_local! {
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

fn trace() -> &'static Trace {
    static TRACE: OnceLock<&'static Trace> = OnceLock::new();
    TRACE.get_or_init(|| {
        let trace: &'static Trace = Box::leak(Box::default());
        tracing::subscriber::set_global_default(trace).unwrap();
        trace
    })
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Trace {
    fn current() -> Option<u64> {
        ENTERED.with_borrow(|spans| spans.last().copied())
    }

    fn path(&self, id: Option<u64>) -> String {
        let mut path = Vec::new();
        let mut next = id;
        while let Some(id) = next {
            let (name, parent) =
                self.spans.lock().unwrap()[usize::try_from(id).unwrap() - 1].clone();
            path.push(name);
            next = parent;
        }
        path.reverse();
        path.join(" > ")
    }
}

impl Subscriber for &'static Trace {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("burdock") || metadata.target().starts_with("events")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(span.metadata().name().to_owned());
        span.record(&mut text);
        let parent = span
            .parent()
            .map(Id::into_u64)
            .or_else(|| span.is_contextual().then(Trace::current).flatten());
        let mut spans = self.spans.lock().unwrap();
        spans.push((text.0, parent));
        self.metadata.lock().unwrap().push(span.metadata());
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut text = Text(String::new());
        values.record(&mut text);
        let index = usize::try_from(id.into_u64()).unwrap() - 1;
        self.spans.lock().unwrap()[index].0.push_str(&text.0);
    }

    fn current_span(&self) -> Current {
        Trace::current().map_or_else(Current::none, |id| {
            let metadata = self.metadata.lock().unwrap()[usize::try_from(id).unwrap() - 1];
            Current::new(Id::from_u64(id), metadata)
        })
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let line = format!("{}:{}", self.path(Trace::current()), text.0);
        self.lines.lock().unwrap().push(line);
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|spans| spans.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with_borrow_mut(|spans| assert_eq!(spans.pop(), Some(id.into_u64())));
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    pub seen: Vector<String>,
}

#[streaming_action(state = Notes, reads(seen), writes(seen), yields(u32))]
async fn note(notes: Reads<'_>, #[context] cx: &Context) -> Result<Writes> {
    tracing::info!("before");
    yield_!(1);
    tokio::task::yield_now().await;
    tracing::info!("after");
    if cx.node() == "flaky" && cx.attempt() < 3 {
        return Err(burdock::ActionError::msg("again"));
    }
    let mut seen = notes.seen.clone();
    seen.push_back(format!("{} {} {}", cx.session(), cx.run(), cx.key()));
    Ok(Writes { seen })
}

#[action(state = Notes, reads(seen), writes(seen), blocking)]
fn note_blocking(notes: Reads<'_>) -> Result<Writes> {
    tracing::info!("on a thread");
    Ok(Writes { seen: notes.seen.clone() })
}

#[action(state = Notes, reads(seen), writes(seen))]
async fn note_attempts(
    notes: Reads<'_>,
    #[context] cx: &Context,
    #[resource] log: &Keys,
) -> Result<Writes> {
    log.0.lock().unwrap().push(format!(
        "{} run {} step {} attempt {} {} {}",
        cx.session(),
        cx.run(),
        cx.step(),
        cx.attempt(),
        cx.node(),
        cx.key()
    ));
    if cx.attempt() < 3 && cx.node() == "flaky" {
        return Err(burdock::ActionError::msg("again"));
    }
    Ok(Writes { seen: notes.seen.clone() })
}

#[derive(Clone, Default)]
pub struct Keys(Arc<Mutex<Vec<String>>>);

graph! {
    pub Traced(Notes) {
        yields u32;
        nodes { note, thread: note_blocking }
        start note;
        note -> thread;
        thread -> pause note;
    }
}

graph! {
    pub Keyed(Notes) {
        resources { log: Keys }
        nodes {
            steady: note_attempts,
            #[retry(burdock::Retry::times(5).first(Duration::from_secs(1)))]
            flaky: note_attempts,
        }
        start steady;
        steady -> flaky;
        flaky -> pause steady;
    }
}

#[tokio::test]
async fn events_that_an_action_traces_are_in_the_spans_of_its_run_and_step() {
    let trace = trace();
    let mut app = Traced::app().id("traced").observer(Spans::default()).build().await.unwrap();
    app.run(TracedInputs {}).await.unwrap();
    let spans: Vec<_> = trace.spans.lock().unwrap().clone();
    let run = spans.iter().position(|(text, _)| text.contains("graph=\"Traced\"")).unwrap();
    assert_eq!(
        spans[run].0,
        "run graph=\"Traced\" session=\"traced\" run=1 outcome=\"paused before `note`\""
    );
    let steps: Vec<_> = spans
        .iter()
        .filter(|(_, parent)| *parent == Some(run as u64 + 1))
        .map(|(text, _)| text.as_str())
        .collect();
    assert_eq!(
        steps,
        [
            "step session=\"traced\" run=1 node=\"note\" step=0 attempts=1 items=1",
            "step session=\"traced\" run=1 node=\"thread\" step=1 attempts=1 items=0"
        ]
    );
    let lines: Vec<_> = trace.lines.lock().unwrap().clone();
    let traced: Vec<_> = lines.into_iter().filter(|line| line.contains("Traced")).collect();
    let of = "session=\"traced\" run=1";
    let run = format!("run graph=\"Traced\" {of}");
    assert_eq!(
        traced,
        [
            format!("{run} > step {of} node=\"note\" step=0: message=before"),
            format!("{run} > step {of} node=\"note\" step=0: message=after"),
            format!("{run} > step {of} node=\"thread\" step=1: message=on a thread"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_context_has_the_place_of_its_attempt_and_the_key_is_the_same_in_each_attempt() {
    let log = Keys::default();
    let resources = KeyedResources { log: log.clone() };
    let mut app = Keyed::app().id("s").resources(resources).build().await.unwrap();
    app.run(KeyedInputs {}).await.unwrap();
    app.run(KeyedInputs {}).halt_after(KeyedNode::steady).await.unwrap();
    drop(app.resume());
    app.resume().await.unwrap();
    assert_eq!(
        *log.0.lock().unwrap(),
        [
            "s run 1 step 0 attempt 1 steady s/1/0/steady",
            "s run 1 step 1 attempt 1 flaky s/1/1/flaky",
            "s run 1 step 1 attempt 2 flaky s/1/1/flaky",
            "s run 1 step 1 attempt 3 flaky s/1/1/flaky",
            "s run 2 step 2 attempt 1 steady s/2/2/steady",
            "s run 2 step 3 attempt 1 flaky s/2/3/flaky",
            "s run 2 step 3 attempt 2 flaky s/2/3/flaky",
            "s run 2 step 3 attempt 3 flaky s/2/3/flaky",
        ]
    );
    assert_eq!(app.id(), "s");
}

#[tokio::test]
async fn events_name_the_session_and_the_run() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observed = Arc::clone(&seen);
    let script = chatty().on("first", [Do::Yield(3)]).on("first", [Do::Yield(4)]);
    let mut app = Line::app()
        .resources(resources(script))
        .id("s")
        .observer(move |event: &Event<Line>| {
            observed.lock().unwrap().push((event.session().to_owned(), event.run));
        })
        .build()
        .await
        .unwrap();
    for run in 1..=2 {
        let mut events = app.run(LineInputs {}).events();
        while let Some(event) = events.next().await {
            let event = event.unwrap();
            assert_eq!((event.session(), event.run), ("s", run));
        }
        drop(events);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert!(seen.len() > 4 && seen.iter().all(|event| *event == ("s".into(), run)), "{seen:?}");
    }
    let mut dropped = app.run(LineInputs {});
    dropped.next().await;
    drop(dropped);
    assert_eq!(seen.lock().unwrap().last(), Some(&("s".into(), 3)));
    app.resume().await.unwrap();
    assert_eq!(seen.lock().unwrap().last(), Some(&("s".into(), 3)));
}

#[tokio::test]
async fn sessions_without_an_id_get_unique_ids() {
    let app = || async { Traced::app().build().await.unwrap() };
    let (a, b) = (app().await, app().await);
    assert_ne!(a.id(), b.id());
    assert!(!a.id().is_empty());
}

#[test]
fn nodes_are_listed_and_display_their_names() {
    assert_eq!(At::ALL, [At::first, At::second, At::third]);
    assert_eq!(At::second.to_string(), "second");
    assert_eq!(serde_json::to_string(&At::third).unwrap(), "\"third\"");
}

#[action(state = Slept, writes(seconds))]
async fn sleep_in(#[context] cx: &Context) -> Result<Writes> {
    let bedtime = cx.now();
    cx.sleep(Duration::from_mins(1)).await;
    Ok(Writes { seconds: cx.now().saturating_sub(bedtime).as_secs() })
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Slept {
    pub seconds: u64,
}

#[tokio::test(start_paused = true)]
async fn context_now_follows_the_paused_clock_of_tokio() {
    let (_, writes) = sleep_in::test(&Slept::default()).await;
    assert_eq!(writes.unwrap().seconds, 60);
}
