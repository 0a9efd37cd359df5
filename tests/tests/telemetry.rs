//! The spans of runs and steps, as an OpenTelemetry exporter receives them.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "actions and graphs of a test"
)]

use burdock::{
    ActionError, App, Context, Retry,
    event::Spans,
    log::{Log, MemoryLog},
    prelude::*,
};
use burdock_tests::faulty::{Fate, FaultyLog};
use opentelemetry::{Value, trace::Status, trace::TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde::{Deserialize, Serialize};
use std::{io, time::Duration};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Parcel {
    pub history: Vector<String>,
}

/// The faults of a run.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Faults {
    /// The number of attempts of `pack` that fail.
    pack: u32,
    send: bool,
}

fn missing(what: &str) -> ActionError {
    let cause = io::Error::new(io::ErrorKind::NotFound, "no such shelf");
    ActionError::from(cause).context(format!("the {what} is missing"))
}

#[action(state = Parcel, reads(history), writes(history))]
async fn pack(
    parcel: Reads<'_>,
    #[input] faults: Faults,
    #[context] cx: &Context,
) -> Result<Writes> {
    if cx.attempt() <= faults.pack {
        return Err(missing("box"));
    }
    Ok(Writes { history: parcel.history.clone() })
}

#[streaming_action(state = Parcel, reads(history), writes(history), yields(u32))]
async fn send(parcel: Reads<'_>, #[input] faults: Faults) -> Result<Writes> {
    yield_!(1);
    if faults.send {
        return Err(missing("address"));
    }
    yield_!(2);
    Ok(Writes { history: parcel.history.clone() })
}

#[action(state = Parcel, reads(history), writes(history))]
async fn rescue(parcel: Reads<'_>) -> Result<Writes> {
    tracing::info!("rescuing");
    Ok(Writes { history: parcel.history.clone() })
}

graph! {
    pub Ship(Parcel) {
        inputs { faults: Faults }
        yields u32;
        nodes {
            #[retry(Retry::times(1).first(Duration::from_secs(1)))]
            pack,
            send,
            rescue,
        }
        start pack;
        pack -> send;
        send | rescue -> pause pack;
        on error pack -> rescue;
    }
}

/// The trace output of this thread, as an exporter receives it.
struct Exported {
    exporter: InMemorySpanExporter,
    provider: SdkTracerProvider,
    _guard: DefaultGuard,
}

impl Exported {
    fn new() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("burdock"));
        let subscriber = tracing_subscriber::registry().with(layer);
        let guard = tracing::subscriber::set_default(subscriber);
        Self { exporter, provider, _guard: guard }
    }

    /// The spans that ended since the last call, in the order of their ends.
    fn take(&self) -> Vec<SpanData> {
        self.provider.force_flush().unwrap();
        let spans = self.exporter.get_finished_spans().unwrap();
        self.exporter.reset();
        spans
    }
}

async fn ship(log: impl Log, session: &str) -> App<Ship> {
    Ship::app().id(session).log(log).observer(Spans::default()).build().await.unwrap()
}

fn run(pack: u32, send: bool) -> ShipInputs {
    ShipInputs { faults: Faults { pack, send } }
}

fn attribute(span: &SpanData, name: &str) -> Option<Value> {
    span.attributes.iter().find(|found| found.key.as_str() == name).map(|found| found.value.clone())
}

fn text(span: &SpanData, name: &str) -> Option<String> {
    attribute(span, name).map(|value| match value {
        Value::String(text) => text.to_string(),
        other => panic!("{name} is {other:?}"),
    })
}

fn integer(span: &SpanData, name: &str) -> Option<i64> {
    attribute(span, name).map(|value| match value {
        Value::I64(number) => number,
        other => panic!("{name} is {other:?}"),
    })
}

/// A span in one line: its name, its place, its counts and its status.
fn line(span: &SpanData) -> String {
    let name = if span.name == "run" { text(span, "graph") } else { text(span, "node") };
    let status = match &span.status {
        Status::Unset => text(span, "outcome").unwrap_or("unset".into()),
        Status::Ok => "ok".into(),
        Status::Error { description } => {
            assert_eq!(text(span, "error").unwrap(), *description);
            format!("error: {description}")
        }
    };
    let counts = ["step", "attempts", "items"]
        .map(|name| integer(span, name).map_or("-".into(), |number| number.to_string()));
    format!(
        "{} {} of {}/{} {}: {status}",
        span.name,
        name.unwrap(),
        text(span, "session").unwrap(),
        integer(span, "run").unwrap(),
        counts.join(" ")
    )
}

