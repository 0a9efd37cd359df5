//! Counts: the shown items of an attempt, and calls to a log.
#![allow(clippy::unwrap_used, reason = "tests")]

use burdock::{
    log::{
        Append, Claim, Entry, Epoch, EpochStart, History, Log, LogFuture, MemoryLog, NewEntry,
        Offset, Opened, RawSessionView, Record, SessionFilter, SessionId, SessionInfo,
        delete_orphans,
    },
    prelude::*,
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    pub count: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Even(u32);

impl From<u32> for Even {
    fn from(number: u32) -> Self {
        assert!(number.is_multiple_of(2), "{number} is odd");
        Self(number)
    }
}

#[streaming_action(state = Counter, reads(count), writes(count), yields(u32))]
pub async fn count(counter: Reads<'_>, #[input] item: u32) -> Result<Writes> {
    yield_!(item);
    Ok(Writes { count: counter.count + 1 })
}

graph! {
    pub Counting(Counter) {
        inputs { item: u32 }
        yields Even;
        nodes { count }
        start count;
        count -> pause;
    }
}

#[tokio::test]
async fn an_item_whose_conversion_panics_counts_as_not_shown() {
    let mut app = Counting::app().build().await.unwrap();
    let error = app.run(CountingInputs { item: 1 }).await.unwrap_err();
    assert_eq!(error.to_string(), "node `count` panicked: 1 is odd");
    let events = app.restart(CountingInputs { item: 2 }).events();
    let names: Vec<&str> = events.map(|event| event.unwrap().kind.name()).collect().await;
    assert_eq!(
        names,
        ["run_started", "step_started", "item", "step_committed", "run_finished"],
        "nothing is superseded"
    );
}

/// Counts the reads of epochs and of entries.
#[derive(Default)]
struct Counted {
    log: MemoryLog,
    epochs: AtomicUsize,
    reads: AtomicUsize,
}

impl Log for Counted {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        self.log.open(session, claim)
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        self.log.append(append)
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        self.reads.fetch_add(1, Relaxed);
        self.log.read(session, from, limit)
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        self.log.reached(session, offset)
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        self.log.reached_in(session, epoch, offset)
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        self.log.info(session)
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        self.log.sessions(filter)
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        self.epochs.fetch_add(1, Relaxed);
        self.log.epochs(session)
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        self.log.release(session, epoch)
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        self.log.trim(session, before)
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        self.log.delete(session)
    }
}

#[tokio::test]
async fn reading_a_session_of_many_epochs_takes_few_calls() {
    let counted = Arc::new(Counted::default());
    for _ in 0..200 {
        let app = Counting::app().id("anna").log(Arc::clone(&counted));
        let mut app = app.build().await.unwrap();
        app.run(CountingInputs { item: 2 }).await.unwrap();
        app.close().await.unwrap();
    }
    let (session, log) = (SessionId::new("anna").unwrap(), Arc::clone(&counted) as Arc<dyn Log>);
    counted.epochs.store(0, Relaxed);
    let (mut history, mut steps) = (History::of(&log, &session), 0);
    while history.next().await.unwrap().is_some() {
        steps += 1;
    }
    assert_eq!(steps, 200);
    let epochs = counted.epochs.load(Relaxed);
    assert!(epochs <= 3, "{epochs} calls for epochs");

    counted.reads.store(0, Relaxed);
    RawSessionView::latest(&log, &session).await.unwrap();
    let reads = counted.reads.load(Relaxed);
    assert!(reads <= 2, "{reads} reads for 1 000 entries");
}

/// Creates sessions, and returns the starts of the ids of their children.
async fn sessions(log: &Arc<dyn Log>, ids: impl Iterator<Item = usize>) -> Vec<String> {
    let mut prefixes = Vec::new();
    for id in ids {
        let app = Counting::app().id(id.to_string()).log(Arc::clone(log)).build().await.unwrap();
        prefixes.push(format!("~{}", app.epoch().unwrap()));
        app.close().await.unwrap();
    }
    prefixes
}

