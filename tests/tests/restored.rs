//! Sessions that another version of the program wrote, their clocks, and their ids.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    App, Position, RunErrorKind, Runtime,
    log::{EntryKind, Log, LogError, MemoryLog, Offset, SessionId},
    prelude::*,
    run::{BuildError, ReadError, RestoreError},
    runtime::Sleep,
};
use burdock_tests::{
    clock::Clock,
    script::{Do, Drops, EventRecorder, Line, LineInputs, LineNode, LineResources, Script},
};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The first version of a program.
mod first {
    use burdock::{ActionError, Failure, prelude::*};
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Talk {
        pub history: Vector<String>,
        pub count: u32,
    }

    #[action(state = Talk, reads(history, count), writes(history, count))]
    async fn say(talk: Reads<'_>, #[input] text: &String) -> Result<Writes> {
        if text == "fail" {
            return Err(ActionError::msg("no"));
        }
        let mut history = talk.history.clone();
        history.push_back(text.clone());
        Ok(Writes { history, count: talk.count + 1 })
    }

    #[action(state = Talk, reads(count), writes(count))]
    async fn mend(talk: Reads<'_>, #[error] failure: &Failure) -> Result<Writes> {
        Ok(Writes { count: talk.count + failure.attempts() })
    }

    graph! {
        pub Talking(Talk) {
            inputs { text: String }
            nodes { first: say, again: say, mend }
            start first;
            first -> again;
            again -> pause again;
            mend -> pause again;
            on error first -> pause mend;
        }
    }
}

/// The second version: a field is renamed, the inputs have another type, and a node is removed.
mod second {
    use burdock::{log::Document, prelude::*};
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    #[state(version = 2, migrate = [from_1])]
    pub struct Talk {
        pub messages: Vector<String>,
        pub count: u32,
    }

    fn from_1(mut talk: Document) -> Result<Document, &'static str> {
        let history = talk.remove("history").ok_or("it has no `history`")?;
        talk.insert("messages".into(), history);
        Ok(talk)
    }

    #[action(state = Talk, reads(messages, count), writes(messages, count))]
    async fn say(talk: Reads<'_>, #[input] number: u64) -> Result<Writes> {
        let mut messages = talk.messages.clone();
        messages.push_back(number.to_string());
        Ok(Writes { messages, count: talk.count + 1 })
    }

    graph! {
        pub Talking(Talk) {
            inputs { number: u64 }
            nodes { again: say, mend: say }
            start again;
            again -> mend;
            mend -> pause again;
        }
    }
}

/// A version with another type of a field, but without a migration.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    pub history: Vector<String>,
    pub count: String,
}

#[action(state = Talk, reads(count), writes(count))]
async fn say(talk: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: talk.count.clone() })
}

graph! {
    #[renamed_from("Talking")]
    pub Mute(Talk) {
        nodes { again: say }
        start again;
        again -> pause again;
    }
}

fn id() -> SessionId {
    SessionId::new("s").unwrap()
}

fn inputs(text: &str) -> first::TalkingInputs {
    first::TalkingInputs { text: text.into() }
}

fn open_first(log: &MemoryLog) -> App<first::Talking> {
    block_on(first::Talking::app().id("s").runtime(Clock::default()).log(log.clone()).build())
        .unwrap()
}

fn open_second(log: &MemoryLog) -> Result<App<second::Talking>, BuildError> {
    block_on(second::Talking::app().id("s").runtime(Clock::default()).log(log.clone()).build())
}

fn kinds(log: &MemoryLog) -> Vec<&'static str> {
    let records = block_on(log.read(&id(), Offset::ZERO, 10_000)).unwrap();
    records.iter().map(|record| record.entry(&id()).unwrap().kind.name()).collect()
}

/// A session of the first version that is at rest before `again`.
fn at_rest() -> MemoryLog {
    let log = MemoryLog::new();
    let mut app = open_first(&log);
    block_on(app.run(inputs("hello")).into_future()).unwrap();
    block_on(app.close()).unwrap();
    log
}

