//! The environment of a case: its subject, session ids, time limits and threads.

use crate::{Failure, Subject, writer::Writer};
use burdock::log::{Claim, Log, LogError, Record, SessionId};
use futures::{
    channel::oneshot,
    future::{Either, select},
};
use std::{
    pin::{Pin, pin},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// The result of a case.
pub(crate) type Verdict = Result<(), Stop>;

/// Why a case ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Failure(Failure),
    NotApplicable(&'static str),
}

impl Stop {
    #[track_caller]
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self::Failure(Failure::new(message.into()))
    }
}

/// Fails the case unless a condition holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err($crate::trial::Stop::failure(format!($($message)+)));
        }
    };
}
pub(crate) use ensure;

/// Fails the case unless two values are equal.
macro_rules! ensure_eq {
    ($found:expr, $expected:expr, $($message:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => if found != expected {
                let what = format!($($message)+);
                let message = format!("{what}: found {found:?}, expected {expected:?}");
                return Err($crate::trial::Stop::failure(message));
            },
        }
    };
}
pub(crate) use ensure_eq;

/// Fails the case unless a result is an error that matches a pattern.
macro_rules! ensure_err {
    ($result:expr, $error:pat $(if $guard:expr)?, $($message:tt)+) => {
        match $result {
            Err($error) $(if $guard)? => {}
            other => {
                let what = format!($($message)+);
                let message = format!("{what}: found {other:?}, expected {}", stringify!($error));
                return Err($crate::trial::Stop::failure(message));
            }
        }
    };
}
pub(crate) use ensure_err;

/// One run of a case.
#[derive(Clone)]
pub(crate) struct Trial {
    pub(crate) log: Arc<dyn Log>,
    /// The prefix of all session ids of this case, and of no others.
    pub(crate) prefix: String,
    subject: Arc<dyn Subject>,
}

impl Trial {
    pub(crate) async fn new(subject: Arc<dyn Subject>, name: &str) -> Result<Self, LogError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name: String = name.chars().take(40).collect();
        let prefix = format!("{name}-{now:x}-{}-{count}:", process::id());
        Ok(Self { log: subject.log().await?, prefix, subject })
    }

    pub(crate) fn id(&self, name: &str) -> Result<SessionId, LogError> {
        SessionId::stored(format!("{}{name}", self.prefix))
    }

    /// Opens a session with the default claim.
    pub(crate) async fn open(&self, name: &str) -> Result<Writer, LogError> {
        Writer::open(&self.log, &self.id(name)?, Claim::default()).await
    }

    /// Opens a session and appends a number of entries.
    pub(crate) async fn session(&self, name: &str, entries: u64) -> Result<Writer, LogError> {
        let mut writer = self.open(name).await?;
        writer.write(entries).await?;
        Ok(writer)
    }

    /// Returns an independent handle, as in another process.
    pub(crate) async fn reopen(&self) -> Result<Arc<dyn Log>, Stop> {
        match self.subject.reopen() {
            Some(log) => Ok(log.await?),
            None => Err(Stop::NotApplicable("the store has one handle: `reopen` returns `None`")),
        }
    }

    /// Returns the first handle and, if supported, an independent one.
    pub(crate) async fn handles(&self) -> Result<Vec<Arc<dyn Log>>, LogError> {
        let mut handles = vec![Arc::clone(&self.log)];
        if let Some(log) = self.subject.reopen() {
            handles.push(log.await?);
        }
        Ok(handles)
    }

    /// Simulates a crash and returns a handle on the remaining store.
    pub(crate) async fn crash(&self) -> Result<Arc<dyn Log>, Stop> {
        match self.subject.crash() {
            Some(log) => Ok(log.await?),
            None => Err(Stop::NotApplicable("the store cannot crash: `crash` returns `None`")),
        }
    }

    /// Awaits a future with a time limit.
    #[track_caller]
    pub(crate) fn soon<T>(
        &self,
        what: &str,
        future: impl Future<Output = T>,
    ) -> impl Future<Output = Result<T, Stop>> {
        let limit = self.subject.case_timeout() / 2;
        let late = Failure::new(format!("{what}: timed out after {limit:?}"));
        async move { within(limit, future).await.ok_or(Stop::Failure(late)) }
    }

    /// Polls a condition with a time limit.
    #[track_caller]
    pub(crate) fn until(
        &self,
        what: &str,
        holds: impl Fn() -> bool,
    ) -> impl Future<Output = Verdict> {
        let limit = self.subject.case_timeout() / 2;
        let late = Failure::new(format!("{what}: timed out after {limit:?}"));
        async move {
            let start = Instant::now();
            while !holds() {
                if start.elapsed() > limit {
                    return Err(Stop::Failure(late));
                }
                delay(Duration::from_millis(1)).await;
            }
            Ok(())
        }
    }

    /// Runs a part of the case on another thread.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        part: impl Future<Output = Result<T, Stop>> + Send + 'static,
    ) -> Part<T> {
        let (sender, receiver) = oneshot::channel();
        let subject = Arc::clone(&self.subject);
        thread::spawn(move || {
            subject.block_on(Box::pin(async {
                // the receiver is dropped if the case has failed
                let _ = sender.send(part.await);
            }));
        });
        Part(receiver)
    }
}

/// The result of a part of the case that runs on another thread.
pub(crate) struct Part<T>(oneshot::Receiver<Result<T, Stop>>);

impl<T> Future for Part<T> {
    type Output = Result<T, Stop>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Stop>> {
        Pin::new(&mut self.0).poll(cx).map(|result| {
            result.unwrap_or_else(|_| Err(Stop::failure("a thread of the case panicked")))
        })
    }
}

/// Sleeps, in any executor, with the help of a thread.
pub(crate) async fn delay(time: Duration) {
    let (sender, receiver) = oneshot::channel::<()>();
    thread::spawn(move || {
        thread::sleep(time);
        drop(sender);
    });
    let _ = receiver.await;
}

/// Awaits a future. Returns `None` after a timeout.
pub(crate) async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (future, (sender, late)) = (pin!(future), oneshot::channel::<()>());
    let timer = thread::spawn(move || {
        thread::park_timeout(time);
        drop(sender);
    });
    let ended = select(future, late).await;
    timer.thread().unpark();
    match ended {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Reads a session from an offset to its end. Checks that offsets have no gaps and that pages do not
/// exceed their limit.
pub(crate) async fn read_all(
    log: &Arc<dyn Log>,
    session: &SessionId,
    from: burdock::log::Offset,
) -> Result<Vec<Record>, Stop> {
    const PAGE: usize = 1000;
    let (mut records, mut next) = (Vec::new(), from);
    loop {
        let page = log.read(session, next, PAGE).await?;
        ensure!(page.len() <= PAGE, "a page has {} entries, limit was {PAGE}", page.len());
        if page.is_empty() {
            return Ok(records);
        }
        for record in page {
            ensure_eq!(record.offset, next, "offset of an entry");
            next = next.plus(1);
            records.push(record);
        }
    }
}

/// Checks that a session consists of these entries, from offset 0.
pub(crate) async fn ensure_content(
    log: &Arc<dyn Log>,
    session: &SessionId,
    expected: &[Record],
) -> Verdict {
    let found = read_all(log, session, burdock::log::Offset::ZERO).await?;
    for (found, expected) in found.iter().zip(expected) {
        ensure_eq!(found, expected, "an entry");
    }
    ensure_eq!(found.len(), expected.len(), "number of entries of `{session}`");
    Ok(())
}
