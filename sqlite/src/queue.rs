//! Queues of jobs for the threads of a log.

use crate::sync::lock;
use std::{
    collections::VecDeque,
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a write that is not urgent waits for other writes to share its transaction.
pub(crate) const BATCH_DELAY: Duration = Duration::from_millis(20);

/// Number of queued bytes at which a batch is written without further delay.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// Maximum number of bytes that a caller writes on its own thread.
const MAX_INLINE_BYTES: usize = 64 << 10;

/// Writes that are committed in batches, by the writer thread or by a caller.
pub(crate) struct WriteQueue<T> {
    state: Mutex<WriteQueueState<T>>,
    changed: Condvar,
}

struct WriteQueueState<T> {
    jobs: Vec<(T, Batching)>,
    bytes: usize,
    /// When the batch has to be written.
    due: Option<Instant>,
    /// Whether a job does more than append, which only the writer thread does.
    needs_thread: bool,
    sleep: Sleep,
    wakeup_requested: bool,
    closed: bool,
}

/// State of the writer thread. A push wakes the thread only if it would wake up too late.
#[derive(Clone, Copy, PartialEq)]
enum Sleep {
    Awake,
    Until(Instant),
    Forever,
}

/// Why [`WriteQueue::wait`] returned.
pub(crate) enum WakeReason {
    /// The batch has to be written.
    Due,
    /// The deadline has passed, or a wake-up was requested.
    Requested,
    /// The queue is closed and empty.
    Closed,
}

/// Whether a job shares a transaction with others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Batching {
    Shared,
    Alone,
}

/// When and where a job is run.
#[derive(Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) batching: Batching,
    /// How long the job may wait for other jobs to share its transaction.
    pub(crate) max_delay: Duration,
    /// The size of an append; `None` for other jobs.
    pub(crate) bytes: Option<usize>,
}

