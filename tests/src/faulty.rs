//! A log whose storage holds entries back, fails, or never answers, as a test requests.

use burdock::log::{
    Append, Claim, Epoch, EpochStart, Log, LogError, LogFuture, Offset, Opened, Record,
    SessionFilter, SessionId, SessionInfo,
};
use std::{
    collections::{BTreeSet, VecDeque},
    future::{pending, poll_fn, ready},
    io,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

/// The result of an append.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    #[default]
    Stored,
    /// Waits until the test releases it, and so do the appends behind it.
    Held,
    /// Nothing is stored.
    Refused,
    /// Stored, but the writer receives an error.
    StoredAndFailed,
    /// Stored, but the writer never receives a result.
    StoredUnanswered,
    /// Nothing is stored, because the storage is full.
    Full,
}

/// The calls besides `append` that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Open,
    Read,
    Info,
    Sessions,
    Delete,
}

/// Forwards every call to another log, except for the faults that the test requests.
#[derive(Clone)]
pub struct FaultyLog {
    inner: Arc<dyn Log>,
    faults: Arc<Mutex<Faults>>,
}

#[derive(Default)]
struct Faults {
    fates: VecDeque<Fate>,
    held: VecDeque<Held>,
    /// Writers with a failed append: their later appends fail too.
    dead: BTreeSet<(SessionId, Epoch)>,
    failing: Vec<(Call, LogError)>,
    hanging: Vec<Call>,
    /// The actions of other programs before the next call of a kind.
    others: Vec<(Call, Box<dyn FnOnce() + Send>)>,
    appended: usize,
    /// The number of faults so far.
    hits: usize,
}

struct Held {
    append: Append,
    fate: Fate,
    answer: Answer,
}

type Answer = Arc<Mutex<(Option<Result<(), LogError>>, Option<Waker>)>>;

impl FaultyLog {
    pub fn new(inner: impl Log) -> Self {
        Self { inner: Arc::new(inner), faults: Arc::default() }
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap()
    }

    /// Sets the results of the next appends. Later ones are stored.
    pub fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.faults().fates = fates.into_iter().collect();
    }

    /// Makes the next call of this kind fail.
    pub fn fail(&self, call: Call) {
        self.fail_with(call, unavailable());
    }

    /// Makes the next call of this kind fail with this error.
    pub fn fail_with(&self, call: Call, error: LogError) {
        self.faults().failing.push((call, error));
    }

    /// Makes the next call of this kind never return, although its effect takes place.
    pub fn hang(&self, call: Call) {
        self.faults().hanging.push(call);
    }

    /// Runs `act` just before the next call of this kind, as another program could.
    pub fn before(&self, call: Call, act: impl FnOnce() + Send + 'static) {
        self.faults().others.push((call, Box::new(act)));
    }

    /// The number of appends that wait.
    pub fn held(&self) -> usize {
        self.faults().held.len()
    }

    /// The number of calls of `append`.
    pub fn appended(&self) -> usize {
        self.faults().appended
    }

    /// The number of faults so far: fates other than `Stored`, and calls that failed or hung.
    pub fn hits(&self) -> usize {
        self.faults().hits
    }

    /// Releases the first append that waits. Returns whether there was one.
    pub fn release_next(&self) -> bool {
        let Some(held) = self.faults().held.pop_front() else { return false };
        let fate = if held.fate == Fate::Held { Fate::Stored } else { held.fate };
        let result = self.store(held.append, fate);
        if fate == Fate::StoredUnanswered {
            return true;
        }
        let mut answer = held.answer.lock().unwrap();
        answer.0 = Some(result);
        if let Some(waker) = answer.1.take() {
            waker.wake();
        }
        true
    }

    /// Simulates the death of the process: the first `stored` of the waiting appends are stored, the others
    /// are lost.
    pub fn crash(&self, stored: usize) {
        let waiting = self.held();
        for _ in 0..stored.min(waiting) {
            self.release_next();
        }
        let mut faults = self.faults();
        faults.held.clear();
        faults.fates.clear();
        faults.failing.clear();
        faults.hanging.clear();
        faults.others.clear();
    }

    fn store(&self, append: Append, fate: Fate) -> Result<(), LogError> {
        let writer = (append.session.clone(), append.epoch);
        let result = if self.faults().dead.contains(&writer) || fate == Fate::Refused {
            Err(unavailable())
        } else if fate == Fate::Full {
            Err(full())
        } else {
            let stored = block_on(self.inner.append(append));
            if fate == Fate::StoredAndFailed { stored.and(Err(unavailable())) } else { stored }
        };
        if result.is_err() {
            self.faults().dead.insert(writer);
        }
        result
    }

    /// Makes a call, unless it has to fail or to hang.
    fn call<T: Send + 'static>(
        &self,
        call: Call,
        inner: impl FnOnce() -> LogFuture<T>,
    ) -> LogFuture<T> {
        let mut faults = self.faults();
        if let Some(index) = faults.failing.iter().position(|(other, _)| *other == call) {
            faults.hits += 1;
            return Box::pin(ready(Err(faults.failing.remove(index).1)));
        }
        let hanging = faults.hanging.iter().position(|other| *other == call);
        let hangs = hanging.map(|index| faults.hanging.remove(index)).is_some();
        faults.hits += usize::from(hangs);
        let other = faults.others.iter().position(|(other, _)| *other == call);
        let other = other.map(|index| faults.others.remove(index).1);
        drop(faults);
        if let Some(act) = other {
            act();
        }
        let done = inner();
        if !hangs {
            return done;
        }
        Box::pin(async move {
            drop(done.await);
            pending().await
        })
    }
}

/// Blocks on a future. Unlike the executor of `futures`, this can be called inside a poll.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Arc::new(Unpark(thread::current())).into();
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        thread::park();
    }
}

fn unavailable() -> LogError {
    LogError::Unavailable(Arc::new(io::Error::other("no connection")))
}

fn full() -> LogError {
    let source = Arc::new(io::Error::from(io::ErrorKind::StorageFull));
    LogError::Full { reason: "there is no room".into(), source }
}

impl Log for FaultyLog {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        self.call(Call::Open, || self.inner.open(session, claim))
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        let mut faults = self.faults();
        faults.appended += 1;
        let fate = faults.fates.pop_front().unwrap_or_default();
        faults.hits += usize::from(fate != Fate::Stored);
        if fate == Fate::Held || !faults.held.is_empty() {
            let answer = Answer::default();
            faults.held.push_back(Held { append, fate, answer: Arc::clone(&answer) });
            return Box::pin(poll_fn(move |cx| {
                let mut answer = answer.lock().unwrap();
                if answer.0.is_none() {
                    answer.1 = Some(cx.waker().clone());
                }
                answer.0.take().map_or(Poll::Pending, Poll::Ready)
            }));
        }
        drop(faults);
        let result = self.store(append, fate);
        if fate == Fate::StoredUnanswered { Box::pin(pending()) } else { Box::pin(ready(result)) }
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        self.call(Call::Read, || self.inner.read(session, from, limit))
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        self.inner.reached(session, offset)
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        self.inner.reached_in(session, epoch, offset)
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        self.inner.snapshot_before(session, offset)
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        self.call(Call::Info, || self.inner.info(session))
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        self.call(Call::Sessions, || self.inner.sessions(filter))
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        self.inner.epochs(session)
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        self.inner.release(session, epoch)
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        self.inner.trim(session, before)
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        self.call(Call::Delete, || self.inner.delete(session))
    }
}
