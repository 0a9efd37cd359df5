//! How an app is made.

use super::{App, Position, session::Session};
use crate::{
    Context,
    event::{Observer, Observers},
    graph::Graph,
    runtime::Runtime,
    stream::{Control, Threads, one_item},
    sync::Mutex,
};
use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

/// Makes an [`App`]; begun by the graph's `app()`.
///
/// The type tracks whether resources and state were given, so that [`build`](AppBuilder::build)
/// exists only when nothing is missing.
#[must_use = "an app is made by `build`"]
pub struct AppBuilder<G: Graph, R = NoResources, S = DefaultState> {
    resources: R,
    state: S,
    id: Option<String>,
    position: Position<G::Node>,
    observers: Vec<Box<dyn Observer<G>>>,
    runtime: Option<Arc<dyn Runtime>>,
    grace: Duration,
    graph: PhantomData<fn() -> G>,
}

/// Resources have not been given.
#[derive(Debug)]
pub struct NoResources;

/// Resources have been given.
#[derive(Debug)]
pub struct Provided<R>(R);

/// The session begins with the state's `Default`.
#[derive(Debug)]
pub struct DefaultState;

/// The session begins with a given state.
#[derive(Debug)]
pub struct GivenState<S>(S);

/// Where a session gets its first state from.
#[diagnostic::on_unimplemented(
    message = "the state `{S}` has no `Default`, so the app needs a first state",
    label = "no state was given",
    note = "give one with `.state(…)`, or derive `Default`"
)]
pub trait InitialState<S> {
    /// The state.
    fn initial(self) -> S;
}

impl<S: Default> InitialState<S> for DefaultState {
    fn initial(self) -> S {
        S::default()
    }
}

impl<S> InitialState<S> for GivenState<S> {
    fn initial(self) -> S {
        self.0
    }
}

/// How long an action may go on after a stop, unless said otherwise.
const GRACE: Duration = Duration::from_secs(5);

impl<G: Graph> AppBuilder<G> {
    #[doc(hidden)]
    pub fn new() -> Self {
        Self {
            resources: NoResources,
            state: DefaultState,
            id: None,
            position: Position::Rest(G::START),
            observers: Vec::new(),
            runtime: None,
            grace: GRACE,
            graph: PhantomData,
        }
    }
}

impl<G: Graph> Default for AppBuilder<G> {
    fn default() -> Self {
        Self::new()
    }
}

impl<G: Graph, S> AppBuilder<G, NoResources, S> {
    /// Gives the graph its resources.
    pub fn resources(self, resources: G::Resources) -> AppBuilder<G, Provided<G::Resources>, S> {
        AppBuilder {
            resources: Provided(resources),
            state: self.state,
            id: self.id,
            position: self.position,
            observers: self.observers,
            runtime: self.runtime,
            grace: self.grace,
            graph: PhantomData,
        }
    }
}

impl<G: Graph, R, S> AppBuilder<G, R, S> {
    /// Names the session; otherwise it is called by a random number.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Begins with this state instead of the default one.
    pub fn state(self, state: G::State) -> AppBuilder<G, R, GivenState<G::State>> {
        AppBuilder {
            resources: self.resources,
            state: GivenState(state),
            id: self.id,
            position: self.position,
            observers: self.observers,
            runtime: self.runtime,
            grace: self.grace,
            graph: PhantomData,
        }
    }

    /// Begins at this position instead of at rest before the start, for a session that was kept
    /// elsewhere. A slot that the graph would have written on the way is up to the given state:
    /// a step that reads one without a value fails.
    pub fn at(mut self, position: Position<G::Node>) -> Self {
        self.position = position;
        self
    }

    /// Adds an observer.
    pub fn observe(mut self, observer: impl Observer<G> + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Takes time, sleep, threads and randomness from here.
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = Some(Arc::new(runtime));
        self
    }

    /// Gives actions so long to finish after a stop; 5 s unless said otherwise.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

impl<G: Graph, S: InitialState<G::State>> AppBuilder<G, Provided<G::Resources>, S> {
    /// Opens the session.
    ///
    /// # Errors
    /// A session without a log cannot fail to open; but without the feature `tokio` a missing
    /// [`Runtime`] is an error.
    ///
    /// # Cancel safety
    /// Dropping the future opens nothing.
    #[expect(clippy::unused_async, reason = "a log is opened here")]
    pub async fn build(self) -> Result<App<G>, BuildError> {
        self.open()
    }

    fn open(self) -> Result<App<G>, BuildError> {
        let runtime = self.runtime.or_else(default_runtime).ok_or(BuildError::NoRuntime)?;
        let session = self.id.unwrap_or_else(|| format!("{:016x}", runtime.random()));
        let (outlet, inlet) = one_item();
        let origin = match self.position {
            Position::Rest(node) | Position::Unfinished(node) => node,
            Position::Ended => G::START,
        };
        Ok(App {
            session: Session {
                state: self.state.initial(),
                position: self.position,
                at: origin,
                origin,
                origin_failure: None,
                inputs: None,
                resources: Arc::new(self.resources.0),
                failure: None,
                last: None,
                shown: 0,
                context: Context {
                    session: session.into(),
                    run: 0,
                    step: 0,
                    attempt: 1,
                    node: "",
                    control: Arc::new(Control::default()),
                    threads: Arc::new(Threads::default()),
                    runtime,
                },
                observers: Observers::new(self.observers),
                outlet: Mutex::new(outlet),
            },
            inlet: Mutex::new(inlet),
            grace: self.grace,
        })
    }
}

#[cfg(feature = "tokio")]
#[expect(clippy::unnecessary_wraps, reason = "there is none without tokio")]
pub(crate) fn default_runtime() -> Option<Arc<dyn Runtime>> {
    Some(Arc::new(crate::runtime::TokioRuntime))
}

#[cfg(not(feature = "tokio"))]
pub(crate) fn default_runtime() -> Option<Arc<dyn Runtime>> {
    None
}

/// Why an app could not be made.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The feature `tokio` is off, and no runtime was given.
    #[error("the app has no runtime: give one with `.runtime(…)`, or turn on the feature `tokio`")]
    NoRuntime,
    /// [`build_blocking`](AppBuilder::build_blocking) inside an async runtime.
    #[error(
        "the blocking app was built inside an async runtime, which it would block: use `build().await` there"
    )]
    InsideRuntime,
    /// The executor of the blocking app could not be made.
    #[error("the executor of the blocking app could not be made: {reason}")]
    Executor {
        /// What the operating system said.
        reason: String,
    },
}

impl<G: Graph, R: fmt::Debug, S: fmt::Debug> fmt::Debug for AppBuilder<G, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppBuilder")
            .field("graph", &G::TOPOLOGY.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
