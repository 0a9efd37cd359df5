//! What waits for the threads of a log.

use crate::sync::lock;
use std::{
    collections::VecDeque,
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a write waits for company when nobody waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(20);

/// How many bytes are gathered before a write waits no longer.
const GATHERED: usize = 1 << 20;

/// How many bytes a caller writes itself.
const LIGHT: usize = 64 << 10;

/// Writes on their way to whoever commits all of them at once.
pub(crate) struct Gathering<T> {
    state: Mutex<Gathered<T>>,
    changed: Condvar,
}

struct Gathered<T> {
    jobs: Vec<T>,
    bytes: usize,
    /// When the first of them has to be begun.
    due: Option<Instant>,
    /// Whether one of them is more than an append.
    heavy: bool,
    sleep: Sleep,
    roused: bool,
    closed: bool,
}

/// What the thread does, so that a push wakes it only when it would wake up too late.
#[derive(Clone, Copy, PartialEq)]
enum Sleep {
    Awake,
    Until(Instant),
    Forever,
}

/// Why the thread is awake.
pub(crate) enum Woken {
    /// A job has to be begun.
    Due,
    /// The time that it gave is over, or somebody asked for it.
    Roused,
    /// There are no more jobs.
    Closed,
}

/// What a job asks of the queue.
#[derive(Clone, Copy)]
pub(crate) struct Demand {
    /// How long it may wait for company.
    pub(crate) patience: Duration,
    /// How much it writes; `None` if that is more than an append.
    pub(crate) bytes: Option<usize>,
}

impl<T> Gathering<T> {
    pub(crate) fn new() -> Self {
        let state = Gathered {
            jobs: Vec::new(),
            bytes: 0,
            due: None,
            heavy: false,
            sleep: Sleep::Awake,
            roused: false,
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Hands over a job; drops it once the queue is closed. The thread is not told of a job that is
    /// due at once: whoever brings it may do it, or [`alert`](Self::alert) the thread.
    pub(crate) fn push(&self, job: T, demand: Demand) {
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            return drop(job);
        }
        state.jobs.push(job);
        state.heavy |= demand.bytes.is_none();
        state.bytes += demand.bytes.unwrap_or_default();
        let full = state.bytes > GATHERED;
        let patience = if full { Duration::ZERO } else { demand.patience };
        // a time beyond what the clock can say never comes
        if let Some(due) = Instant::now().checked_add(patience)
            && state.due.is_none_or(|before| due < before)
        {
            state.due = Some(due);
            if !demand.patience.is_zero() {
                self.wake(state);
            }
        }
    }

    /// Tells the thread of a job that is due.
    pub(crate) fn alert(&self) {
        self.wake(lock(&self.state));
    }

    /// Wakes the thread if it would sleep for too long.
    fn wake(&self, mut state: MutexGuard<'_, Gathered<T>>) {
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

    /// Takes all jobs. Whoever does so has the desk, so that they are done in order.
    pub(crate) fn take(&self) -> Vec<T> {
        lock(&self.state).take()
    }

    /// Takes all jobs if they are quickly done.
    pub(crate) fn take_light(&self) -> Option<Vec<T>> {
        let mut state = lock(&self.state);
        (!state.heavy && state.bytes <= LIGHT).then(|| state.take())
    }

    /// Gives back what was taken, to be done first.
    pub(crate) fn put_back(&self, jobs: Vec<T>) {
        let mut state = lock(&self.state);
        state.jobs.splice(..0, jobs);
        state.due = Some(Instant::now());
    }

    /// Waits until a job is due, or until a time.
    pub(crate) fn wait(&self, until: Option<Instant>) -> Woken {
        let mut state = lock(&self.state);
        // a first short sleep: pushes that may wait so long need not wake this thread
        let mut light = Some(Instant::now() + PATIENCE);
        loop {
            let now = Instant::now();
            if state.due.is_some_and(|due| due <= now) {
                return Woken::Due;
            }
            if state.closed {
                return if state.jobs.is_empty() { Woken::Closed } else { Woken::Due };
            }
            if mem::take(&mut state.roused) || until.is_some_and(|until| until <= now) {
                return Woken::Roused;
            }
            light = light.filter(|light| *light > now);
            let wake = [state.due, until, light].into_iter().flatten().min();
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

    /// Has `wait` return soon; at once if it would sleep for ever.
    pub(crate) fn rouse(&self) {
        let mut state = lock(&self.state);
        state.roused = true;
        if state.sleep == Sleep::Forever {
            state.sleep = Sleep::Awake;
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Takes no more jobs; what waits is still taken.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }
}

impl<T> Gathered<T> {
    fn take(&mut self) -> Vec<T> {
        (self.due, self.bytes, self.heavy) = (None, 0, false);
        mem::take(&mut self.jobs)
    }
}

/// Reads on their way to whichever thread is free.
pub(crate) struct Line<T> {
    state: Mutex<Standing<T>>,
    changed: Condvar,
}

struct Standing<T> {
    jobs: VecDeque<T>,
    closed: bool,
}

impl<T> Line<T> {
    pub(crate) fn new() -> Self {
        let state = Standing { jobs: VecDeque::new(), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Hands over a job; drops it once the queue is closed.
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

    /// Waits for a job; `None` once the queue is closed and empty.
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

    fn push(queue: &Gathering<u32>, job: u32, patience: Duration) {
        queue.push(job, Demand { patience, bytes: Some(1) });
    }

    #[test]
    fn a_job_at_once_brings_those_that_would_wait_in_their_order() {
        let queue = Gathering::new();
        push(&queue, 1, HOUR);
        push(&queue, 2, Duration::MAX);
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(matches!(queue.wait(Some(soon)), Woken::Roused));
        push(&queue, 3, Duration::ZERO);
        assert!(matches!(queue.wait(None), Woken::Due));
        assert_eq!(queue.take(), [1, 2, 3]);
    }

    #[test]
    fn what_is_given_back_is_first() {
        let queue = Gathering::new();
        push(&queue, 1, Duration::ZERO);
        let taken = queue.take_light().unwrap();
        push(&queue, 2, HOUR);
        queue.put_back(taken);
        assert!(matches!(queue.wait(None), Woken::Due));
        assert_eq!(queue.take(), [1, 2]);
    }

    #[test]
    fn what_is_large_or_more_than_an_append_is_not_light() {
        for bytes in [None, Some(LIGHT + 1)] {
            let queue = Gathering::new();
            push(&queue, 1, HOUR);
            queue.push(2, Demand { patience: Duration::ZERO, bytes });
            assert!(queue.take_light().is_none());
            assert_eq!(queue.take(), [1, 2]);
            assert!(queue.take_light().is_some_and(|jobs| jobs.is_empty()));
        }
    }

    #[test]
    fn a_sleeping_thread_is_woken_by_whatever_is_due_before_it_wakes_up() {
        let queue = Arc::new(Gathering::new());
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn({
            let queue = Arc::clone(&queue);
            move || {
                loop {
                    match queue.wait(None) {
                        Woken::Due => {
                            for job in queue.take() {
                                sender.send(job).unwrap();
                            }
                        }
                        Woken::Roused => sender.send(0).unwrap(),
                        Woken::Closed => return,
                    }
                }
            }
        });
        for round in 0..200 {
            match round % 4 {
                0 => {
                    push(&queue, 1, Duration::ZERO);
                    queue.alert();
                }
                1 => push(&queue, 1, Duration::from_millis(1)),
                2 => {
                    push(&queue, 1, HOUR);
                    push(&queue, 1, Duration::from_micros(10));
                    assert_eq!(receiver.recv(), Ok(1));
                }
                _ => {
                    // `wait` may be in its first short sleep
                    queue.rouse();
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
        assert!(queue.take().is_empty(), "a closed queue takes nothing");
    }
}