/// The lines of the spans. Asserts that each step is in the run that ends after it.
fn lines(spans: &[SpanData]) -> Vec<String> {
    let mut runs = spans.iter().filter(|span| span.name == "run");
    let mut run = runs.next();
    for span in spans {
        let within = run.unwrap();
        if span.name == "step" {
            assert_eq!(span.parent_span_id, within.span_context.span_id());
            assert_eq!(span.span_context.trace_id(), within.span_context.trace_id());
        } else {
            assert_eq!(span.parent_span_id, opentelemetry::SpanId::INVALID);
            run = runs.next();
        }
    }
    spans.iter().map(line).collect()
}

const NO_BOX: &str = "node `pack` failed in attempt 2: the box is missing: no such shelf";
const NO_ADDRESS: &str = "node `send` failed: the address is missing: no such shelf";

#[tokio::test(start_paused = true)]
async fn counts_are_integers_and_a_failed_attempt_is_not_an_error_of_its_step() {
    let exported = Exported::new();
    let mut app = ship(MemoryLog::new(), "a").await;
    app.run(run(1, false)).await.unwrap();
    let spans = exported.take();
    assert_eq!(
        lines(&spans),
        [
            "step pack of a/1 0 2 0: unset",
            "step send of a/1 1 1 2: unset",
            "run Ship of a/1 - - -: paused before `pack`"
        ]
    );
    let [failed] = &spans[0].events[..] else { panic!("{:?}", spans[0].events) };
    assert_eq!(failed.name, "attempt failed");
    let error = failed.attributes.iter().find(|found| found.key.as_str() == "error").unwrap();
    assert_eq!(error.value.as_str(), "node `pack` failed: the box is missing: no such shelf");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_took_its_error_edge_is_an_error_and_its_run_is_not() {
    let exported = Exported::new();
    let mut app = ship(MemoryLog::new(), "a").await;
    app.run(run(2, false)).await.unwrap();
    let spans = exported.take();
    assert_eq!(
        lines(&spans),
        [
            format!("step pack of a/1 0 2 -: error: {NO_BOX}"),
            "step rescue of a/1 0 1 0: unset".into(),
            "run Ship of a/1 - - -: paused before `pack`".into()
        ]
    );
    assert_eq!(spans[1].events[0].name, "rescuing");
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_is_an_error_with_the_chain_of_causes() {
    let exported = Exported::new();
    let mut app = ship(MemoryLog::new(), "a").await;
    app.run(run(0, true)).await.unwrap_err();
    assert_eq!(
        lines(&exported.take()),
        [
            "step pack of a/1 0 1 0: unset".into(),
            format!("step send of a/1 1 1 -: error: {NO_ADDRESS}"),
            format!("run Ship of a/1 - - -: error: {NO_ADDRESS}")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn spans_name_the_session_and_the_run_after_a_resume_a_restart_an_opening_and_a_fork() {
    let exported = Exported::new();
    let log = MemoryLog::new();
    let mut app = ship(log.clone(), "a").await;
    app.run(run(0, true)).await.unwrap_err();
    exported.take();
    let failed = |name: &str| {
        [
            format!("step send of {name} 1 1 -: error: {NO_ADDRESS}"),
            format!("run Ship of {name} - - -: error: {NO_ADDRESS}"),
        ]
    };
    app.resume().await.unwrap_err();
    assert_eq!(lines(&exported.take()), failed("a/1"));
    app.restart(run(0, true)).await.unwrap_err();
    assert_eq!(
        lines(&exported.take())[1..],
        failed("a/2").map(|line| line.replace("send of a/2 1", "send of a/2 2"))
    );
    app.close().await.unwrap();

    let mut app = ship(log.clone(), "a").await;
    app.resume().await.unwrap_err();
    assert_eq!(lines(&exported.take())[1], failed("a/2")[1]);
    let offset = app.cursor().unwrap().offset;
    drop(app.fork(offset, "b").await.unwrap());
    let mut fork = ship(log, "b").await;
    fork.resume().await.unwrap_err();
    assert_eq!(lines(&exported.take())[1], failed("b/2")[1]);
    fork.restart(run(0, false)).await.unwrap();
    let spans = exported.take();
    assert!(spans.iter().all(|span| text(span, "session").unwrap() == "b"));
    assert!(spans.iter().all(|span| integer(span, "run") == Some(3)));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_the_log_did_not_store_is_an_error_and_so_is_its_run() {
    let exported = Exported::new();
    let log = FaultyLog::new(MemoryLog::new());
    let mut app = ship(log.clone(), "a").await;
    log.fates([Fate::Stored, Fate::Refused]);
    app.run(run(0, false)).await.unwrap_err();
    let spans = exported.take();
    let [step, run] = &lines(&spans)[..] else { panic!("{spans:?}") };
    assert!(step.starts_with("step pack of a/1 0 1 -: error: the session could not"), "{step}");
    assert!(run.starts_with("run Ship of a/1 - - -: error: the session could not"), "{run}");
}

#[tokio::test]
async fn a_dropped_run_is_not_an_error() {
    let exported = Exported::new();
    let mut app = ship(MemoryLog::new(), "a").await;
    let mut dropped = app.run(run(0, false));
    dropped.next().await.unwrap().unwrap();
    drop(dropped);
    assert_eq!(
        lines(&exported.take()),
        [
            "step pack of a/1 0 1 0: unset",
            "step send of a/1 1 - -: unset",
            "run Ship of a/1 - - -: cancelled"
        ]
    );
}

#[streaming_action(state = Parcel, reads(history), writes(history), yields(u32))]
async fn delegate(parcel: Reads<'_>, #[graph] ship: Sub<'_, Ship>) -> Result<Writes> {
    let start = |send| ShipInputs { faults: Faults { pack: 0, send } };
    let mut runs = ship.each([("a", start(false)), ("b", start(true))]);
    while let Some(event) = runs.next().await {
        if let Ok(SubEvent::Item { item, .. }) = event {
            yield_!(item);
        }
    }
    tracing::info!("delegated");
    Ok(Writes { history: parcel.history.clone() })
}

graph! {
    pub Delegating(Parcel) {
        yields u32;
        nodes { delegate }
        start delegate;
        delegate -> end;
    }
}

#[tokio::test(start_paused = true)]
async fn spans_of_children_are_in_the_spans_of_their_parents_steps() {
    for logged in [false, true] {
        let exported = Exported::new();
        let builder = Delegating::app().observer(Spans::default());
        let mut app = if logged {
            builder.log(MemoryLog::new()).build().await.unwrap()
        } else {
            builder.build().await.unwrap()
        };
        app.run(DelegatingInputs {}).await.unwrap();
        let spans = exported.take();
        let id = |span: &SpanData| span.span_context.span_id();
        let named = |name: &str, value: &str| {
            let found = spans.iter().filter(|span| text(span, name).as_deref() == Some(value));
            found.collect::<Vec<_>>()
        };
        let [parent] = named("node", "delegate")[..] else { panic!("{spans:#?}") };
        assert_eq!(parent.events[0].name, "delegated");
        let runs = named("graph", "Ship");
        assert_eq!(runs.len(), 2);
        for run in &runs {
            assert_eq!(run.parent_span_id, id(parent));
            assert!(text(run, "session").unwrap().starts_with('~'));
        }
        let steps: Vec<_> = ["pack", "send"].iter().flat_map(|node| named("node", node)).collect();
        assert_eq!(steps.len(), 4);
        for step in steps {
            let run = runs.iter().find(|run| id(run) == step.parent_span_id).unwrap();
            assert_eq!(text(step, "session"), text(run, "session"));
        }
        let failed = runs.iter().filter(|run| matches!(run.status, Status::Error { .. }));
        assert_eq!(failed.count(), 1);
    }
}

#[tokio::test]
async fn children_of_an_app_without_spans_have_none() {
    let exported = Exported::new();
    let mut app = Delegating::app().build().await.unwrap();
    app.run(DelegatingInputs {}).await.unwrap();
    assert!(exported.take().is_empty());
}
