//! The log of docs/stores.md, run through the conformance suite. A test in `guide.rs` compares this file with the
//! page.
#![allow(clippy::unwrap_used, reason = "a test")]

use burdock::log::{
    Append, Claim, Epoch, EpochStart, Log, LogError, LogFuture, MemoryLog, NewEntry, Offset,
    Opened, Record, SessionFilter, SessionId, SessionInfo,
};
use burdock_testkit::Subject;
use futures::{
    FutureExt,
    channel::oneshot,
    future::{BoxFuture, ready},
};
use serde::{Deserialize, Serialize};
use std::{
    error::Error,
    fs::{self, File},
    io::{Read, Write},
    iter,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
};

/// Sessions in one file, with a line of JSON for each call that changed something.
///
/// A `MemoryLog` holds the resulting sessions: it answers reads, and decides which calls are rejected.
#[derive(Clone)]
struct Journal {
    memory: MemoryLog,
    /// Calls for the writer thread. Sending never blocks, so it is safe under any executor.
    calls: mpsc::Sender<Call>,
    /// The error that stopped the writer thread.
    broken: Arc<OnceLock<LogError>>,
}

/// Executes a call in memory; returns the line to write, and the answer for when it is on disk.
type Call = Box<dyn FnOnce(&MemoryLog) -> (Option<Line>, Answer) + Send>;
type Answer = Box<dyn FnOnce(Result<(), LogError>) + Send>;

#[derive(Serialize, Deserialize)]
enum Line {
    Open(SessionId),
    Append(SessionId, Epoch, Offset, Vec<Stored>),
    Release(SessionId, Epoch),
    Trim(SessionId, Offset),
    Delete(SessionId),
}

#[derive(Serialize, Deserialize)]
struct Stored {
    snapshot: bool,
    graph: Option<String>,
    wall: u64,
    /// As a string, so that it is returned byte for byte.
    json: String,
}

impl Journal {
    fn open(path: &Path) -> Result<Self, LogError> {
        let file = File::options().read(true).append(true).create(true).open(path);
        let mut file = file.map_err(|error| storage_error("the file cannot be opened", error))?;
        // two processes with separate memory would not fence each other
        file.try_lock().map_err(|error| storage_error("the file is open elsewhere", error))?;
        let memory = MemoryLog::new();
        replay(&mut file, &memory)?;
        let (calls, called) = mpsc::channel();
        let journal = Self { memory: memory.clone(), calls, broken: Arc::default() };
        let broken = Arc::clone(&journal.broken);
        thread::spawn(move || {
            if let Err(error) = write(&mut file, &memory, &called) {
                let _ = broken.set(error);
            }
        });
        Ok(journal)
    }

    /// Sends a call to the thread before the future is polled, so that calls keep their order and dropping a
    /// future cancels nothing.
    fn change<T: Send + 'static>(
        &self,
        line: Line,
        work: impl FnOnce(&MemoryLog) -> LogFuture<T> + Send + 'static,
    ) -> LogFuture<T> {
        let (sender, receiver) = oneshot::channel();
        let call: Call = Box::new(move |memory| {
            // a `MemoryLog` never waits
            let result = work(memory).now_or_never().unwrap_or(Err(LogError::Closed));
            let line = result.is_ok().then_some(line);
            let answer = |stored: Result<(), LogError>| {
                let _ = sender.send(stored.and(result));
            };
            (line, Box::new(answer))
        });
        // if the thread is gone, the receiver of the answer sees that
        let _ = self.calls.send(call);
        let broken = Arc::clone(&self.broken);
        Box::pin(async move {
            let closed = || Err(broken.get().cloned().unwrap_or(LogError::Closed));
            receiver.await.unwrap_or_else(|_| closed())
        })
    }

    fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&MemoryLog) -> LogFuture<T>,
    ) -> LogFuture<T> {
        match self.broken.get() {
            None => work(&self.memory),
            Some(error) => Box::pin(ready(Err(error.clone()))),
        }
    }
}

/// Executes all pending calls with one flush, until every handle is dropped.
fn write(
    file: &mut File,
    memory: &MemoryLog,
    calls: &mpsc::Receiver<Call>,
) -> Result<(), LogError> {
    while let Ok(first) = calls.recv() {
        let (mut lines, mut answers) = (Vec::new(), Vec::new());
        for call in iter::once(first).chain(calls.try_iter()) {
            let (line, answer) = call(memory);
            if let Some(line) = line {
                serde_json::to_writer(&mut lines, &line)
                    .map_err(|error| storage_error("a line cannot be written", error))?;
                lines.push(b'\n');
            }
            answers.push(answer);
        }
        let stored = if lines.is_empty() { Ok(()) } else { store(file, &lines) };
        for answer in answers {
            answer(stored.clone());
        }
        // the memory is ahead of the file now: nothing may build on it
        stored?;
    }
    Ok(())
}

