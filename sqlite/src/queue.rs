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