#[test]
fn a_session_of_an_earlier_version_continues_after_a_snapshot_and_its_history_stays_readable() {
    let log = at_rest();
    let past = Offset(kinds(&log).len() as u64 - 1);
    let mut app = open_second(&log).unwrap();
    assert_eq!(app.position(), Position::Rest(second::TalkingNode::again));
    assert_eq!(app.state().messages, ["hello", "hello"].map(String::from).into());
    block_on(app.run(second::TalkingInputs { number: 7 }).into_future()).unwrap();
    let state = block_on(app.close()).unwrap();
    let after = ["snapshot", "run_started", "step_started", "step_committed"];
    let at = usize::try_from(past.0).unwrap() + 1;
    assert_eq!(kinds(&log)[at..at + 4], after);

    let app = open_second(&log).unwrap();
    assert_eq!(app.state().messages, state.messages);
    let view = block_on(app.at(past)).unwrap();
    assert_eq!((view.state.messages.len(), view.state.count), (2, 2));
    let fork = block_on(app.fork(past, "fork")).unwrap();
    assert_eq!((fork.state().messages.len(), fork.state().count), (2, 2));
    block_on(app.close()).unwrap();
    assert_eq!(kinds(&log).iter().filter(|kind| **kind == "snapshot").count(), 1);
}

#[test]
fn an_unfinished_run_whose_inputs_changed_type_can_only_be_restarted() {
    let log = at_rest();
    let mut app = open_first(&log);
    let mut run = app.run(inputs("more"));
    run.stopper().stop();
    block_on(run.finish()).unwrap();
    drop(run);
    block_on(app.close()).unwrap();
    let mut app = open_second(&log).unwrap();
    let error = block_on(app.resume().into_future()).unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::InputsUnknown { node: "again" }), "{error:?}");
    block_on(app.restart(second::TalkingInputs { number: 7 }).into_future()).unwrap();
    assert_eq!(app.state().messages.len(), 4);
}

#[test]
fn the_error_of_a_session_that_does_not_fit_has_a_remedy() {
    let help = "which graph `Talking` does not have: restore the name of the node, or fork the \
                session from an earlier offset; the nodes are again, mend";
    let refused = |log: &MemoryLog| open_second(log).unwrap_err().to_string();

    let log = MemoryLog::new();
    let mut app = open_first(&log);
    assert_eq!(refused(&log), format!("the session is at node `first`, {help}"));
    let run = app.run(inputs("hello")).halt_before(first::TalkingNode::again);
    block_on(run.into_future()).unwrap();
    assert_eq!(refused(&log), format!("the unfinished run started at node `first`, {help}"));

    let log = MemoryLog::new();
    let mut app = open_first(&log);
    block_on(app.run(inputs("fail")).into_future()).unwrap();
    assert_eq!(app.position(), Position::Rest(first::TalkingNode::mend));
    assert_eq!(refused(&log), format!("the session has a failure of node `first`, {help}"));

    let log = at_rest();
    let error = block_on(Mute::app().id("s").log(log.clone()).build()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the recorded state of version 1 does not fit the state at `count`: invalid type: integer \
         `2`, expected a string; raise `#[state(version = …)]` and add a migration, or add a serde \
         default"
    );

    let mut app = open_second(&log).unwrap();
    block_on(app.run(second::TalkingInputs { number: 7 }).into_future()).unwrap();
    let error = block_on(first::Talking::app().id("s").log(log).build()).unwrap_err();
    assert!(matches!(error, BuildError::Open(ReadError::Restore(RestoreError::Migrate(_)))));
    let text = "the state has version 2, and this program knows versions up to 1";
    assert_eq!(error.to_string(), text);
}

/// A clock whose wall time jumps.
#[derive(Clone, Default)]
struct Jumpy(Clock, Arc<AtomicU64>);

impl Runtime for Jumpy {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn wall(&self) -> Duration {
        Duration::from_secs(self.1.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.0.sleep(duration)
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        self.0.spawn_blocking(job);
    }

