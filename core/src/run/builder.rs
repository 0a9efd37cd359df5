//! How an app is made.

use super::{
    App, Position, ReadError,
    journal::{EncodeItem, Journal, encode_item},
    progress::placed,
    restore::Restored,
    session::Session,
};
use crate::{
    Context,
    event::{Observer, Observers},
    graph::{Graph, Node},
    log::{Claim, Durability, Existence, Log, LogItem, Moment, SessionId, Writer},
    runtime::{Runtime, default_runtime},
    stream::{Control, Threads, one_item},
    sync::Mutex,
};
use std::{fmt, sync::Arc, time::Duration};

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
    log: Option<(Arc<dyn Log>, EncodeItem<G>)>,
    claim: Claim,
    durability: Durability,
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
            log: None,
            claim: Claim::default(),
            durability: Durability::default(),
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
            log: self.log,
            claim: self.claim,
            durability: self.durability,
        }
    }
}

impl<G: Graph, R, S> AppBuilder<G, R, S> {
    /// Names the session; otherwise it is called by a random number. A session that the log has is
    /// opened where it stands; see [`existing`](Self::existing) and [`new_only`](Self::new_only).
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Begins with this state instead of the default one; a session that the log has goes on with
    /// its own.
    pub fn state(self, state: G::State) -> AppBuilder<G, R, GivenState<G::State>> {
        AppBuilder {
            resources: self.resources,
            state: GivenState(state),
            id: self.id,
            position: self.position,
            observers: self.observers,
            runtime: self.runtime,
            grace: self.grace,
            log: self.log,
            claim: self.claim,
            durability: self.durability,
        }
    }

    /// Begins at this position instead of at rest before the start, for a session that was kept
    /// elsewhere. A slot that the graph would have written on the way is up to the given state:
    /// a step that reads one without a value fails.
    pub fn at(mut self, position: Position<G::Node>) -> Self {
        self.position = position;
        self
    }

    /// Records everything here, and opens the session that is recorded here.
    ///
    /// The items have to serialise. [`MemoryLog`](crate::log::MemoryLog) lasts as long as the
    /// process; `burdock-sqlite` and `burdock-postgres` have others.
    pub fn log(mut self, log: impl Log) -> Self
    where
        G::Item: LogItem,
    {
        self.log = Some((Arc::new(log), encode_item::<G>));
        self
    }

    /// Says what has to be durable before it is shown: commits, unless said otherwise.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Opens only a session that the log has.
    pub fn existing(mut self) -> Self {
        self.claim.existence = Existence::Existing;
        self
    }

    /// Opens only a session that the log does not have.
    pub fn new_only(mut self) -> Self {
        self.claim.existence = Existence::New;
        self
    }

    /// Opens only a session that no writer was active on within this time, instead of taking over.
    pub fn if_idle_for(mut self, time: Duration) -> Self {
        self.claim.idle_for = Some(time);
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

    /// Sets how long an action may keep running after a stop. Defaults to 5 s.
    ///
    /// An action that takes longer is cancelled. The time that the log takes is not counted: what an
    /// action returned is committed, however long the append takes.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

impl<G: Graph, S: InitialState<G::State>> AppBuilder<G, Provided<G::Resources>, S> {
    /// Opens the session.
    ///
    /// # Errors
    /// [`BuildError`]: what the log says, a session that does not fit the graph, or without the
    /// feature `tokio` a missing [`Runtime`].
    ///
    /// # Cancel safety
    /// Dropping the future may leave a session that has begun, and an earlier writer fenced off.
    pub async fn build(self) -> Result<App<G>, BuildError> {
        let parts = Parts {
            id: self.id,
            state: self.state.initial(),
            position: self.position,
            resources: Arc::new(self.resources.0),
            runtime: self.runtime,
            observers: self.observers,
            grace: self.grace,
            log: self.log,
            claim: self.claim,
            durability: self.durability,
        };
        parts.open().await
    }
}

/// What an app is made of.
pub(super) struct Parts<G: Graph> {
    pub(super) id: Option<String>,
    pub(super) state: G::State,
    pub(super) position: Position<G::Node>,
    pub(super) resources: Arc<G::Resources>,
    pub(super) runtime: Option<Arc<dyn Runtime>>,
    pub(super) observers: Vec<Box<dyn Observer<G>>>,
    pub(super) grace: Duration,
    pub(super) log: Option<(Arc<dyn Log>, EncodeItem<G>)>,
    pub(super) claim: Claim,
    pub(super) durability: Durability,
}

impl<G: Graph> Parts<G> {
    pub(super) async fn open(self) -> Result<App<G>, BuildError> {
        let runtime = self.runtime.or_else(default_runtime).ok_or(BuildError::NoRuntime)?;
        let id = self.id.unwrap_or_else(|| format!("{:016x}", runtime.random()));
        let control = Arc::new(Control::default());
        let (outlet, inlet) = one_item(&control);
        let context = Context {
            session: id.as_str().into(),
            run: 0,
            turn: 0,
            step: 0,
            attempt: 1,
            names: G::Node::NAMES,
            node: usize::MAX,
            control,
            threads: Arc::new(Threads::default()),
            runtime: Arc::clone(&runtime),
        };
        let (progress, observers) = (placed::<G>(self.position), Observers::new(self.observers));
        let mut session =
            Session::new(self.state, progress, self.resources, context, observers, outlet);
        if self.log.is_some() || !session.observers.is_empty() {
            session.context.control.listen();
        }
        match self.log {
            Some((log, encode)) => {
                let id = SessionId::new(id).map_err(ReadError::from)?;
                let restore = |moment: Moment| {
                    let session = &session.context.session;
                    let restored = Restored::<G>::from_snapshot(session, moment.snapshot)?;
                    restored.check_slots()?;
                    Ok(restored)
                };
                let opened: Result<_, ReadError> =
                    Writer::open(log, id, self.claim, self.durability, runtime, restore).await;
                let (writer, restored) = opened?;
                session.journal = Journal::new(writer, encode);
                if let Some(restored) = restored {
                    session.adopt(restored).map_err(ReadError::from)?;
                } else {
                    let Session { state, progress, journal, .. } = &mut session;
                    journal.create(state, progress).await.map_err(ReadError::from)?;
                }
            }
            None if self.claim != Claim::default() => return Err(ReadError::NoLog.into()),
            None => {}
        }
        Ok(App { session, inlet: Mutex::new(inlet), grace: self.grace })
    }
}

/// Why an app could not be made.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The feature `tokio` is off, and no runtime was given.
    #[error("the app has no runtime: give one with `.runtime(…)`, or turn on the feature `tokio`")]
    NoRuntime,
    /// The session could not be opened.
    #[error(transparent)]
    Open(#[from] ReadError),
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