/// Creates a session that names another one as its parent, or none.
async fn child(log: &Arc<dyn Log>, id: &str, parent: Option<&str>) {
    let first = log.read(&SessionId::new("1").unwrap(), Offset::ZERO, 1).await.unwrap();
    let mut entry: serde_json::Value = serde_json::from_str(&first[0].json).unwrap();
    if let Some(session) = parent {
        entry["entry"]["session_created"]["child_of"] =
            serde_json::json!({ "session": session, "step": 0, "node": "count", "key": "a" });
    }
    let entry: Entry = serde_json::from_value(entry).unwrap();
    let id = SessionId::stored(id).unwrap();
    let opened = log.open(&id, Claim::default()).await.unwrap();
    let entries = vec![NewEntry::new(&entry).unwrap()];
    log.append(Append::new(id, opened.epoch, Offset::ZERO, entries)).await.unwrap();
}

async fn children(log: &Arc<dyn Log>) -> Vec<String> {
    let filter = SessionFilter { prefix: "~".into(), limit: 1000, ..SessionFilter::default() };
    let children = log.sessions(filter).await.unwrap();
    children.into_iter().map(|child| child.id.as_str().to_owned()).collect()
}

#[tokio::test]
async fn orphans_are_found_without_reading_sessions_that_have_no_children() {
    let counted = Arc::new(Counted::default());
    let log = Arc::clone(&counted) as Arc<dyn Log>;
    let prefixes = sessions(&log, 1..=300).await;
    for root in [5, 6, 7] {
        let prefix = &prefixes[root - 1];
        for started in 0..20 {
            let id = format!("{prefix}:400.{started}");
            child(&log, &id, Some(&root.to_string())).await;
            child(&log, &format!("{id}:401.2"), Some(&id)).await;
        }
    }
    log.delete(&SessionId::new("6").unwrap()).await.unwrap();
    counted.epochs.store(0, Relaxed);
    counted.reads.store(0, Relaxed);
    assert_eq!(delete_orphans(&log).await.unwrap(), 40);
    let calls = (counted.epochs.load(Relaxed), counted.reads.load(Relaxed));
    assert!(calls <= (3, 3), "{calls:?} calls for epochs and entries");
    let left = children(&log).await;
    assert_eq!(left.len(), 80);
    assert!(!left.iter().any(|id| id.starts_with(&format!("{}:", prefixes[5]))));
    assert_eq!(delete_orphans(&log).await.unwrap(), 0);

    // another session with the id of the parent is another parent
    sessions(&log, [5].into_iter()).await;
    assert_eq!(delete_orphans(&log).await.unwrap(), 0);
    log.delete(&SessionId::new("5").unwrap()).await.unwrap();
    sessions(&log, [5].into_iter()).await;
    assert_eq!(delete_orphans(&log).await.unwrap(), 40);
}

#[tokio::test]
async fn children_that_do_not_name_their_parent_are_orphans_only_if_no_session_has_their_prefix() {
    let log = Arc::new(Counted::default()) as Arc<dyn Log>;
    let prefixes = sessions(&log, 1..=3).await;
    let (first, second) = (&prefixes[0], &prefixes[1]);
    child(&log, &format!("{first}:9.1"), None).await;
    // their parents are not stored: only the sessions at the root count
    child(&log, &format!("{second}:9.1:9.3"), Some(&format!("{second}:9.1"))).await;
    child(&log, "~77:9.1:9.3", Some("~77:9.1")).await;
    child(&log, "~78:9.1", None).await;
    // sessions of another form: an earlier version allowed such ids
    for id in ["~", "~anna", "~a:9.1", "~:9.1", "~77", "~77:x", "~77:9:1"] {
        child(&log, id, None).await;
    }
    assert_eq!(delete_orphans(&log).await.unwrap(), 2);
    let left = children(&log).await;
    for id in [format!("{first}:9.1"), format!("{second}:9.1:9.3")] {
        assert!(left.contains(&id), "{left:?}");
    }
    assert_eq!(left.len(), 9);
}