    fn random(&self) -> u64 {
        self.0.random()
    }
}

fn open_line(log: &MemoryLog, runtime: impl Runtime, script: Script) -> App<Line> {
    let resources = LineResources { script, drops: Drops::default() };
    block_on(Line::app().id("s").resources(resources).runtime(runtime).log(log.clone()).build())
        .unwrap()
}

#[test]
fn the_time_of_a_session_never_goes_back() {
    let (log, clock) = (MemoryLog::new(), Jumpy::default());
    let walls = [1000, 2000, 500, 10, 3000];
    for wall in walls {
        clock.1.store(wall, Ordering::Relaxed);
        let mut app = open_line(&log, clock.clone(), Script::default());
        clock.0.advance(Duration::from_secs(1));
        clock.1.store(wall / 2, Ordering::Relaxed);
        block_on(app.run(LineInputs {}).into_future()).unwrap();
        block_on(app.close()).unwrap();
    }
    let records = block_on(log.read(&id(), Offset::ZERO, 10_000)).unwrap();
    let times: Vec<_> =
        records.iter().map(|record| record.entry(&id()).unwrap().time.since_start()).collect();
    assert!(times.is_sorted(), "{times:?}");
    // 5 s in the apps; between them 1500, 0, 0 and 2995 s of wall time
    assert_eq!(times.last(), Some(&Duration::from_mins(75)));
    let seconds =
        |record: &burdock::log::Record| record.entry(&id()).unwrap().time.wall().as_secs();
    assert_eq!(records.last().map(seconds), Some(1500));
}

#[test]
fn an_app_with_a_log_is_send_and_sync() {
    fn anywhere<T: Send + Sync>(_: &T) {}
    fn sendable<T: Send>(_: &T) {}
    let log = MemoryLog::new();
    let mut app = open_line(&log, Clock::default(), Script::default());
    anywhere(&app);
    sendable(&app.run(LineInputs {}));
    sendable(&app.close());
}

#[test]
fn a_blocking_app_can_have_a_log() {
    let log = MemoryLog::new();
    let recorder = EventRecorder::default();
    let app = |script| {
        let resources = LineResources { script, drops: Drops::default() };
        let app = Line::app().id("s").resources(resources).observer(recorder.observer());
        app.log(log.clone()).build_blocking().unwrap()
    };
    let mut first = app(Script::default().on("second", [Do::Yield(1), Do::FailTerminally("no")]));
    let mut run = first.run(LineInputs {});
    assert_eq!(run.next().unwrap().unwrap(), 1);
    assert!(run.next().unwrap().is_err());
    drop(run);
    first.close().unwrap();
    let mut second = app(Script::default());
    assert_eq!(second.position(), Position::Unfinished(LineNode::second));
    second.resume().finish().unwrap();
    assert_eq!(second.close().unwrap().nodes(), "first second third");
    assert_eq!(recorder.count("items_superseded"), 1);
    let record = block_on(log.read(&id(), Offset::ZERO, 1)).unwrap().remove(0);
    assert!(matches!(record.entry(&id()).unwrap().kind, EntryKind::SessionCreated { .. }));
}

#[test]
fn an_invalid_session_id_is_rejected_before_opening() {
    let huge = "x".repeat(10_000);
    for bad in ["", ".", "..", "a\0b", "line\nfeed", "\u{202e}", &huge] {
        let log = MemoryLog::new();
        let resources = LineResources { script: Script::default(), drops: Drops::default() };
        let app = Line::app().id(bad).resources(resources).log(log.clone());
        let error = block_on(app.build()).unwrap_err();
        let invalid = matches!(error, BuildError::Open(ReadError::Log(LogError::InvalidId { .. })));
        assert!(invalid, "{error:?}");
    }
    for odd in ["it's/a \"session\"; drop table sessions; --", "..\\..//é"] {
        let log = MemoryLog::new();
        let resources = LineResources { script: Script::default(), drops: Drops::default() };
        let app = Line::app().id(odd).resources(resources).log(log.clone());
        let mut app = block_on(app.build()).unwrap();
        block_on(app.run(LineInputs {}).into_future()).unwrap();
        assert_eq!(app.id(), odd);
    }
}
