//! [`Runtime`] over tokio.

use super::{Runtime, Sleep, alarm::Alarm};
use std::{
    hash::{BuildHasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    task::{Context, Poll},
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Handle, Id},
    time::Instant,
};

/// The [`Runtime`] of an app unless another one is given: tokio's timers and threads where there
/// are some, and threads of the standard library under any other executor.
///
/// Which it is follows from where a run is polled, and not from where the app was built; a run may
/// begin in a tokio runtime and go on elsewhere, and the other way round.
///
/// - **In a tokio runtime** waits are its timers, with its clock, paused or not. Blocking actions
///   are on its pool.
/// - **Elsewhere**, say under `futures::executor::block_on`, one thread wakes whoever waits. It is
///   there only while someone does. Each blocking action has a thread of its own.
/// - **In a tokio runtime without `enable_time`** waits are on that thread, too. tokio has no way
///   to ask, so each wait begins with the message of its panic on the standard error; where a
///   panic aborts, it aborts. `Builder::enable_time` mends both.
///
/// The timers of a runtime fire only while it is driven. Who blocks the thread of a runtime with
/// another executor, or enters a runtime of one thread without polling in its `block_on`, waits in
/// vain.
///
/// When the system gives no thread, the step of a blocking action fails; another attempt may help,
/// so `#[retry]` applies. A wait polls until it is due.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioRuntime;

/// tokio's own instant, so that a paused clock agrees with what was slept.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// What stands for ever, as in tokio; much more overflows on some systems.
const FAR: Duration = Duration::from_hours(30 * 365 * 24);

impl Runtime for TokioRuntime {
    fn now(&self) -> Duration {
        let now = Instant::now();
        let (after, before) = (now.duration_since(*START), START.duration_since(now));
        // the clock of a runtime that is paused may stand before the moment at which that of another
        // one was read first
        FAR.saturating_add(after).saturating_sub(before)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(Wait::new(Instant::now() + duration.min(FAR)))
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        let offer = Offer(Arc::new(Mutex::new(Some(job))));
        if offer.to_tokio().is_some() {
            return;
        }
        if let Err(error) = offer.to_thread() {
            tracing::error!(%error, "no thread for a blocking action");
            drop(offer.take());
        }
    }

    fn random(&self) -> u64 {
        RandomState::new().hash_one(())
    }
}

/// A wait that may be polled in the runtime where it began, in another one, or in none.
struct Wait {
    due: Instant,
    /// A timer of the runtime where it began. That one may be gone or not driven any more when
    /// another one polls, so the timer is kept only until then.
    timer: Option<(Id, Pin<Box<tokio::time::Sleep>>)>,
    alarm: Alarm,
}

impl Wait {
    fn new(due: Instant) -> Self {
        let timer = Handle::try_current().ok().and_then(|tokio| {
            // it panics in a runtime without timers
            let sleep = unless_it_panics(|| Box::pin(tokio::time::sleep_until(due)))?;
            Some((tokio.id(), sleep))
        });
        Self { due, timer, alarm: Alarm::default() }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { due, timer, alarm } = &mut *self;
        if let Some((id, sleep)) = timer {
            let here = Handle::try_current().is_ok_and(|tokio| tokio.id() == *id);
            // it panics in a runtime that was shut down
            let poll = || unless_it_panics(|| sleep.as_mut().poll(cx));
            if let Some(polled) = here.then(poll).flatten() {
                return polled;
            }
            *timer = None;
        }
        alarm.poll(due.into_std(), cx)
    }
}

/// A job for whoever takes it first. A pool that refuses it may keep its copy of the offer, but
/// finds nothing there.
#[derive(Clone)]
struct Offer(Arc<Mutex<Option<Job>>>);

type Job = Box<dyn FnOnce() + Send>;

impl Offer {
    /// `None` where there is no pool, or one without a thread.
    fn to_tokio(&self) -> Option<()> {
        let tokio = Handle::try_current().ok()?;
        let offer = self.clone();
        unless_it_panics(|| drop(tokio.spawn_blocking(|| offer.run())))
    }

    fn to_thread(&self) -> std::io::Result<()> {
        let offer = self.clone();
        let thread = thread::Builder::new().name("burdock-blocking".into());
        thread.spawn(|| offer.run()).map(drop)
    }

    fn run(self) {
        if let Some(job) = self.take() {
            job();
        }
    }

    fn take(&self) -> Option<Job> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What tokio gives, or `None` where it would rather panic.
fn unless_it_panics<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}
