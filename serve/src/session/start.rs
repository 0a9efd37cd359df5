//! Starting and resuming runs, on the caller's terms.

use super::{RunHandle, SessionHandle};
use crate::{
    error::SessionError,
    hub::{Begin, IfRunning, IfUnfinished, RunInputs, Terms},
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

/// A future that a start or a resume becomes.
type Starting<G> = Pin<Box<dyn Future<Output = Result<RunHandle<G>, SessionError>> + Send>>;

/// A run that is to start: [`SessionHandle::start`] makes one, and awaiting it starts the run.
///
/// It is ready once the log has the start of the run. From then on the run belongs to the server.
///
/// # Errors
/// After every error but [`SessionError::MayHaveStarted`], the run did not start. Polled outside of a tokio
/// runtime, it is [`SessionError::OutsideRuntime`].
///
/// # Panics
/// Panics if it is polled in a tokio runtime without timers (`enable_time`).
///
/// # Cancel safety
/// A start that is dropped while it waits for its turn does not happen. Once it is its turn, it is carried out
/// in a task: the run starts and continues although its caller is gone, or it does not start, and in neither
/// case is anything left half done. [`SessionHandle::view`] shows which.
#[must_use = "a run starts only when this is awaited"]
pub struct Start<G: Graph> {
    session: SessionHandle<G>,
    inputs: Result<RunInputs<G>, SessionError>,
    terms: Terms,
}

impl<G: Graph> Start<G> {
    pub(super) fn new(
        session: SessionHandle<G>,
        inputs: Result<RunInputs<G>, SessionError>,
    ) -> Self {
        Self { session, inputs, terms: Terms::default() }
    }

    /// Sets what happens while another run of the session is in progress in this process. Defaults to
    /// [`IfRunning::Reject`].
    pub fn if_running(mut self, if_running: IfRunning) -> Self {
        self.terms.if_running = if_running;
        self
    }

    /// Sets what happens if the last run is unfinished. Defaults to [`IfUnfinished::Reject`].
    pub fn if_unfinished(mut self, if_unfinished: IfUnfinished) -> Self {
        self.terms.if_unfinished = if_unfinished;
        self
    }

    /// Starts the run only in a session that exists. By default, a session is made if there is none.
    pub fn existing(self) -> Self {
        self.existence(Existence::Existing)
    }

    /// Starts the run only in a new session.
    pub fn new_only(self) -> Self {
        self.existence(Existence::New)
    }

    pub(crate) fn existence(mut self, existence: Existence) -> Self {
        self.terms.existence = existence;
        self
    }
}

impl<G: Graph> IntoFuture for Start<G> {
    type Output = Result<RunHandle<G>, SessionError>;
    type IntoFuture = Starting<G>;

    fn into_future(self) -> Starting<G> {
        let Self { session, inputs, terms } = self;
        Box::pin(async move {
            let inputs = inputs?;
            // stricter than for a session that is read: the run may make it
            SessionId::new(session.id.as_str())?;
            session.begin(Begin::Run(inputs), terms).await
        })
    }
}

impl<G: Graph> fmt::Debug for Start<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("session", &self.session)
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

/// An unfinished run that is to continue: [`SessionHandle::resume`] makes one, and awaiting it resumes the run.
///
/// It is ready once the log has that the run continues. The step at its position runs again, and what it had
/// shown is superseded. Errors, panics and cancel safety are those of [`Start`]; a session without an unfinished
/// run is [`SessionError::AtRest`] or [`SessionError::Ended`].
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
        let terms = Terms { existence: Existence::Existing, if_running, ..Terms::default() };
        Box::pin(async move {
            session.info().await?;
            session.begin(Begin::Resume, terms).await
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
