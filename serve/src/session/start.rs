//! Starts and resumes, with their options.

use super::{RunHandle, SessionHandle};
use crate::{
    error::SessionError,
    hub::{IfRunning, IfUnfinished, RunInputs, StartKind, StartOptions},
};
use burdock::{
    Graph,
    log::{Existence, SessionId},
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

/// The future of a start or a resume.
type Starting<G> = Pin<Box<dyn Future<Output = Result<RunHandle<G>, SessionError>> + Send>>;

/// A run to be started, returned by [`SessionHandle::start`]. Awaiting it starts the run.
///
/// The future completes once the log has the start of the run. From then on the run belongs to the server.
///
/// ```
/// # use burdock::{log::MemoryLog, prelude::*};
/// # use burdock_serve::{IfRunning, Server, SessionError};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { #[state(public)] count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn count(counter: Reads<'_>, #[input] by: u64) -> Result<Writes> {
/// #     Ok(Writes { count: counter.count + by })
/// # }
/// # graph! { Counting(Counter) { inputs { by: u64 } nodes { count } start count; count -> pause; } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # let server = Server::builder(MemoryLog::new(), |_| Counting::app()).build();
/// let session = server.session("anna")?;
/// session.start(CountingInputs { by: 2 }).new_only().await?;
///
/// // waits until the first run is over
/// let run = session.start(CountingInputs { by: 3 }).if_running(IfRunning::Wait).await?;
/// run.finish().await?;
/// assert_eq!(session.view().await?.state.count, 5);
///
/// let start = session.start(CountingInputs { by: 4 }).new_only().await;
/// assert!(matches!(start, Err(SessionError::AlreadyExists { .. })));
/// # Ok(()) }
/// ```
///
/// # Errors
/// After any error except [`SessionError::MayHaveStarted`], the run did not start. Polled outside of a tokio
/// runtime, it returns [`SessionError::OutsideRuntime`].
///
/// # Panics
/// Panics if it is polled in a tokio runtime without timers (`enable_time`).
///
/// # Cancel safety
/// If the future is dropped while it waits for another run, the run does not start. After that, a task carries out
/// the start: even if the future is dropped, the run either starts and continues, or does not start.
/// [`SessionHandle::view`] shows which.
#[must_use = "a run starts only when this is awaited"]
pub struct Start<G: Graph> {
    session: SessionHandle<G>,
    inputs: Result<RunInputs<G>, SessionError>,
    options: StartOptions,
}

impl<G: Graph> Start<G> {
    pub(super) fn new(
        session: SessionHandle<G>,
        inputs: Result<RunInputs<G>, SessionError>,
    ) -> Self {
        Self { session, inputs, options: StartOptions::default() }
    }

    /// Sets what happens while another run of the session is in progress in this process. Defaults to
    /// [`IfRunning::Reject`].
    pub fn if_running(mut self, if_running: IfRunning) -> Self {
        self.options.if_running = if_running;
        self
    }

    /// Sets what happens if the last run is unfinished. Defaults to [`IfUnfinished::Reject`].
    ///
    /// ```
    /// # use burdock::{Context, log::MemoryLog, prelude::*};
    /// # use burdock_serve::{IfUnfinished, Server, SessionError};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Watch { reports: u64 }
    /// # #[action(state = Watch)]
    /// # async fn observe(#[context] cx: &Context) -> Result<Writes> { cx.stopped().await; Ok(Writes {}) }
    /// # #[action(state = Watch, reads(reports), writes(reports))]
    /// # async fn report(watch: Reads<'_>) -> Result<Writes> { Ok(Writes { reports: watch.reports + 1 }) }
    /// # graph! {
    /// #     Watching(Watch) {
    /// #         nodes { observe, report }
    /// #         start observe;
    /// #         observe -> report;
    /// #         report -> pause observe;
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// # let server = Server::builder(MemoryLog::new(), |_| Watching::app()).build();
    /// let session = server.session("anna")?;
    /// let run = session.start(WatchingInputs {}).await?;
    /// session.stop().await?;
    /// run.finish().await?;
    ///
    /// let error = session.start(WatchingInputs {}).await.unwrap_err();
    /// assert!(matches!(error, SessionError::Unfinished { node: "report" }));
    /// let restart = session.start(WatchingInputs {}).if_unfinished(IfUnfinished::Restart);
    /// let run = restart.await?;
    /// # drop(run);
    /// # Ok(()) }
    /// ```
    pub fn if_unfinished(mut self, if_unfinished: IfUnfinished) -> Self {
        self.options.if_unfinished = if_unfinished;
        self
    }

    /// Starts the run only in a session that exists. By default, the session is created if necessary.
    pub fn existing(self) -> Self {
        self.existence(Existence::Existing)
    }

    /// Starts the run only in a new session.
    pub fn new_only(self) -> Self {
        self.existence(Existence::New)
    }

    pub(crate) fn existence(mut self, existence: Existence) -> Self {
        self.options.existence = existence;
        self
    }
}

impl<G: Graph> IntoFuture for Start<G> {
    type Output = Result<RunHandle<G>, SessionError>;
    type IntoFuture = Starting<G>;

    fn into_future(self) -> Starting<G> {
        let Self { session, inputs, options } = self;
        Box::pin(async move {
            let inputs = inputs?;
            // stricter than for reading a session, because the run may create it
            SessionId::new(session.id.as_str())?;
            session.start_kind(StartKind::Run(inputs), options).await
        })
    }
}

impl<G: Graph> fmt::Debug for Start<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("session", &self.session)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// An unfinished run to be resumed, returned by [`SessionHandle::resume`]. Awaiting it resumes the run.
///
/// The future completes once the log has the entry of the resume. The step at the position of the session is
/// executed again, and the items that it had shown are superseded. Errors, panics and cancel safety are those of
/// [`Start`]. If the session has no unfinished run, the error is [`SessionError::AtRest`] or
/// [`SessionError::Ended`].
///
/// ```
/// # use burdock::{Context, log::MemoryLog, prelude::*};
/// # use burdock_serve::{RunEnd, Server, SessionError};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Watch { reports: u64 }
/// # #[action(state = Watch)]
/// # async fn observe(#[context] cx: &Context) -> Result<Writes> { cx.stopped().await; Ok(Writes {}) }
/// # #[action(state = Watch, reads(reports), writes(reports))]
/// # async fn report(watch: Reads<'_>) -> Result<Writes> { Ok(Writes { reports: watch.reports + 1 }) }
/// # graph! {
/// #     Watching(Watch) {
/// #         nodes { observe, report }
/// #         start observe;
/// #         observe -> report;
/// #         report -> pause observe;
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # let server = Server::builder(MemoryLog::new(), |_| Watching::app()).build();
/// # let session = server.session("anna")?;
/// # let stopped = session.start(WatchingInputs {}).await?;
/// # session.stop().await?;
/// // a run was stopped before node `report`
/// assert_eq!(stopped.finish().await?, RunEnd::Stopped { node: "report".into() });
///
/// let run = session.resume().await?;
/// assert_eq!(run.finish().await?, RunEnd::Paused { node: "observe".into() });
/// assert!(matches!(session.resume().await, Err(SessionError::AtRest)));
/// # Ok(()) }
/// ```
#[must_use = "a run is resumed only when this is awaited"]
pub struct Resume<G: Graph> {
    session: SessionHandle<G>,
    if_running: IfRunning,
}

impl<G: Graph> Resume<G> {
    pub(super) fn new(session: SessionHandle<G>) -> Self {
        Self { session, if_running: IfRunning::default() }
    }

    /// Sets what happens while another run of the session is in progress in this process. Defaults to
    /// [`IfRunning::Reject`].
    pub fn if_running(mut self, if_running: IfRunning) -> Self {
        self.if_running = if_running;
        self
    }
}

impl<G: Graph> IntoFuture for Resume<G> {
    type Output = Result<RunHandle<G>, SessionError>;
    type IntoFuture = Starting<G>;

    fn into_future(self) -> Starting<G> {
        let Self { session, if_running } = self;
        let options =
            StartOptions { existence: Existence::Existing, if_running, ..StartOptions::default() };
        Box::pin(async move {
            session.info().await?;
            session.start_kind(StartKind::Resume, options).await
        })
    }
}

impl<G: Graph> fmt::Debug for Resume<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume")
            .field("session", &self.session)
            .field("if_running", &self.if_running)
            .finish()
    }
}
