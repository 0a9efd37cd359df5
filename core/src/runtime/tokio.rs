//! The [`Runtime`] over tokio.

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

/// The default [`Runtime`] of an app: the timers and threads of tokio in a tokio runtime, and threads of the
/// standard library under any other executor.
///
/// The choice depends on where a run is polled, not on where the app was built. A run may start in a tokio
/// runtime and continue outside of it, and the other way round.
///
/// - **In a tokio runtime**, waits use its timers and its clock, paused or not. Blocking actions run on its
///   thread pool.
/// - **Elsewhere**, for example under `futures::executor::block_on`, one thread fires all timers. It exists only
///   while there are any. Each blocking action runs on a new thread.
/// - **In a tokio runtime without `enable_time`**, waits also use that thread. tokio panics if such a runtime
///   is asked for a timer, and offers no way to check. Each wait therefore prints the message of a caught panic
///   to standard error, or aborts the process if panics abort. `Builder::enable_time` avoids both.
///
/// The timers of a tokio runtime fire only while the runtime is driven. A wait never ends if the thread of the
/// runtime is blocked by another executor, or if a current-thread runtime is entered but not polled by its
/// `block_on`.
///
/// If the system does not provide a thread, the step of a blocking action fails with a retryable error, and a
/// wait polls until it is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioRuntime;

/// An instant of tokio, so that a paused clock agrees with the sleeps.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The longest wait, as in tokio; a much longer one overflows on some systems.
const FAR_FUTURE: Duration = Duration::from_hours(30 * 365 * 24);

impl Runtime for TokioRuntime {
    fn now(&self) -> Duration {
        let now = Instant::now();
        let (after, before) = (now.duration_since(*START), START.duration_since(now));
        // the paused clock of one runtime may be earlier than the first reading, from another runtime
        FAR_FUTURE.saturating_add(after).saturating_sub(before)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(Wait::new(Instant::now() + duration.min(FAR_FUTURE)))
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        let job = SharedJob(Arc::new(Mutex::new(Some(job))));
        if job.spawn_on_tokio().is_some() {
            return;
        }
        if let Err(error) = job.spawn_thread() {
            tracing::error!(%error, "no thread for a blocking action");
            drop(job.take());
        }
    }

    fn random(&self) -> u64 {
        RandomState::new().hash_one(())
    }
}

/// A wait that may be polled in the runtime where it started, in another one, or outside of any.
struct Wait {
    due: Instant,
    /// The timer of the runtime where the wait started, with the id of that runtime. The runtime may be gone
    /// or no longer driven when the wait is polled elsewhere, so the timer is dropped then.
    timer: Option<(Id, Pin<Box<tokio::time::Sleep>>)>,
    alarm: Alarm,
}

impl Wait {
    fn new(due: Instant) -> Self {
        let timer = Handle::try_current().ok().and_then(|tokio| {
            // panics in a runtime without timers
            let sleep = catch(|| Box::pin(tokio::time::sleep_until(due)))?;
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
            // panics in a runtime that was shut down
            let poll = || catch(|| sleep.as_mut().poll(cx));
            if let Some(polled) = here.then(poll).flatten() {
                return polled;
            }
            *timer = None;
        }
        alarm.poll(due.into_std(), cx)
    }
}

/// A job that runs at most once. tokio may keep a clone that it did not run; the job is then taken from it.
#[derive(Clone)]
struct SharedJob(Arc<Mutex<Option<Job>>>);

type Job = Box<dyn FnOnce() + Send>;

impl SharedJob {
    /// Returns `None` outside of a tokio runtime, or if its pool cannot start a thread.
    fn spawn_on_tokio(&self) -> Option<()> {
        let tokio = Handle::try_current().ok()?;
        let job = self.clone();
        catch(|| drop(tokio.spawn_blocking(|| job.run())))
    }

    fn spawn_thread(&self) -> std::io::Result<()> {
        let job = self.clone();
        let thread = thread::Builder::new().name("burdock-blocking".into());
        thread.spawn(|| job.run()).map(drop)
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

/// Calls tokio. Returns `None` if it panics.
fn catch<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}
