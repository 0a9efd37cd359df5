//! Helpers shared by the tests.

#![allow(dead_code, reason = "no test program uses all of it")]

use burdock::log::{
    Append, Claim, Epoch, Log, LogError, LogFuture, NewEntry, Offset, Record, SessionFilter,
    SessionId, Urgency,
};
use burdock_sqlite::SqliteLog;
use futures::executor::block_on;
use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

pub(crate) fn id(text: &str) -> SessionId {
    SessionId::new(text).unwrap()
}

/// An entry whose JSON is a string.
pub(crate) fn new_entry(text: &str) -> NewEntry {
    new_entry_of("item", text)
}

pub(crate) fn snapshot(text: &str) -> NewEntry {
    let mut snapshot = new_entry_of("snapshot", text);
    snapshot.snapshot = true;
    snapshot
}

fn new_entry_of(kind: &'static str, text: &str) -> NewEntry {
    NewEntry::from_json(kind, 1_700_000_000_000, format!("{text:?}"))
}

/// Returns the text of an entry.
pub(crate) fn text(record: &Record) -> String {
    serde_json::from_str(&record.json).unwrap()
}

/// A writer of a session.
pub(crate) struct Writer {
    pub(crate) log: SqliteLog,
    pub(crate) session: SessionId,
    pub(crate) epoch: Epoch,
    pub(crate) next: Offset,
}

impl Writer {
    pub(crate) fn open(log: &SqliteLog, session: &str) -> Result<Self, LogError> {
        let session = id(session);
        let opened = block_on(log.open(&session, Claim::default()))?;
        Ok(Self { log: log.clone(), session, epoch: opened.epoch, next: opened.next })
    }

    pub(crate) fn send(&mut self, entries: Vec<NewEntry>, urgency: Urgency) -> LogFuture<()> {
        let at = self.next;
        self.next = at.plus(entries.len() as u64);
        let (session, epoch) = (self.session.clone(), self.epoch);
        self.log.append(Append::new(session, epoch, at, entries).urgency(urgency))
    }

    pub(crate) fn append(&mut self, entries: Vec<NewEntry>) -> Result<(), LogError> {
        let at = self.next;
        block_on(self.send(entries, Urgency::Now)).inspect_err(|_| self.next = at)
    }
}

pub(crate) fn open(path: impl AsRef<Path>) -> SqliteLog {
    block_on(SqliteLog::open(path)).unwrap()
}

/// Reads all entries that were not trimmed.
pub(crate) fn read(log: &SqliteLog, session: &str) -> Result<Vec<Record>, LogError> {
    let session = id(session);
    let mut next = block_on(log.info(&session))?.first;
    let mut records = Vec::new();
    loop {
        let page = block_on(log.read(&session, next, 1000))?;
        let Some(last) = page.last() else { return Ok(records) };
        next = last.offset.plus(1);
        records.extend(page);
    }
}

pub(crate) fn texts(log: &SqliteLog, session: &str) -> Vec<String> {
    read(log, session).unwrap().iter().map(text).collect()
}

pub(crate) fn sessions(log: &SqliteLog) -> Vec<String> {
    let filter = SessionFilter { limit: usize::MAX, ..SessionFilter::default() };
    let found = block_on(log.sessions(filter)).unwrap();
    found.iter().map(|info| info.id.as_str().to_owned()).collect()
}

/// Formats an error with its sources.
pub(crate) fn report(error: &dyn std::error::Error) -> String {
    let source = error.source().map(|source| format!(": {}", report(source)));
    format!("{error}{}", source.unwrap_or_default())
}

const ROLE: &str = "BURDOCK_SQLITE_ROLE";
const PREFIX: &str = "child: ";

/// A child process: this test binary, running only the test `child`.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// Returns the role of a child process. Returns `None` in the parent.
pub(crate) fn role() -> Option<Vec<String>> {
    Some(env::var(ROLE).ok()?.split('\n').map(str::to_owned).collect())
}

/// Sends a line to the parent.
pub(crate) fn send(text: impl std::fmt::Display) {
    let mut stdout = std::io::stdout().lock();
    // the parent may have exited
    let _ = stdout.write_all(format!("{PREFIX}{text}\n").as_bytes());
    let _ = stdout.flush();
}

/// Receives a line from the parent.
pub(crate) fn receive() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

impl Process {
    pub(crate) fn start(role: &[&str]) -> Self {
        Self::of(&mut Command::new(env::current_exe().unwrap()), role)
    }

    /// Starts a command that runs this test binary.
    pub(crate) fn of(command: &mut Command, role: &[&str]) -> Self {
        let command = command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
        let command = command.env(ROLE, role.join("\n"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Sends a line to the child.
    pub(crate) fn send(&mut self, line: &str) {
        self.child.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Receives the next line of the child. Returns `None` after it has exited.
    pub(crate) fn receive(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.unwrap();
            // the line may start with output of the test harness
            if let Some((_, sent)) = line.split_once(PREFIX) {
                return Some(sent.to_owned());
            }
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Closes the input of the child and waits until it exits.
    pub(crate) fn finish(mut self) {
        drop(self.child.stdin.take());
        let rest: Vec<String> = self.lines.map(Result::unwrap).collect();
        assert!(self.child.wait().unwrap().success(), "{rest:#?}");
    }

    /// Stops all threads of the child with a signal.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
        let tasks = format!("/proc/{}/task", self.child.id());
        let stopped = |task: &Path| {
            let stat = std::fs::read_to_string(task.join("stat")).unwrap_or_default();
            stat.rsplit_once(')').is_none_or(|(_, rest)| rest.starts_with(" T"))
        };
        while !std::fs::read_dir(&tasks).unwrap().all(|task| stopped(&task.unwrap().path())) {
            thread::yield_now();
        }
    }

    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").arg("-c").arg(kill).status().unwrap().success());
    }
}

/// A pseudorandom number generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Converts a path to an argument of a role.
pub(crate) fn arg(path: &(impl AsRef<OsStr> + ?Sized)) -> &str {
    path.as_ref().to_str().unwrap()
}
