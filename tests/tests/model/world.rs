//! A session under test, and the reference that it has to match.

use crate::{
    consumer::Consumer,
    graph::{Book as Graph, BookResources, Script},
    observed::{Observations, named, observer},
    ops::{Drive, Exit, Op, WaitsFor, Watch},
    reference::{Book, Reading},
    runs::Start,
};
use burdock::{
    App, Position,
    log::{
        CallRecord, Cursor, Durability, EntryKind, Epoch, Log, Offset, RawSessionView, Record,
        SessionId,
    },
};
use burdock_tests::{
    clock::Clock,
    faulty::{FaultyLog, block_on},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

pub type Verdict = Result<(), String>;

/// Fails the case unless a condition holds.
macro_rules! must {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use must;

pub struct World {
    pub inner: Arc<dyn Log>,
    pub log: FaultyLog,
    pub clock: Clock,
    pub script: Script,
    pub durability: Durability,
    pub id: SessionId,
    pub forks: usize,
    pub app: Option<App<Graph>>,
    pub observed: Observations,
    /// The expected session after the last published event.
    pub book: Book,
    pub epoch: Epoch,
    pub crashes: BTreeSet<Offset>,
    pub consumer: Consumer,
    /// The cursors of events that were durable when they were published. Their entries must stay.
    pub kept: Vec<Cursor>,
    /// The durability of the app.
    pub opened_with: Durability,
    /// Whether there may have been a fault that the app does not know of yet.
    pub suspect: bool,
}

impl World {
    pub fn new(inner: impl Log, durability: Durability) -> Result<Self, String> {
        let inner: Arc<dyn Log> = Arc::new(inner);
        let mut world = Self {
            log: FaultyLog::new(Arc::clone(&inner)),
            inner,
            clock: Clock::default(),
            script: Script::default(),
            durability,
            id: SessionId::new("session").unwrap(),
            forks: 0,
            app: None,
            observed: Observations::default(),
            book: Book::first(),
            epoch: Epoch::default(),
            crashes: BTreeSet::new(),
            consumer: Consumer::default(),
            kept: Vec::new(),
            opened_with: durability,
            suspect: false,
        };
        world.open()?;
        Ok(world)
    }

    pub fn step(&mut self, op: &Op) -> Verdict {
        let hits = self.log.hits();
        match op {
            Op::Script(calls) => self.script.set(calls),
            Op::Fates(fates) => self.log.fates(fates.iter().copied()),
            Op::Fail(call) => self.log.fail(*call),
            Op::Hang(call) => self.log.hang(*call),
            Op::Durable(durability) => self.durability = *durability,
            Op::Run(text, drive) => self.start(&Start::Run(long(*text)), drive)?,
            Op::Resume(drive) => self.start(&Start::Resume, drive)?,
            Op::Restart(text, drive) => self.start(&Start::Restart(long(*text)), drive)?,
            Op::Reopen => self.reopen()?,
            Op::Close => self.close()?,
            Op::Crash(stored) => self.crash(*stored)?,
            Op::Fence => self.fence()?,
            Op::Fork(at, switch) => self.fork(*at, *switch)?,
            Op::At(at) => self.at(*at)?,
        }
        self.suspect |= self.log.hits() != hits || self.log.held() > 0;
        self.check()
    }

    /// Finishes the session without faults, and checks that app, log and consumer agree.
    pub fn finish(mut self) -> Verdict {
        self.script.set(&[]);
        self.crash(usize::MAX)?;
        self.suspect = false;
        let drive = Drive {
            watch: Watch::Items,
            polls: 1000,
            exit: Exit::Drop,
            before: None,
            after: None,
            waits_for: WaitsFor::Log,
        };
        for _ in 0..3 {
            match self.book.position {
                Position::Rest(_) => self.start(&Start::Run("last".into()), &drive)?,
                Position::Unfinished(_) => self.start(&Start::Resume, &drive)?,
                Position::Ended => self.reopen()?,
            }
            let unfinished = matches!(self.book.position, Position::Unfinished(_));
            must!(!unfinished, "a run without faults does not finish");
            self.check()?;
        }
        let reading = self.reading()?;
        for at in 0..reading.books.len() as u64 {
            self.at(at)?;
        }
        self.close()?;
        let reading = self.reading()?;
        must!(reading.active.is_none(), "a run without an end");
        self.check_snapshots(&reading)?;
        let items: Vec<f64> = reading.items.iter().map(|(_, item)| *item).collect();
        let seen = self.consumer.items();
        must!(seen == items, "the consumer has {seen:?}, and the log {items:?}");
        Ok(())
    }

    /// Checks that each snapshot, which the app writes from its typed state, equals the one that a reader gets in
    /// JSON by applying the entries before it to the previous snapshot.
    fn check_snapshots(&self, reading: &Reading) -> Verdict {
        for record in &reading.records[1..] {
            let entry = record.entry(&self.id).unwrap();
            let Some(written) = entry.kind.snapshot() else { continue };
            let before = Offset(record.offset.0 - 1);
            let read = block_on(RawSessionView::at(&self.inner, &self.id, before)).unwrap();
            must!(
                read.snapshot == *written,
                "{written:?} was written, {:?} is read",
                read.snapshot
            );
        }
        Ok(())
    }

    pub fn app(&mut self) -> &mut App<Graph> {
        self.app.as_mut().unwrap()
    }

    pub fn records(&self) -> Vec<Record> {
        block_on(self.inner.read(&self.id, Offset::ZERO, 1_000_000)).unwrap()
    }

    pub fn reading(&self) -> Result<Reading, String> {
        Reading::of(&self.id, self.records(), &self.crashes)
    }

    /// Opens the session as another process would.
    pub fn build(&self, observed: &Observations) -> Result<App<Graph>, String> {
        for _ in 0..20 {
            let app = Graph::app()
                .id(self.id.as_str())
                .resources(BookResources { script: self.script.clone() })
                .runtime(self.clock.clone())
                .observer(observer(observed, &self.inner, &self.id))
                .log(self.log.clone())
                .durability(self.durability);
            match self.settle(app.build()) {
                Some(Ok(app)) => return Ok(app),
                Some(Err(error)) => {
                    let known = error.to_string();
                    must!(known == "the log cannot be reached", "opening: {known}");
                }
                None => {}
            }
        }
        Err("the session does not open".into())
    }

    pub fn open(&mut self) -> Verdict {
        let hits = self.log.hits();
        self.app = Some(self.build(&self.observed)?);
        self.opened_with = self.durability;
        self.suspect = self.log.hits() != hits;
        self.rebase()
    }

    /// Opens the session after its writer could not record how its run ended.
    pub fn open_after_crash(&mut self) -> Verdict {
        self.crashes.insert(Offset(self.records().len() as u64));
        self.open()
    }

    /// Waits for the log, for a while.
    pub fn settle<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        for _ in 0..50 {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                return Some(done);
            }
            self.log.release_next();
        }
        None
    }

    /// Sets the reference to the contents of the log if the session was opened again.
    pub fn rebase(&mut self) -> Verdict {
        if self.app().cursor().is_some()
            && let Some(epoch) = self.app().epoch()
        {
            return self.rebase_at(epoch);
        }
        // the session may have been read back before the log failed again
        if !self.is_app_at(&self.book) {
            for opening in block_on(self.inner.epochs(&self.id)).unwrap() {
                let later = opening.epoch > self.epoch;
                if later && self.is_app_at(&self.reading()?.before(opening.start)) {
                    return self.rebase_at(opening.epoch);
                }
            }
        }
        Ok(())
    }

    fn is_app_at(&self, book: &Book) -> bool {
        let app = self.app.as_ref().unwrap();
        *app.state() == book.state && named(app.position()) == book.position
    }

    pub fn rebase_at(&mut self, epoch: Epoch) -> Verdict {
        if epoch == self.epoch {
            return Ok(());
        }
        let epochs = block_on(self.inner.epochs(&self.id)).unwrap();
        let found = epochs.iter().find(|known| known.epoch == epoch);
        let Some(opening) = found else { return Err(format!("the log does not know {epoch}")) };
        self.book = self.reading()?.before(opening.start);
        self.epoch = epoch;
        let log: Arc<dyn Log> = Arc::clone(&self.inner);
        self.consumer.reconnect(&log, &self.id, opening.start)
    }

    /// Checks that the log has the result of each call that has returned.
    fn check_calls(&self, reading: &Reading) -> Verdict {
        let mut recorded: Vec<(u64, String, Value)> = Vec::new();
        for record in &reading.records {
            match record.entry(&self.id).unwrap().kind {
                EntryKind::CallRecorded { step, key, result, .. } => {
                    recorded.push((step, key, result));
                }
                EntryKind::ChildEnded { step, key, end, .. } => {
                    recorded.push((step, key, end.state["lines"].clone()));
                }
                // a fork in the middle of a step
                EntryKind::SessionCreated { snapshot, .. } => {
                    let calls = snapshot.unfinished.map(|run| run.calls).unwrap_or_default();
                    recorded.extend(calls.into_iter().filter_map(|(key, call)| {
                        let result = match call {
                            CallRecord::Once(result) => result,
                            CallRecord::Child(child) => child.end?.state["lines"].clone(),
                            other => panic!("{other:?}"),
                        };
                        Some((snapshot.step, key, result))
                    }));
                }
                _ => {}
            }
        }
        for call in self.script.called() {
            if call.session == self.id.as_str() {
                let wanted = (call.step, call.key.clone(), call.result.clone());
                must!(recorded.contains(&wanted), "the log does not have {call:?}");
            }
        }
        Ok(())
    }

    /// Checks the invariants that hold after every operation.
    fn check(&mut self) -> Verdict {
        self.rebase()?;
        let reading = self.reading()?;
        for cursor in &self.kept {
            let at = usize::try_from(cursor.offset.0).unwrap();
            let found = reading.records.get(at).map(Record::cursor);
            must!(found == Some(*cursor), "{cursor} was durable, but the log has {found:?}");
        }
        self.check_calls(&reading)?;
        let (book, app) = (&self.book, self.app.as_ref().unwrap());
        must!(*app.state() == book.state, "state {:?}, not {:?}", app.state(), book.state);
        let position = named(app.position());
        must!(position == book.position, "position {position:?}, not {:?}", book.position);
        if !self.suspect {
            let last = reading.last();
            must!(last.state == book.state, "the log has state {:?}", last.state);
            must!(last.position == book.position, "the log is at {:?}", last.position);
            must!(reading.active.is_none(), "a run without an end");
        }
        Ok(())
    }
}

/// A text for the inputs. Some texts are long enough for a snapshot.
fn long(text: u8) -> String {
    let length = if text == 0 { 20_000 } else { 1 };
    text.to_string().repeat(length)
}
