//! Apps for programs without async, whose runs are iterators.
//!
//! ```
//! use burdock::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(State, Clone, Default, Serialize, Deserialize)]
//! pub struct Countdown {
//!     pub left: u32,
//! }
//!
//! #[streaming_action(state = Countdown, reads(left), writes(left), yields(u32))]
//! fn tick(countdown: Reads<'_>) -> Result<Writes> {
//!     yield_!(*countdown.left);
//!     Ok(Writes { left: countdown.left - 1 })
//! }
//!
//! graph! {
//!     pub Launch(Countdown) {
//!         yields u32;
//!         nodes { tick }
//!         start tick;
//!         tick -> if state.left > 0 { tick } else { end };
//!     }
//! }
//!
//! let mut app = Launch::app().state(Countdown { left: 3 }).build_blocking()?;
//! let mut run = app.run(LaunchInputs {});
//! let seen: Vec<u32> = run.by_ref().collect::<std::result::Result<_, _>>()?;
//! assert_eq!(seen, [3, 2, 1]);
//! assert_eq!(run.finish()?.state().left, 0);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Inside an async runtime, which they would block, the methods return an error instead.

use crate::{
    End, Position, RunError, RunErrorKind, Stopper,
    graph::Graph,
    log::{Cursor, SessionId},
    run::{self, AppBuilder, BuildError, Committed, InitialState, Provided},
};
use std::fmt;
use tokio::runtime::{Builder, Handle, Runtime};

/// An [`App`](crate::App) for programs without async.
///
/// ```
/// # use burdock::{Position, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Bill { cups: u32 }
/// # #[streaming_action(state = Bill, reads(cups), writes(cups), yields(String))]
/// # async fn brew(bill: Reads<'_>, #[input] cups: u32) -> Result<Writes> {
/// #     for cup in 1..=cups { yield_!(format!("cup {cup}")); }
/// #     Ok(Writes { cups: bill.cups + cups })
/// # }
/// # graph! {
/// #     Cafe(Bill) { inputs { cups: u32 } yields String; nodes { brew } start brew; brew -> pause; }
/// # }
/// let mut app = Cafe::app().id("table-7").build_blocking()?;
/// for item in app.run(CafeInputs { cups: 2 }).take(1) {
///     assert_eq!(item?, "cup 1");
/// } // the run is dropped, which cancels it
/// assert_eq!(app.position(), Position::Unfinished(CafeNode::brew));
/// assert_eq!(app.resume().finish()?.state().cups, 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct App<G: Graph> {
    app: run::App<G>,
    executor: Executor,
}

impl<G: Graph, S: InitialState<G::State>> AppBuilder<G, Provided<G::Resources>, S> {
    /// Opens the session, blocking the thread.
    ///
    /// # Errors
    /// Returns the errors of [`build`](AppBuilder::build), and [`BuildError::InsideRuntime`] inside an async
    /// runtime.
    pub fn build_blocking(self) -> Result<App<G>, BuildError> {
        if Handle::try_current().is_ok() {
            return Err(BuildError::InsideRuntime);
        }
        let runtime = Builder::new_current_thread().enable_time().build();
        let executor = Executor(Some(
            runtime.map_err(|error| BuildError::Executor { reason: error.to_string() })?,
        ));
        let app = executor.block_on(self.build()).map_err(|_| BuildError::InsideRuntime)??;
        Ok(App { app, executor })
    }
}

impl<G: Graph> App<G> {
    /// The id of the session.
    pub fn id(&self) -> &str {
        self.app.id()
    }

    /// Returns the id of the session in the log; `None` without a log.
    pub fn session_id(&self) -> Option<&SessionId> {
        self.app.session_id()
    }

    /// The state as of the last commit.
    pub fn state(&self) -> &G::State {
        self.app.state()
    }

    /// The position of the session.
    pub fn position(&self) -> Position<G::Node> {
        self.app.position()
    }

    /// Starts a run; see [`App::run`](crate::App::run).
    pub fn run(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run { inner: self.app.run(inputs), executor: &self.executor, failed: false }
    }

