//! The context of an action: its place in the run, and the requests to stop it.

use super::{Control, Home, Serial, Stopped, Threads, Wait};
use crate::{runtime::Runtime, sync::Arc};
use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    mem,
    task::{Poll, Waker},
    time::Duration,
};

/// The context of an action: session, run, step, attempt, node, and whether a stop was requested.
///
/// An action receives it with `#[context] cx: &Context`.
///
/// ```
/// use burdock::{Context, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Bill { cups: u32, receipt: String }
/// # fn charge(_cups: u32, key: &str) -> String { format!("receipt of {key}") }
///
/// #[action(state = Bill, reads(cups), writes(receipt))]
/// async fn pay(bill: Reads<'_>, #[context] cx: &Context) -> Result<Writes> {
///     // the provider ignores a second request with the same key
///     Ok(Writes { receipt: charge(*bill.cups, &cx.key()) })
/// }
///
/// # futures::executor::block_on(async {
/// let (_, writes) = pay::test(&Bill::default()).await;
/// assert_eq!(writes?.receipt, "receipt of test/1/0/pay"); // session, run, step, node
/// # Ok::<_, burdock::ActionError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Context {
    pub(crate) session: Arc<str>,
    /// The number of the run in the session; a resumed run keeps it.
    pub(crate) run: u64,
    /// The number of the `Run` among those of this app, from 1; it identifies the run to its stoppers.
    pub(crate) generation: u64,
    pub(crate) step: u64,
    pub(crate) attempt: u32,
    /// Identifies the attempt among those of the app.
    pub(crate) serial: Serial,
    /// The names of the graph's nodes.
    pub(crate) names: &'static [&'static str],
    /// The index of the current node in `names`: a step stores only the index.
    pub(crate) node: usize,
    pub(crate) control: Arc<Control>,
    pub(crate) threads: Arc<Threads>,
    pub(crate) runtime: std::sync::Arc<dyn Runtime>,
    pub(crate) home: std::sync::Arc<Home>,
}

