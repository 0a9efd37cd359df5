//! Blocking actions: they have the same backpressure, stops and failures, and the app joins their threads.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "a test"
)]

use burdock::{
    App, Context, Failure, Outcome, Position, RunErrorKind, Runtime, prelude::*, runtime::Sleep,
};
use burdock_tests::{clock::Clock, stalled::UntilStalled};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};
use tokio::sync::Notify;

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub total: u32,
    pub report: Slot<String>,
}

/// Observations of a thread, and a gate for it.
#[derive(Default)]
pub struct Seen {
    yielded: AtomicU32,
    unwound: AtomicBool,
    gate: Mutex<Option<mpsc::Receiver<()>>>,
    opened: Mutex<Option<mpsc::Sender<()>>>,
    at_gate: Notify,
}

impl Seen {
    /// Blocks the thread until the test opens the gate.
    fn wait(&self) {
        let gate = self.gate.lock().unwrap().take();
        if let Some(gate) = gate {
            self.at_gate.notify_one();
            gate.recv().unwrap();
        }
    }

    fn closed() -> Arc<Self> {
        let (send, receive) = mpsc::channel();
        Arc::new(Self {
            gate: Mutex::new(Some(receive)),
            opened: Mutex::new(Some(send)),
            ..Self::default()
        })
    }

    fn open(&self) {
        self.opened.lock().unwrap().take().unwrap().send(()).unwrap();
    }
}

struct Unwinding<'a>(&'a Seen);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.unwound.store(true, Ordering::SeqCst);
        }
    }
}

#[streaming_action(state = Job, reads(total), writes(total), yields(u32), blocking)]
fn count(job: Reads<'_>, #[resource] seen: &Arc<Seen>, to: u32) -> Result<Writes> {
    let _unwinding = Unwinding(seen);
    let mut total = *job.total;
    for item in 1..=to {
        seen.yielded.fetch_add(1, Ordering::SeqCst);
        if yield_!(item).is_stop() {
            break;
        }
        total += item;
    }
    seen.wait();
    Ok(Writes { total })
}

#[action(state = Job, reads(total), writes(report), blocking)]
fn report(
    job: Reads<'_>,
    #[input] name: String,
    #[input] title: &String,
    #[context] cx: &Context,
    suffix: String,
) -> Result<Writes> {
    let (node, step) = (cx.node(), cx.step());
    Ok(Writes { report: format!("{title} {name}: {} at {node} {step}{suffix}", job.total) })
}

graph! {
    pub Batch(Job) {
        inputs { name: String, title: String }
        resources { seen: Arc<Seen> }
        yields u64;
        nodes { count: count { to: 3 }, report: report { suffix: "!".into() } }
        start count;
        count -> report;
        report -> pause count;
    }
}

async fn batch(seen: &Arc<Seen>) -> App<Batch> {
    Batch::app().resources(BatchResources { seen: seen.clone() }).build().await.unwrap()
}

fn inputs() -> BatchInputs {
    BatchInputs { name: "Ada".into(), title: "Dr".into() }
}

#[tokio::test]
async fn a_blocking_action_receives_inputs_resources_parameters_reads_and_context() {
    let mut app = batch(&Arc::default()).await;
    let mut run = app.run(inputs());
    let items: Vec<u64> = run.by_ref().map(|item| item.unwrap()).collect().await;
    assert_eq!(items, [1, 2, 3]);
    let end = run.finish().await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(BatchNode::count));
    assert_eq!(end.state().report.get().unwrap(), "Dr Ada: 6 at report 1!");
    drop(run);
    assert_eq!(app.close().await.unwrap().total, 6);
}

#[tokio::test]
async fn a_thread_yields_one_item_at_a_time_and_waits_until_it_is_taken() {
    let seen = Arc::default();
    let mut app = batch(&seen).await;
    let mut run = app.run(inputs());
    for item in 1..=3_u64 {
        assert_eq!(run.next().await.unwrap().unwrap(), item);
        assert_eq!(u64::from(seen.yielded.load(Ordering::SeqCst)), item);
    }
}