impl<T> WriteQueue<T> {
    pub(crate) fn new() -> Self {
        let state = WriteQueueState {
            jobs: Vec::new(),
            bytes: 0,
            due: None,
            needs_thread: false,
            sleep: Sleep::Awake,
            wakeup_requested: false,
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Enqueues a job. Drops the job if the queue is closed.
    ///
    /// Does not wake the thread for a job without delay: the caller either runs it or calls
    /// [`wake_if_due`](Self::wake_if_due).
    pub(crate) fn push(&self, job: T, schedule: Schedule) {
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            return drop(job);
        }
        state.jobs.push((job, schedule.batching));
        state.needs_thread |= schedule.bytes.is_none();
        state.bytes += schedule.bytes.unwrap_or_default();
        let full = state.bytes > MAX_BATCH_BYTES;
        let delay = if full { Duration::ZERO } else { schedule.max_delay };
        // a deadline that an `Instant` cannot represent never comes
        if let Some(due) = Instant::now().checked_add(delay)
            && state.due.is_none_or(|before| due < before)
        {
            state.due = Some(due);
            if !schedule.max_delay.is_zero() {
                self.wake(state);
            }
        }
    }

    /// Wakes the thread for the jobs that are due.
    pub(crate) fn wake_if_due(&self) {
        self.wake(lock(&self.state));
    }

    /// Wakes the thread if it would wake up after the batch is due.
    fn wake(&self, mut state: MutexGuard<'_, WriteQueueState<T>>) {
        let late = match (state.sleep, state.due) {
            (Sleep::Awake, _) | (_, None) => false,
            (Sleep::Until(time), Some(due)) => due < time,
            (Sleep::Forever, Some(_)) => true,
        };
        if late {
            state.sleep = Sleep::Awake;
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Takes the jobs of the next transaction. Callers hold the lock of the write connection, which keeps batches in order.
    pub(crate) fn take(&self) -> (Vec<T>, Batching) {
        lock(&self.state).take()
    }

    /// Takes all jobs if they are few enough for the thread of a caller.
    pub(crate) fn take_inline(&self) -> Option<Vec<T>> {
        let mut state = lock(&self.state);
        (!state.needs_thread && state.bytes <= MAX_INLINE_BYTES).then(|| state.take().0)
    }

    /// Puts jobs that share a transaction back at the front of the queue, due at once.
    pub(crate) fn push_front(&self, jobs: Vec<T>) {
        let mut state = lock(&self.state);
        state.jobs.splice(..0, jobs.into_iter().map(|job| (job, Batching::Shared)));
        state.due = Some(Instant::now());
    }

    /// Waits until a batch is due, or until a deadline.
    pub(crate) fn wait(&self, until: Option<Instant>) -> WakeReason {
        let mut state = lock(&self.state);
        // the first sleep is short, so that pushes with a longer delay need not wake this thread
        let mut short = Some(Instant::now() + BATCH_DELAY);
        loop {
            let now = Instant::now();
            if state.due.is_some_and(|due| due <= now) {
                return WakeReason::Due;
            }
            if state.closed {
                return if state.jobs.is_empty() { WakeReason::Closed } else { WakeReason::Due };
            }
            if mem::take(&mut state.wakeup_requested) || until.is_some_and(|until| until <= now) {
                return WakeReason::Requested;
            }
            short = short.filter(|short| *short > now);
            let wake = [state.due, until, short].into_iter().flatten().min();
            state.sleep = wake.map_or(Sleep::Forever, Sleep::Until);
            state = match wake {
                Some(wake) => {
                    let woken = self.changed.wait_timeout(state, wake - now);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state.sleep = Sleep::Awake;
        }
    }

    /// Makes [`wait`](Self::wait) return soon, and at once if it would sleep forever.
    pub(crate) fn request_wakeup(&self) {
        let mut state = lock(&self.state);
        state.wakeup_requested = true;
        if state.sleep == Sleep::Forever {
            state.sleep = Sleep::Awake;
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Closes the queue to new jobs. Queued jobs can still be taken.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }
}

impl<T> WriteQueueState<T> {
    fn take(&mut self) -> (Vec<T>, Batching) {
        let alone = self.jobs.iter().position(|(_, batching)| *batching == Batching::Alone);
        let (count, batching) = match alone {
            None => (self.jobs.len(), Batching::Shared),
            Some(0) => (1, Batching::Alone),
            Some(shared) => (shared, Batching::Shared),
        };
        let rest = self.jobs.split_off(count);
        let is_empty = rest.is_empty();
        // the rest is due at once
        self.due = (!is_empty).then(Instant::now);
        (self.bytes, self.needs_thread) = (0, !is_empty);
        let jobs = mem::replace(&mut self.jobs, rest);
        (jobs.into_iter().map(|(job, _)| job).collect(), batching)
    }
}

/// Reads for the next free reader thread.
pub(crate) struct ReadQueue<T> {
    state: Mutex<ReadQueueState<T>>,
    changed: Condvar,
}

struct ReadQueueState<T> {
    jobs: VecDeque<T>,
    closed: bool,
}

impl<T> ReadQueue<T> {
    pub(crate) fn new() -> Self {
        let state = ReadQueueState { jobs: VecDeque::new(), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Enqueues a job. Drops the job if the queue is closed.
    pub(crate) fn push(&self, job: T) {
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            return drop(job);
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
    }

    /// Waits for a job. Returns `None` once the queue is closed and empty.
    pub(crate) fn pop(&self) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use std::{
        sync::{Arc, mpsc},
        thread,
    };

    const HOUR: Duration = Duration::from_hours(1);

    fn push(queue: &WriteQueue<u32>, job: u32, max_delay: Duration) {
        queue.push(job, Schedule { batching: Batching::Shared, max_delay, bytes: Some(1) });
    }

    #[test]
    fn urgent_job_flushes_delayed_jobs_in_order() {
        let queue = WriteQueue::new();
        push(&queue, 1, HOUR);
        push(&queue, 2, Duration::MAX);
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(matches!(queue.wait(Some(soon)), WakeReason::Requested));
        push(&queue, 3, Duration::ZERO);
        assert!(matches!(queue.wait(None), WakeReason::Due));
        assert_eq!(queue.take().0, [1, 2, 3]);
    }

    #[test]
    fn jobs_that_are_put_back_come_first() {
        let queue = WriteQueue::new();
        push(&queue, 1, Duration::ZERO);
        let taken = queue.take_inline().unwrap();
        push(&queue, 2, HOUR);
        queue.push_front(taken);
        assert!(matches!(queue.wait(None), WakeReason::Due));
        assert_eq!(queue.take().0, [1, 2]);
    }

    #[test]
    fn large_batches_and_jobs_other_than_appends_are_not_run_inline() {
        for bytes in [None, Some(MAX_INLINE_BYTES + 1)] {
            let queue = WriteQueue::new();
            push(&queue, 1, HOUR);
            let batching = Batching::Shared;
            queue.push(2, Schedule { batching, max_delay: Duration::ZERO, bytes });
            assert!(queue.take_inline().is_none());
            assert_eq!(queue.take().0, [1, 2]);
            assert!(queue.take_inline().is_some_and(|jobs| jobs.is_empty()));
        }
    }

    #[test]
    fn job_that_runs_alone_is_taken_alone_and_in_order() {
        let queue = WriteQueue::new();
        push(&queue, 1, HOUR);
        push(&queue, 2, HOUR);
        let alone = Schedule { batching: Batching::Alone, max_delay: Duration::ZERO, bytes: None };
        queue.push(3, alone);
        push(&queue, 4, HOUR);
        assert!(queue.take_inline().is_none());
        for (jobs, batching) in
            [(&[1, 2][..], Batching::Shared), (&[3], Batching::Alone), (&[4], Batching::Shared)]
        {
            assert!(matches!(queue.wait(None), WakeReason::Due));
            assert_eq!(queue.take(), (jobs.to_vec(), batching));
        }
    }

    #[test]
    fn sleeping_thread_is_woken_by_jobs_that_are_due_earlier() {
        let queue = Arc::new(WriteQueue::new());
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn({
            let queue = Arc::clone(&queue);
            move || {
                loop {
                    match queue.wait(None) {
                        WakeReason::Due => {
                            for job in queue.take().0 {
                                sender.send(job).unwrap();
                            }
                        }
                        WakeReason::Requested => sender.send(0).unwrap(),
                        WakeReason::Closed => return,
                    }
                }
            }
        });
        for round in 0..200 {
            match round % 4 {
                0 => {
                    push(&queue, 1, Duration::ZERO);
                    queue.wake_if_due();
                }
                1 => push(&queue, 1, Duration::from_millis(1)),
                2 => {
                    push(&queue, 1, HOUR);
                    push(&queue, 1, Duration::from_micros(10));
                    assert_eq!(receiver.recv(), Ok(1));
                }
                _ => {
                    // `wait` may be in its first short sleep
                    queue.request_wakeup();
                    assert_eq!(receiver.recv(), Ok(0));
                    continue;
                }
            }
            assert_eq!(receiver.recv(), Ok(1));
        }
        push(&queue, 7, HOUR);
        queue.close();
        assert_eq!(receiver.recv(), Ok(7));
        thread.join().unwrap();
        push(&queue, 8, Duration::ZERO);
        assert!(queue.take().0.is_empty(), "a closed queue drops jobs");
    }
}
