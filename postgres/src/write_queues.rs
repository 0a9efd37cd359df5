//! Queues of appends: one queue per writer, in the order of calls.
//!
//! A non-empty queue has a task, so that appends are stored even if their futures are not polled.

use crate::{Shared, operations};
use burdock::log::{Append, Epoch, LogError, LogFuture, SessionId, Urgency};
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

/// Maximum size of a statement with several appends, in bytes.
const MAX_BATCH: usize = 4 << 20;

/// Maximum size of an append; the server limits messages to 1 GiB.
const MAX_APPEND: usize = 512 << 20;

const MAX_DELAY: Duration = Duration::from_hours(24);

/// Size of an entry besides its JSON.
const OVERHEAD: usize = 64;

type WriterId = (SessionId, Epoch);

#[derive(Default)]
pub(crate) struct WriteQueues(Mutex<BTreeMap<WriterId, WriteQueue>>);

/// Queued appends of one writer. The queue exists as long as its task.
struct WriteQueue {
    jobs: VecDeque<Job>,
    changed: Arc<Notify>,
    /// Senders for callers of `flush`; dropped with the queue.
    flushing: Vec<oneshot::Sender<()>>,
}

struct Job {
    append: Append,
    bytes: usize,
    due: Instant,
    done: oneshot::Sender<Result<(), LogError>>,
}

/// The next step of the task of a queue.
enum Plan {
    Write(Vec<Job>),
    Wait(Instant, Arc<Notify>),
    End,
}

/// Removes the queue when its task ends. If the runtime shuts down, the queued appends fail with
/// [`LogError::Closed`].
struct QueueGuard {
    shared: Arc<Shared>,
    /// `None` once the queue was removed; the writer may have a new one.
    writer: Option<WriterId>,
}

impl Drop for QueueGuard {
    fn drop(&mut self) {
        let queue = self.writer.take().and_then(|writer| self.shared.queues.lock().remove(&writer));
        // dropped without the lock, because it wakes
        drop(queue);
    }
}

/// Enqueues an append.
pub(crate) fn append(shared: &Arc<Shared>, append: Append) -> LogFuture<()> {
    let bytes = append.entries.iter().map(|entry| entry.json.len() + OVERHEAD).sum();
    if bytes > MAX_APPEND {
        return Box::pin(ready(Err(LogError::TooLarge { bytes, limit: MAX_APPEND })));
    }
    let due = Instant::now() + delay(append.urgency, shared.options.batch_delay);
    let writer = (append.session.clone(), append.epoch);
    let (done, result) = oneshot::channel();
    let job = Job { append, bytes, due, done };
    if shared.queues.push(&writer, job) {
        // without the lock: a runtime that has shut down drops the task at once, and the guard locks
        let guard = QueueGuard { shared: Arc::clone(shared), writer: Some(writer) };
        shared.runtime.spawn(run(guard));
    }
    Box::pin(async { result.await.unwrap_or(Err(LogError::Closed)) })
}

fn delay(urgency: Urgency, batch_delay: Duration) -> Duration {
    let delay = match urgency {
        Urgency::Now => Duration::ZERO,
        Urgency::Within(time) => time,
        Urgency::Whenever => batch_delay,
    };
    // adding a larger duration to an `Instant` could overflow
    delay.min(MAX_DELAY)
}

async fn run(mut guard: QueueGuard) {
    let shared = Arc::clone(&guard.shared);
    while let Some(writer) = &guard.writer {
        match shared.queues.plan(writer, shared.options.batch_bytes) {
            Plan::Write(jobs) => write(&shared, writer, jobs).await,
            Plan::Wait(until, changed) => {
                let _ = timeout_at(until, changed.notified()).await;
            }
            Plan::End => guard.writer = None,
        }
    }
}