fn store(file: &mut File, lines: &[u8]) -> Result<(), LogError> {
    let stored = file.write_all(lines).and_then(|()| file.sync_data());
    stored.map_err(|error| storage_error("the file cannot be written", error))
}

/// Replays the file; an incomplete last line, cut off by a crash, is removed.
fn replay(file: &mut File, memory: &MemoryLog) -> Result<(), LogError> {
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(|error| storage_error("the file cannot be read", error))?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    file.set_len(whole as u64)
        .map_err(|error| storage_error("the file cannot be written", error))?;
    for (number, line) in (1..).zip(text[..whole].split_inclusive(|byte| *byte == b'\n')) {
        let damaged = |error: Box<dyn Error + Send + Sync>| LogError::Storage {
            reason: format!("line {number} is damaged"),
            source: error.into(),
        };
        let line = serde_json::from_slice(line).map_err(|error| damaged(error.into()))?;
        apply(memory, line).map_err(|error| damaged(error.into()))?;
    }
    Ok(())
}

fn apply(memory: &MemoryLog, line: Line) -> Result<(), LogError> {
    let done = match line {
        // the claim was granted when it was written
        Line::Open(session) => {
            return memory
                .open(&session, Claim::default())
                .now_or_never()
                .map_or(Ok(()), |opened| opened.map(drop));
        }
        Line::Append(session, epoch, at, entries) => {
            // the kind is for logs that can be searched by it
            let entry = |Stored { snapshot, graph, wall, json }| {
                let mut entry = NewEntry::from_json("", wall, json);
                entry.snapshot = snapshot;
                entry.graph = graph.map(Arc::from);
                entry
            };
            let entries = entries.into_iter().map(entry).collect();
            memory.append(Append::new(session, epoch, at, entries))
        }
        Line::Release(session, epoch) => memory.release(&session, epoch),
        Line::Trim(session, before) => memory.trim(&session, before),
        Line::Delete(session) => memory.delete(&session),
    };
    done.now_or_never().unwrap_or(Ok(()))
}

fn storage_error(reason: &str, error: impl Error + Send + Sync + 'static) -> LogError {
    LogError::Storage { reason: reason.into(), source: Arc::new(error) }
}

impl Log for Journal {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        let id = session.clone();
        self.change(Line::Open(session.clone()), move |memory| memory.open(&id, claim))
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        let stored = |entry: &NewEntry| Stored {
            snapshot: entry.snapshot,
            graph: entry.graph.as_deref().map(str::to_owned),
            wall: entry.wall,
            json: entry.json.to_string(),
        };
        let entries = append.entries.iter().map(stored).collect();
        let line = Line::Append(append.session.clone(), append.epoch, append.at, entries);
        self.change(line, move |memory| memory.append(append))
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        let id = session.clone();
        self.change(Line::Release(session.clone(), epoch), move |memory| memory.release(&id, epoch))
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        let id = session.clone();
        self.change(Line::Trim(session.clone(), before), move |memory| memory.trim(&id, before))
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        let id = session.clone();
        self.change(Line::Delete(session.clone()), move |memory| memory.delete(&id))
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        self.look(|memory| memory.read(session, from, limit))
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        self.look(|memory| memory.reached(session, offset))
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        self.look(|memory| memory.snapshot_before(session, offset))
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        self.look(|memory| memory.info(session))
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        self.look(|memory| memory.sessions(filter))
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        self.look(|memory| memory.epochs(session))
    }
}

/// The subject of the suite. A crash is simulated by continuing with a copy of the file.
struct Store {
    folder: tempfile::TempDir,
    /// The current log, and the number of its file.
    journal: Mutex<(Journal, u32)>,
}

impl Store {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&Self::path(&folder, 0)).unwrap();
        Self { folder, journal: Mutex::new((journal, 0)) }
    }

    fn path(folder: &tempfile::TempDir, number: u32) -> PathBuf {
        folder.path().join(format!("{number}.jsonl"))
    }
}

impl Subject for Store {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let log: Arc<dyn Log> = Arc::new(self.journal.lock().unwrap().0.clone());
        Box::pin(ready(Ok(log)))
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        let mut current = self.journal.lock().unwrap();
        let number = current.1 + 1;
        let path = Self::path(&self.folder, number);
        fs::copy(Self::path(&self.folder, current.1), &path).unwrap();
        *current = (Journal::open(&path).unwrap(), number);
        drop(current);
        Some(self.log())
    }
}

burdock_testkit::conformance!(Store::new());