#[tokio::test]
async fn a_stopped_thread_returns_at_its_next_item_and_its_writes_are_committed() {
    let seen = Arc::default();
    let mut app = batch(&seen).await;
    let mut run = app.run(inputs());
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert_eq!(run.next().await.unwrap().unwrap(), 2);
    run.stopper().stop();
    assert!(run.next().await.is_none());
    let end = run.finish().await.unwrap();
    assert_eq!((end.outcome(), end.state().total), (Outcome::Stopped(BatchNode::report), 1));
    assert_eq!(seen.yielded.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn dropping_a_run_unwinds_its_thread_at_the_current_item_and_discards_its_writes() {
    let seen = Arc::default();
    let mut app = batch(&seen).await;
    let mut run = app.run(inputs());
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    drop(run);
    assert_eq!(app.position(), Position::Unfinished(BatchNode::count));
    assert_eq!(app.close().await.unwrap(), Job::default(), "closing joins the thread");
    assert!(seen.unwound.load(Ordering::SeqCst));
    assert_eq!(seen.yielded.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_thread_that_outlives_its_run_writes_nothing_and_close_waits_for_it() {
    let seen = Seen::closed();
    let mut app = batch(&seen).await;
    let mut run = app.run(inputs());
    for _ in 0..3 {
        run.next().await.unwrap().unwrap();
    }
    assert!(run.next().until_stalled().is_none());
    seen.at_gate.notified().await;
    drop(run);
    assert_eq!(app.state(), &Job::default());
    let mut closing = std::pin::pin!(app.close());
    assert!(closing.as_mut().until_stalled().is_none());
    seen.open();
    assert_eq!(closing.await.unwrap(), Job::default());
}

#[tokio::test]
async fn an_unfinished_run_resumes_while_the_thread_of_the_dropped_run_still_runs() {
    let seen = Seen::closed();
    let mut app = batch(&seen).await;
    let mut run = app.run(inputs());
    for _ in 0..3 {
        run.next().await.unwrap().unwrap();
    }
    assert!(run.next().until_stalled().is_none());
    seen.at_gate.notified().await;
    drop(run);
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().total, 6);
    seen.open();
    assert_eq!(app.close().await.unwrap().total, 6);
}

#[tokio::test]
async fn a_thread_that_ignores_a_stop_is_cancelled_after_the_grace_period() {
    let seen = Seen::closed();
    let clock = Clock::default();
    let mut app = Batch::app()
        .resources(BatchResources { seen: seen.clone() })
        .runtime(clock.clone())
        .build()
        .await
        .unwrap();
    let mut run = app.run(inputs());
    for _ in 0..3 {
        run.next().await.unwrap().unwrap();
    }
    run.stopper().stop();
    assert!(run.next().until_stalled().is_none());
    clock.advance(Duration::from_secs(5));
    let error = run.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "node `count` did not finish within 5s after the stop, and was cancelled"
    );
    drop(run);
    seen.open();
    assert_eq!(app.close().await.unwrap(), Job::default());
}

#[action(state = Job, writes(total), blocking)]
fn ouch() -> Result<Writes> {
    panic!("on the thread")
}

#[action(state = Job, writes(total), blocking)]
fn broken(#[param(default = panic!("the default"))] total: u32) -> Result<Writes> {
    Ok(Writes { total })
}

#[action(state = Job, writes(report), blocking)]
fn excuse(#[error] failure: &Failure) -> Result<Writes> {
    Ok(Writes { report: failure.to_string() })
}

graph! {
    pub Clumsy(Job) {
        nodes { ouch, broken, excuse }
        start ouch;
        ouch | excuse -> pause broken;
        broken -> end;
        on error ouch | broken -> excuse;
    }
}

#[tokio::test]
async fn a_panic_on_the_thread_fails_its_step_and_the_error_edge_receives_the_failure() {
    let mut app = Clumsy::app().build().await.unwrap();
    let end = app.run(ClumsyInputs {}).await.unwrap();
    assert_eq!(end.state().report.get().unwrap(), "node `ouch` panicked: on the thread");
    let end = app.run(ClumsyInputs {}).await.unwrap();
    assert_eq!(end.state().report.get().unwrap(), "node `broken` panicked: the default");
}

/// Drops every job.
struct Full;

impl Runtime for Full {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(std::future::pending())
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        drop(job);
    }

    fn random(&self) -> u64 {
        0
    }
}

#[tokio::test]
async fn a_job_that_the_runtime_drops_fails_its_step_instead_of_hanging() {
    let mut app = Batch::app()
        .resources(BatchResources { seen: Arc::default() })
        .runtime(Full)
        .build()
        .await
        .unwrap();
    let error = app.run(inputs()).await.unwrap_err();
    let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error}") };
    assert_eq!(failure.node(), "count");
    let error = failure.error().unwrap();
    assert_eq!(error.to_string(), "no thread was started for a blocking action");
    assert!(error.is_retryable(), "nothing has run");
    assert_eq!(app.close().await.unwrap(), Job::default());
}

#[streaming_action(state = Job, reads(total), writes(total), yields(u32))]
fn plain(job: Reads<'_>) -> Result<Writes> {
    yield_!(*job.total);
    Ok(Writes { total: job.total + 1 })
}

graph! {
    pub Plain(Job) {
        yields u32;
        nodes { plain }
        start plain;
        plain -> if state.total < 3 { plain } else { end };
    }
}

#[test]
fn a_streaming_function_that_is_not_async_needs_no_runtime() {
    futures::executor::block_on(async {
        let mut app = Plain::app().build().await.unwrap();
        let mut run = app.run(PlainInputs {});
        let items: Vec<u32> = run.by_ref().map(|item| item.unwrap()).collect().await;
        assert_eq!(items, [0, 1, 2]);
        assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Ended);
    });
}

/// Works until it is stopped, without yielding an item.
#[action(state = Job, writes(total), blocking)]
fn spin(#[context] cx: &Context, #[resource] seen: &Arc<Seen>) -> Result<Writes> {
    seen.at_gate.notify_one();
    while !cx.is_stopped() {
        std::thread::yield_now();
    }
    Ok(Writes { total: 0 })
}

graph! {
    pub Spinning(Job) {
        resources { seen: Arc<Seen> }
        nodes { spin }
        start spin;
        spin -> pause;
    }
}

#[tokio::test]
async fn a_thread_that_yields_nothing_is_stopped_when_its_run_is_dropped() {
    let seen = Seen::closed();
    let resources = SpinningResources { seen: seen.clone() };
    let mut app = Spinning::app().resources(resources).build().await.unwrap();
    let mut run = app.run(SpinningInputs {});
    assert!(run.next().until_stalled().is_none());
    seen.at_gate.notified().await;
    drop(run);
    app.close().await.unwrap();
}
