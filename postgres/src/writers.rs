//! Appends on their way to the database: one lane for each writer, in the order of the calls.
//!
//! A lane has a task of its own while there is something in it, so that nobody has to poll the
//! futures that [`append`](crate::PostgresLog) returns.

use crate::{Shared, calls};
use burdock::log::{Append, Epoch, LogError, Logging, SessionId, Urgency};
use std::{
    collections::{BTreeMap, VecDeque},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, timeout_at},
};

/// How large a statement may be that takes several appends, in bytes.
const LARGEST_BATCH: usize = 4 << 20;

/// How large an append may be; a message to the server takes 1 GiB.
const LARGEST_APPEND: usize = 512 << 20;

const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// What an entry costs besides its JSON.
const OVERHEAD: usize = 64;

type Writer = (SessionId, Epoch);

#[derive(Default)]
pub(crate) struct Writers(Mutex<BTreeMap<Writer, Lane>>);

/// What waits; the lane is there for as long as its task.
struct Lane {
    jobs: VecDeque<Job>,
    changed: Arc<Notify>,
    /// Dropped with the lane, which tells them that it is empty.
    flushing: Vec<oneshot::Sender<()>>,
}

struct Job {
    append: Append,
    bytes: usize,
    due: Instant,
    done: oneshot::Sender<Result<(), LogError>>,
}

/// What the task of a lane does next.
enum Plan {
    Write(Vec<Job>),
    Wait(Instant, Arc<Notify>),
    End,
}

/// Takes the lane away when the runtime ends its task: who waits for what is in it hears that the
/// log is closed.
struct LaneGuard {
    shared: Arc<Shared>,
    /// `None` once the lane is gone; there may be a new one by then.
    writer: Option<Writer>,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        let lane = self.writer.take().and_then(|writer| self.shared.writers.lock().remove(&writer));
        // outside of the lock, for it wakes
        drop(lane);
    }
}

/// Hands an append over.
pub(crate) fn append(shared: &Arc<Shared>, append: Append) -> Logging<()> {
    let bytes = append.entries.iter().map(|entry| entry.json.len() + OVERHEAD).sum();
    if bytes > LARGEST_APPEND {
        return Box::pin(ready(Err(LogError::TooLarge { bytes, limit: LARGEST_APPEND })));
    }
    let due = Instant::now() + wait(append.urgency, shared.options.gather);
    let writer = (append.session.clone(), append.epoch);
    let (done, answer) = oneshot::channel();
    let job = Job { append, bytes, due, done };
    if shared.writers.push(&writer, job) {
        // outside of the lock: a runtime that has ended drops the task at once, and its guard locks
        let guard = LaneGuard { shared: Arc::clone(shared), writer: Some(writer) };
        shared.runtime.spawn(run(guard));
    }
    Box::pin(async { answer.await.unwrap_or(Err(LogError::Closed)) })
}

fn wait(urgency: Urgency, gather: Duration) -> Duration {
    let wait = match urgency {
        Urgency::Now => Duration::ZERO,
        Urgency::Within(time) => time,
        Urgency::Whenever => gather,
    };
    // a clock cannot count as far as a duration
    wait.min(LONGEST_WAIT)
}

async fn run(mut guard: LaneGuard) {
    let shared = Arc::clone(&guard.shared);
    while let Some(writer) = &guard.writer {
        match shared.writers.plan(writer, shared.options.gather_bytes) {
            Plan::Write(jobs) => write(&shared, writer, jobs).await,
            Plan::Wait(until, changed) => {
                let _ = timeout_at(until, changed.notified()).await;
            }
            Plan::End => guard.writer = None,
        }
    }
}

