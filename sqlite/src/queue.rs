//! What waits for the threads of a log.

use crate::sync::lock;
use std::{
    collections::VecDeque,
    mem,
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a write waits for company when nobody waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(20);

/// How many bytes are gathered before a write waits no longer.
const GATHERED: usize = 1 << 20;

/// Writes on their way to the one thread that takes all of them at once.
pub(crate) struct Gathering<T> {
    state: Mutex<Gathered<T>>,
    changed: Condvar,
}

struct Gathered<T> {
    jobs: Vec<T>,
    bytes: usize,
    /// When the first of them has to be begun.
    due: Option<Instant>,
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
pub(crate) enum Taken<T> {
    Jobs(Vec<T>),
    /// The time that it gave is over, or somebody asked for it.
    Roused,
    Closed,
}

impl<T> Gathering<T> {
    pub(crate) fn new() -> Self {
        let state = Gathered {
            jobs: Vec::new(),
            bytes: 0,
            due: None,
            sleep: Sleep::Awake,
            roused: false,
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Hands over a job, which may wait for company so long; drops it once the queue is closed.
    pub(crate) fn push(&self, job: T, bytes: usize, patience: Duration) {
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            return drop(job);
        }
        state.jobs.push(job);
        state.bytes += bytes;
        let patience = if state.bytes > GATHERED { Duration::ZERO } else { patience };
        // a time beyond what the clock can say never comes
        if let Some(due) = Instant::now().checked_add(patience)
            && state.due.is_none_or(|before| due < before)
        {
            state.due = Some(due);
            let late = match state.sleep {
                Sleep::Awake => false,
                Sleep::Until(time) => due < time,
                Sleep::Forever => true,
            };
            if late {
                state.sleep = Sleep::Awake;
                drop(state);
                self.changed.notify_one();
            }
        }
    }

    /// Waits until a job is due and takes all of them, or until a time.
    pub(crate) fn take(&self, until: Option<Instant>) -> Taken<T> {
        let mut state = lock(&self.state);
        // a first short sleep: pushes that may wait so long need not wake this thread
        let mut light = Some(Instant::now() + PATIENCE);
        loop {
            let now = Instant::now();
            if state.closed || state.due.is_some_and(|due| due <= now) {
                if state.jobs.is_empty() {
                    return Taken::Closed;
                }
                state.due = None;
                state.bytes = 0;
                return Taken::Jobs(mem::take(&mut state.jobs));
            }
            if mem::take(&mut state.roused) || until.is_some_and(|until| until <= now) {
                return Taken::Roused;
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

    /// Has `take` return soon; at once if it would sleep for ever.
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