/// Stores appends in one statement and reports the result to their callers.
async fn write(shared: &Arc<Shared>, writer: &WriterId, jobs: Vec<Job>) {
    let appends: Vec<&Append> = jobs.iter().map(|job| &job.append).collect();
    let bytes = jobs.iter().map(|job| job.bytes).sum();
    let stored = operations::append(shared, &appends, bytes).await;
    match stored {
        Ok(()) => jobs.into_iter().for_each(|job| job.complete(Ok(()))),
        // the first append may be a repetition of one that was stored alone
        Err(LogError::Misplaced { .. }) if jobs.len() > 1 => {
            let mut jobs = jobs.into_iter();
            while let Some(job) = jobs.next() {
                match operations::append(shared, &[&job.append], job.bytes).await {
                    Ok(()) => job.complete(Ok(())),
                    Err(error) => {
                        let rest = std::iter::once(job).chain(jobs).collect();
                        return shared.queues.fail(writer, rest, &error);
                    }
                }
            }
        }
        Err(error) => shared.queues.fail(writer, jobs, &error),
    }
}

impl WriteQueues {
    /// Waits until the queued appends to a session are stored or have failed.
    pub(crate) async fn flush(&self, session: &SessionId) {
        let range = (session.clone(), Epoch(0))..=(session.clone(), Epoch(u64::MAX));
        let flushed: Vec<_> =
            self.lock().range_mut(range).map(|(_, queue)| queue.flush()).collect();
        for queue in flushed {
            // an error means that the queue was removed
            let _ = queue.await;
        }
    }

    /// Waits until all queued appends are stored or have failed.
    pub(crate) async fn flush_all(&self) {
        let flushed: Vec<_> = self.lock().values_mut().map(WriteQueue::flush).collect();
        for queue in flushed {
            let _ = queue.await;
        }
    }

    /// Adds a job to its queue. Returns whether the queue is new and needs a task.
    fn push(&self, writer: &WriterId, job: Job) -> bool {
        let mut queues = self.lock();
        if let Some(queue) = queues.get_mut(writer) {
            queue.jobs.push_back(job);
            queue.changed.notify_one();
            return false;
        }
        let jobs = VecDeque::from([job]);
        let queue = WriteQueue { jobs, changed: Arc::default(), flushing: Vec::new() };
        queues.insert(writer.clone(), queue);
        true
    }

    fn plan(&self, writer: &WriterId, batch_bytes: usize) -> Plan {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(writer) else { return Plan::End };
        let Some(due) = queue.jobs.iter().map(|job| job.due).min() else {
            queues.remove(writer);
            return Plan::End;
        };
        let bytes: usize = queue.jobs.iter().map(|job| job.bytes).sum();
        let urgent = due <= Instant::now() || bytes >= batch_bytes || !queue.flushing.is_empty();
        if urgent {
            Plan::Write(queue.batch())
        } else {
            Plan::Wait(due, Arc::clone(&queue.changed))
        }
    }

    /// Fails appends and all appends queued after them.
    fn fail(&self, writer: &WriterId, jobs: Vec<Job>, error: &LogError) {
        let queued = match self.lock().get_mut(writer) {
            Some(queue) => std::mem::take(&mut queue.jobs),
            None => VecDeque::new(),
        };
        for job in jobs.into_iter().chain(queued) {
            let mut error = error.clone();
            if let LogError::Misplaced { at, .. } = &mut error {
                *at = job.append.at;
            }
            job.complete(Err(error));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<WriterId, WriteQueue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriteQueue {
    fn flush(&mut self) -> oneshot::Receiver<()> {
        let (flushing, flushed) = oneshot::channel();
        self.flushing.push(flushing);
        self.changed.notify_one();
        flushed
    }

    /// Takes consecutive appends from the front, as many as fit in one statement.
    fn batch(&mut self) -> Vec<Job> {
        let mut batch: Vec<Job> = Vec::new();
        let mut bytes = 0;
        while let Some(job) = self.jobs.front() {
            let follows = batch.last().is_none_or(|last| last.end() == Some(job.append.at.0));
            bytes += job.bytes;
            if !follows || (bytes > MAX_BATCH && !batch.is_empty()) {
                break;
            }
            batch.extend(self.jobs.pop_front());
        }
        batch
    }
}

impl Job {
    /// Returns the offset after the append.
    fn end(&self) -> Option<u64> {
        self.append.at.0.checked_add(self.append.entries.len() as u64)
    }

    fn complete(self, result: Result<(), LogError>) {
        // the caller may have dropped its future
        let _ = self.done.send(result);
    }
}