/// Writes appends in one statement, and tells how it went.
async fn write(shared: &Arc<Shared>, writer: &Writer, jobs: Vec<Job>) {
    let appends: Vec<&Append> = jobs.iter().map(|job| &job.append).collect();
    let bytes = jobs.iter().map(|job| job.bytes).sum();
    let stored = calls::append(shared, &appends, bytes).await;
    match stored {
        Ok(()) => jobs.into_iter().for_each(|job| job.tell(Ok(()))),
        // the first of them may be a repeated one that was stored alone
        Err(LogError::Misplaced { .. }) if jobs.len() > 1 => {
            let mut jobs = jobs.into_iter();
            while let Some(job) = jobs.next() {
                match calls::append(shared, &[&job.append], job.bytes).await {
                    Ok(()) => job.tell(Ok(())),
                    Err(error) => {
                        let rest = std::iter::once(job).chain(jobs).collect();
                        return shared.writers.fail(writer, rest, &error);
                    }
                }
            }
        }
        Err(error) => shared.writers.fail(writer, jobs, &error),
    }
}

impl Writers {
    /// Waits until what was handed over for a session is stored or has failed.
    pub(crate) async fn flush(&self, session: &SessionId) {
        let range = (session.clone(), Epoch(0))..=(session.clone(), Epoch(u64::MAX));
        let flushed: Vec<_> = self.lock().range_mut(range).map(|(_, lane)| lane.flush()).collect();
        for lane in flushed {
            // an error says that the lane is gone
            let _ = lane.await;
        }
    }

    /// Waits until everything that was handed over is stored or has failed.
    pub(crate) async fn flush_all(&self) {
        let flushed: Vec<_> = self.lock().values_mut().map(Lane::flush).collect();
        for lane in flushed {
            let _ = lane.await;
        }
    }

    /// Tells whether the lane is a new one, which needs a task.
    fn push(&self, writer: &Writer, job: Job) -> bool {
        let mut lanes = self.lock();
        if let Some(lane) = lanes.get_mut(writer) {
            lane.jobs.push_back(job);
            lane.changed.notify_one();
            return false;
        }
        let jobs = VecDeque::from([job]);
        let lane = Lane { jobs, changed: Arc::default(), flushing: Vec::new() };
        lanes.insert(writer.clone(), lane);
        true
    }

    fn plan(&self, writer: &Writer, gather_bytes: usize) -> Plan {
        let mut lanes = self.lock();
        let Some(lane) = lanes.get_mut(writer) else { return Plan::End };
        let Some(due) = lane.jobs.iter().map(|job| job.due).min() else {
            lanes.remove(writer);
            return Plan::End;
        };
        let bytes: usize = lane.jobs.iter().map(|job| job.bytes).sum();
        let urgent = due <= Instant::now() || bytes >= gather_bytes || !lane.flushing.is_empty();
        if urgent { Plan::Write(lane.batch()) } else { Plan::Wait(due, Arc::clone(&lane.changed)) }
    }

    /// An append failed: those behind it do too.
    fn fail(&self, writer: &Writer, jobs: Vec<Job>, error: &LogError) {
        let behind = match self.lock().get_mut(writer) {
            Some(lane) => std::mem::take(&mut lane.jobs),
            None => VecDeque::new(),
        };
        for job in jobs.into_iter().chain(behind) {
            let mut error = error.clone();
            if let LogError::Misplaced { at, .. } = &mut error {
                *at = job.append.at;
            }
            job.tell(Err(error));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Writer, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn flush(&mut self) -> oneshot::Receiver<()> {
        let (flushing, flushed) = oneshot::channel();
        self.flushing.push(flushing);
        self.changed.notify_one();
        flushed
    }

    /// The appends from the first one on that follow on each other, as many as fit in a statement.
    fn batch(&mut self) -> Vec<Job> {
        let mut batch: Vec<Job> = Vec::new();
        let mut bytes = 0;
        while let Some(job) = self.jobs.front() {
            let follows = batch.last().is_none_or(|last| last.end() == Some(job.append.at.0));
            bytes += job.bytes;
            if !follows || (bytes > LARGEST_BATCH && !batch.is_empty()) {
                break;
            }
            batch.extend(self.jobs.pop_front());
        }
        batch
    }
}

impl Job {
    /// Where an append that follows begins.
    fn end(&self) -> Option<u64> {
        self.append.at.0.checked_add(self.append.entries.len() as u64)
    }

    fn tell(self, result: Result<(), LogError>) {
        // whoever asked may have gone
        let _ = self.done.send(result);
    }
}