impl Context {
    /// The id of the session.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The number of the run in the session, from 1; a run that is resumed keeps it.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// The number of the step in the session, from 0: the number of steps committed before it.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The number of the attempt at this step, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The name of the node.
    pub fn node(&self) -> &'static str {
        self.names.get(self.node).copied().unwrap_or_default()
    }

    /// An idempotency key for side effects that must not happen twice.
    ///
    /// The key is the same in every attempt at this step, also after a `resume`, and differs in every other
    /// step and run of the session. That of a [child](crate::run::Sub) starts with the session of its root, because
    /// the session of the child itself is unique only in its log.
    pub fn key(&self) -> String {
        let key = format!("{}/{}/{}/{}", self.session, self.run, self.step, self.node());
        match self.home.root() {
            Some(root) => format!("{root}/{key}"),
            None => key,
        }
    }

    /// An idempotency key for one of several side effects of a step: [`key`](Self::key), and the name of the effect.
    ///
    /// ```
    /// use burdock::{Context, prelude::*};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { receipt: String }
    ///
    /// #[action(state = Bill, writes(receipt))]
    /// async fn pay(#[context] cx: &Context) -> Result<Writes> {
    ///     Ok(Writes { receipt: cx.key_of("deposit") })
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// let (_, writes) = pay::test(&Bill::default()).await;
    /// assert_eq!(writes?.receipt, "test/1/0/pay/deposit");
    /// # Ok::<_, burdock::ActionError>(()) }).unwrap();
    /// ```
    pub fn key_of(&self, effect: &str) -> String {
        format!("{}/{effect}", self.key())
    }

    /// Returns whether a stop was requested, or, on the thread of a blocking action, the run was
    /// cancelled.
    ///
    /// ```
    /// use burdock::{Context, prelude::*};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { cups: u32 }
    ///
    /// #[action(blocking, state = Bill, writes(cups))]
    /// fn brew(#[context] cx: &Context) -> Result<Writes> {
    ///     let mut cups = 0;
    ///     while cups < 1000 && !cx.is_stopped() {
    ///         cups += 1;
    ///     }
    ///     Ok(Writes { cups })
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// let (_, writes) = brew::test(&Bill::default()).stop_after(0).await; // stopped before it starts
    /// assert_eq!(writes?.cups, 0);
    /// # Ok::<_, burdock::ActionError>(()) }).unwrap();
    /// ```
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.control.is_stopped(self.generation)
    }

    /// Waits until a stop is requested. For use in `select!`, together with a future that may take long.
    ///
    /// Its cost does not depend on how many such futures exist, and dropping it removes its registration.
    ///
    /// ```
    /// use burdock::{Context, prelude::*};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { paid: bool }
    /// # async fn payment() { std::future::pending().await }
    ///
    /// #[action(state = Bill, writes(paid))]
    /// async fn pay(#[context] cx: &Context) -> Result<Writes> {
    ///     tokio::select! {
    ///         () = payment() => Ok(Writes { paid: true }),
    ///         () = cx.stopped() => Ok(Writes { paid: false }), // committed, unlike after `abandon`
    ///     }
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// let (_, writes) = pay::test(&Bill::default()).stop_after(0).await; // stopped before it starts
    /// assert!(!writes?.paid);
    /// # Ok::<_, burdock::ActionError>(()) }).unwrap();
    /// ```
    ///
    /// # Cancel safety
    /// This method is cancel safe.
    pub fn stopped(&self) -> Stopped<'_> {
        Stopped::new(&self.control, self.generation)
    }

    /// Waits for a stop and then abandons the step, for an action that has nothing to write when it is
    /// interrupted.
    ///
    /// The run is cancelled immediately: nothing of the step is committed, and a resume starts the step
    /// again. Without this, the run would wait for the action until the end of the grace period. The
    /// future never completes.
    ///
    /// ```
    /// use burdock::{Context, RunErrorKind, prelude::*};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    /// # struct Report { total: u32 }
    /// # async fn measure() -> u32 { std::future::pending().await }
    ///
    /// #[action(state = Report, writes(total))]
    /// async fn count(#[context] cx: &Context) -> Result<Writes> {
    ///     tokio::select! {
    ///         total = measure() => Ok(Writes { total }),
    ///         never = cx.abandon() => match never {},
    ///     }
    /// }
    /// # graph! { Counting(Report) { nodes { count } start count; count -> pause; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let mut app = Counting::app().build().await?;
    /// let mut run = app.run(CountingInputs {});
    /// let stopper = run.stopper();
    /// let (end, ()) = tokio::join!(run.finish(), async { stopper.stop() });
    /// assert!(matches!(end.unwrap_err().kind(), RunErrorKind::Cancelled { .. }));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future before a stop has no effect.
    pub async fn abandon(&self) -> Infallible {
        self.stopped().await;
        let _guard = AbandonGuard::new(self);
        poll_fn(|cx| {
            self.set_abandoned(cx.waker());
            Poll::Pending
        })
        .await
    }

    /// Marks the step as abandoned by the task of a future, as of a poll that returns `Pending`.
    pub(crate) fn set_abandoned(&self, task: &Waker) {
        self.control.set_abandoned(task);
    }

    /// Returns the time since a fixed but unspecified point in time, from the app's [`Runtime`].
    pub fn now(&self) -> Duration {
        self.runtime.now()
    }

    /// Waits for `duration`, with the timer of the app's [`Runtime`].
    pub fn sleep(&self, duration: Duration) -> crate::runtime::Sleep {
        self.runtime.sleep(duration)
    }

    /// The app's [`Runtime`], for code that waits or measures time itself.
    pub fn runtime(&self) -> &std::sync::Arc<dyn Runtime> {
        &self.runtime
    }

    /// Runs a job on a thread. Closing the app waits for it.
    pub(crate) fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        let guard = self.threads.enter();
        self.runtime.spawn_blocking(Box::new(move || {
            job();
            drop(guard);
        }));
    }
}

/// Revokes [`Context::set_abandoned`] when it is dropped, because the action then waits for something else.
pub(crate) struct AbandonGuard<'a>(&'a Control);

impl<'a> AbandonGuard<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self(&context.control)
    }

    /// Called when the future has completed: another future may have abandoned the step in the same poll.
    pub(crate) fn completed(self) {
        mem::forget(self);
    }
}

impl Drop for AbandonGuard<'_> {
    fn drop(&mut self) {
        if self.0.waiting_for() == Wait::Abandoned {
            self.0.set_waiting_for(Wait::Own);
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("session", &self.session)
            .field("run", &self.run)
            .field("step", &self.step)
            .field("attempt", &self.attempt)
            .field("node", &self.node())
            .finish_non_exhaustive()
    }
}
