//! What a case works with: the subject, ids of its own, time and threads.

use crate::{Fault, Subject, writer::Writer};
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

/// What a case comes to.
pub(crate) type Verdict = Result<(), Stop>;

/// Why a case did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    Fault(Fault),
    NotApplicable(&'static str),
}

impl Stop {
    #[track_caller]
    pub(crate) fn fault(message: impl Into<String>) -> Self {
        Self::Fault(Fault::new(message.into()))
    }
}

/// Fails the case unless something holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err($crate::trial::Stop::fault(format!($($message)+)));
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
                return Err($crate::trial::Stop::fault(message));
            },
        }
    };
}
pub(crate) use ensure_eq;

/// Fails the case unless an operation is refused with a certain error.
macro_rules! ensure_refused {
    ($result:expr, $error:pat $(if $guard:expr)?, $($message:tt)+) => {
        match $result {
            Err($error) $(if $guard)? => {}
            other => {
                let what = format!($($message)+);
                let message = format!("{what}: found {other:?}, expected {}", stringify!($error));
                return Err($crate::trial::Stop::fault(message));
            }
        }
    };
}
pub(crate) use ensure_refused;

/// One case at work.
#[derive(Clone)]
pub(crate) struct Trial {
    pub(crate) log: Arc<dyn Log>,
    /// What all ids of this case begin with, and no other id.
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

    /// Opens a session by any claim.
    pub(crate) async fn open(&self, name: &str) -> Result<Writer, LogError> {
        Writer::open(&self.log, &self.id(name)?, Claim::default()).await
    }

    /// A session of so many entries.
    pub(crate) async fn session(&self, name: &str, entries: u64) -> Result<Writer, LogError> {
        let mut writer = self.open(name).await?;
        writer.write(entries).await?;
        Ok(writer)
    }

    /// A handle as another process has it.
    pub(crate) async fn reopen(&self) -> Result<Arc<dyn Log>, Stop> {
        match self.subject.reopen() {
            Some(log) => Ok(log.await?),
            None => Err(Stop::NotApplicable("the store has one handle: `reopen` returns `None`")),
        }
    }

    /// The handles to read with: the first one, and another one when there can be one.
    pub(crate) async fn handles(&self) -> Result<Vec<Arc<dyn Log>>, LogError> {
        let mut handles = vec![Arc::clone(&self.log)];
        if let Some(log) = self.subject.reopen() {
            handles.push(log.await?);
        }
        Ok(handles)
    }

    /// What a crash leaves.
    pub(crate) async fn crash(&self) -> Result<Arc<dyn Log>, Stop> {
        match self.subject.crash() {
            Some(log) => Ok(log.await?),
            None => Err(Stop::NotApplicable("the store cannot be cut off: `crash` returns `None`")),
        }
    }

    /// Waits, but not for ever, for what has to come.
    #[track_caller]
    pub(crate) fn soon<T>(
        &self,
        what: &str,
        future: impl Future<Output = T>,
    ) -> impl Future<Output = Result<T, Stop>> {
        let patience = self.subject.patience() / 2;
        let late = Fault::new(format!("{what}: nothing came within {patience:?}"));
        async move { within(patience, future).await.ok_or(Stop::Fault(late)) }
    }

    /// Waits until something holds that nobody tells about.
    #[track_caller]
    pub(crate) fn until(
        &self,
        what: &str,
        holds: impl Fn() -> bool,
    ) -> impl Future<Output = Verdict> {
        let patience = self.subject.patience() / 2;
        let late = Fault::new(format!("{what}: not so within {patience:?}"));
        async move {
            let begin = Instant::now();
            while !holds() {
                if begin.elapsed() > patience {
                    return Err(Stop::Fault(late));
                }
                delay(Duration::from_millis(1)).await;
            }
            Ok(())
        }
    }

    /// Runs a part of the case on a thread of its own.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        part: impl Future<Output = Result<T, Stop>> + Send + 'static,
    ) -> Part<T> {
        let (sender, receiver) = oneshot::channel();
        let subject = Arc::clone(&self.subject);
        thread::spawn(move || {
            subject.block_on(Box::pin(async {
                // nobody listens any more when the case has failed
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
            result.unwrap_or_else(|_| Err(Stop::fault("a thread of the case panicked")))
        })
    }
}

/// Is ready after some time, under any executor: a thread sleeps, since the kit has no runtime.
pub(crate) async fn delay(time: Duration) {
    let (sender, receiver) = oneshot::channel::<()>();
    thread::spawn(move || {
        thread::sleep(time);
        drop(sender);
    });
    let _ = receiver.await;
}

/// What a future returns, unless it takes longer.
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

/// Reads a session from an offset to its end and checks that offsets have no gaps and pages no more
/// than their limit.
pub(crate) async fn read_all(
    log: &Arc<dyn Log>,
    session: &SessionId,
    from: burdock::log::Offset,
) -> Result<Vec<Record>, Stop> {
    const PAGE: usize = 1000;
    let (mut records, mut next) = (Vec::new(), from);
    loop {
        let page = log.read(session, next, PAGE).await?;
        ensure!(page.len() <= PAGE, "a page has {} entries, at most {PAGE} were asked", page.len());
        if page.is_empty() {
            return Ok(records);
        }
        for record in page {
            ensure_eq!(record.offset, next, "the offset of an entry that was read");
            next = next.plus(1);
            records.push(record);
        }
    }
}

/// Checks that a session has these entries from offset 0 on, and no others.
pub(crate) async fn ensure_content(
    log: &Arc<dyn Log>,
    session: &SessionId,
    expected: &[Record],
) -> Verdict {
    let found = read_all(log, session, burdock::log::Offset::ZERO).await?;
    for (found, expected) in found.iter().zip(expected) {
        ensure_eq!(found, expected, "an entry that was read");
    }
    ensure_eq!(found.len(), expected.len(), "how many entries `{session}` has");
    Ok(())
}
