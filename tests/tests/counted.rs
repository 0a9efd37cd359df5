//! Counts: the shown items of an attempt, and calls to a log.
#![allow(clippy::unwrap_used, reason = "tests")]

use burdock::{
    log::{
        Append, Claim, Epoch, EpochStart, History, Log, LogFuture, MemoryLog, Offset, Opened,
        RawSessionView, Record, SessionFilter, SessionId, SessionInfo,
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
