//! Stores in memory that can be reopened and can crash.

use super::{Flaw, Flawed};
use burdock::log::{
    Append, Claim, Epoch, Log, LogError, MemoryLog, NewEntry, Offset, Record, SessionFilter,
    SessionId,
};
use burdock_testkit::Subject;
use futures::{FutureExt, future::BoxFuture};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A store whose log has a flaw.
pub struct Store {
    flaw: Flaw,
    case_timeout: Duration,
    log: Mutex<MemoryLog>,
    flawed: Flawed,
}

impl Store {
    pub fn new(flaw: Flaw, case_timeout: Duration) -> Self {
        let log = MemoryLog::new();
        let flawed = Flawed::new(flaw, log.clone());
        Self { flaw, case_timeout, log: Mutex::new(log), flawed }
    }
}

impl Subject for Store {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let log: Arc<dyn Log> = Arc::new(self.flawed.clone());
        Box::pin(async { Ok(log) })
    }

    fn reopen(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        let log: Arc<dyn Log> = match self.flaw {
            Flaw::ReopensEmpty => Arc::new(MemoryLog::new()),
            Flaw::ReopensUnfenced => {
                Arc::new(Flawed { flaw: Flaw::IgnoresTheEpoch, ..self.flawed.clone() })
            }
            _ => Arc::new(Flawed { reopened: true, ..self.flawed.clone() }),
        };
        Some(Box::pin(async { Ok(log) }))
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        let mut log = self.log.lock().unwrap();
        *log = copy(self.flaw, &log);
        let log: Arc<dyn Log> = Arc::new(Flawed::new(self.flaw, log.clone()));
        Some(Box::pin(async { Ok(log) }))
    }

    fn case_timeout(&self) -> Duration {
        self.case_timeout
    }
}

/// Copies a log as a crash would leave it.
fn copy(flaw: Flaw, from: &MemoryLog) -> MemoryLog {
    let (to, other) = (MemoryLog::new(), SessionId::new("other").unwrap());
    let mut parts = Vec::new();
    let all = SessionFilter { limit: usize::MAX, ..SessionFilter::default() };
    for info in now(from.sessions(all)) {
        let mut records = now(from.read(&info.id, Offset::ZERO, usize::MAX));
        if flaw == Flaw::CrashLosesTheLastEntry {
            records.pop();
        }
        for start in now(from.epochs(&info.id)) {
            let wrote: Vec<_> =
                records.iter().filter(|record| record.epoch == start.epoch).cloned().collect();
            parts.push((start.epoch, info.id.clone(), wrote));
        }
    }
    parts.sort_by_key(|(epoch, ..)| *epoch);
    let skip_to = |epoch: Epoch| while now(to.open(&other, Claim::default())).epoch < epoch {};
    let mut last = Epoch(0);
    for (epoch, id, wrote) in parts {
        if epoch.0 > last.0 + 1 {
            skip_to(Epoch(epoch.0 - 1));
        }
        last = epoch;
        let opened = now(to.open(&id, Claim::default()));
        assert_eq!(opened.epoch, epoch);
        if !wrote.is_empty() {
            let mut entries: Vec<_> = wrote.iter().map(|record| new_entry(&id, record)).collect();
            if flaw == Flaw::CrashLosesGraphs {
                for entry in &mut entries {
                    entry.graph = None;
                }
            }
            now(to.append(Append::new(id, epoch, opened.next, entries)));
        }
    }
    if flaw != Flaw::CrashLosesEpochs {
        skip_to(now(from.open(&other, Claim::default())).epoch);
    }
    to
}

fn new_entry(id: &SessionId, record: &Record) -> NewEntry {
    let mut new_entry = NewEntry::new(&record.entry(id).unwrap()).unwrap();
    new_entry.json = Arc::clone(&record.json);
    new_entry
}

/// Returns the result of an operation of the log in memory, which completes at once.
pub(super) fn now<T>(operation: impl Future<Output = Result<T, LogError>>) -> T {
    operation.now_or_never().unwrap().unwrap()
}