    /// Continues an unfinished run; see [`App::resume`](crate::App::resume).
    pub fn resume(&mut self) -> Run<'_, G> {
        Run { inner: self.app.resume(), executor: &self.executor, failed: false }
    }

    /// Starts an unfinished run again; see [`App::restart`](crate::App::restart).
    pub fn restart(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run { inner: self.app.restart(inputs), executor: &self.executor, failed: false }
    }

    /// Moves a session that has ended back to its start; see [`App::reopen`](crate::App::reopen).
    ///
    /// # Errors
    /// Returns [`RunErrorKind::NotEnded`] if the session has not ended, and [`RunErrorKind::Log`].
    pub fn reopen(&mut self) -> Result<(), RunError> {
        self.app.reopen()
    }

    /// Returns the cursor of the session's last entry in the log; see [`App::cursor`](crate::App::cursor).
    pub fn cursor(&self) -> Option<Cursor> {
        self.app.cursor()
    }

    /// Waits until all entries are durable; see [`App::flush`](crate::App::flush).
    ///
    /// # Errors
    /// Returns [`RunErrorKind::Log`] or [`RunErrorKind::InsideRuntime`].
    pub fn flush(&mut self) -> Result<(), RunError> {
        self.executor.block_on(self.app.flush())?
    }

    /// Closes the session and returns its state, after waiting for the threads of blocking actions; see
    /// [`App::close`](crate::App::close).
    ///
    /// # Errors
    /// Returns [`RunErrorKind::Log`] or [`RunErrorKind::InsideRuntime`].
    pub fn close(self) -> Result<G::State, RunError> {
        self.executor.block_on(self.app.close())?
    }
}

impl<G: Graph> fmt::Debug for App<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.app.fmt(f)
    }
}

/// A [`Run`](crate::Run) as an iterator over its items. An error is the last item.
///
/// Dropping it cancels the run.
#[must_use = "a run does nothing unless it is iterated or finished"]
pub struct Run<'a, G: Graph> {
    inner: run::Run<'a, G>,
    executor: &'a Executor,
    /// The iterator has returned the error that it was used inside an async runtime.
    failed: bool,
}

impl<'a, G: Graph> Run<'a, G> {
    /// Configures the run before it starts: `run.with(|run| run.halt_before(node))`.
    ///
    /// ```
    /// # use burdock::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { cups: u32, paid: u32 }
    /// # #[action(state = Bill, reads(cups), writes(cups))]
    /// # async fn brew(bill: Reads<'_>) -> Result<Writes> { Ok(Writes { cups: bill.cups + 1 }) }
    /// # #[action(state = Bill, reads(cups), writes(paid))]
    /// # async fn pay(bill: Reads<'_>) -> Result<Writes> { Ok(Writes { paid: bill.cups * 2 }) }
    /// # graph! { Cafe(Bill) { nodes { brew, pay } start brew; brew -> pay; pay -> pause brew; } }
    /// use burdock::Outcome;
    ///
    /// let mut app = Cafe::app().build_blocking()?;
    /// let mut run = app.run(CafeInputs {}).with(|run| run.halt_before(CafeNode::pay));
    /// assert_eq!(run.finish()?.outcome(), Outcome::Halted(CafeNode::pay));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn with(self, change: impl FnOnce(run::Run<'a, G>) -> run::Run<'a, G>) -> Self {
        Self { inner: change(self.inner), ..self }
    }

    /// Returns a handle that stops this run from another thread.
    pub fn stopper(&self) -> Stopper {
        self.inner.stopper()
    }

    /// Runs until the next commit; see [`Run::step`](crate::Run::step).
    ///
    /// # Errors
    /// Returns the error that ended the run.
    pub fn step(&mut self) -> Result<Option<Committed<G>>, RunError> {
        self.executor.block_on(self.inner.step())?
    }

    /// Drops the remaining items and returns the end of the run. It can be called again.
    ///
    /// # Errors
    /// Returns the error that ended the run.
    pub fn finish(&mut self) -> Result<End<'_, G>, RunError> {
        self.executor.block_on(self.inner.finish())?
    }
}

impl<G: Graph> Iterator for Run<'_, G> {
    type Item = Result<G::Item, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        self.executor.block_on(self.inner.next()).unwrap_or_else(|error| {
            self.failed = true;
            Some(Err(error))
        })
    }
}

impl<G: Graph> fmt::Debug for Run<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// A runtime on the thread of the caller; `None` only during the drop.
struct Executor(Option<Runtime>);

impl Executor {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T, RunError> {
        match &self.0 {
            Some(runtime) if Handle::try_current().is_err() => Ok(runtime.block_on(future)),
            _ => Err(RunErrorKind::InsideRuntime.into()),
        }
    }
}

/// tokio panics if a runtime is dropped inside another one, except through `shutdown_background`.
impl Drop for Executor {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
