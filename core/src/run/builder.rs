//! The builder of an app.

use super::{
    App, Position, ReadError,
    journal::{EncodeItem, Journal, encode_item},
    progress::at_position,
    restore::Restored,
    session::Session,
};
use crate::{
    Context,
    event::{Observer, Observers},
    graph::{Graph, Node},
    log::{ChildOf, Claim, Durability, Existence, Log, LogItem, RawSessionView, SessionId, Writer},
    runtime::{Runtime, default_runtime},
    stream::{Control, GRACE_PERIOD, Home, Threads, one_item_slot},
    sync::Mutex,
};
use std::{fmt, sync::Arc, time::Duration};

/// A builder of an [`App`], created by the graph's `app()`.
///
/// The type tracks whether resources and a state were set, so that [`build`](AppBuilder::build) exists only if
/// nothing is missing.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::log::MemoryLog;
///
/// let log = MemoryLog::new(); // or a file, or a database
/// let mut app = Cafe::app().id("table-7").log(log.clone()).build().await?;
/// app.run(CafeInputs { cups: 2 }).await?;
/// app.close().await?;
///
/// // later, perhaps in another process: the same session
/// let app = Cafe::app().id("table-7").log(log).build().await?;
/// assert_eq!(app.state().cups, 2);
/// # Ok(()) }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct AppBuilder<G: Graph, R = NoResources, S = DefaultState> {
    resources: R,
    state: S,
    id: Option<String>,
    position: Position<G::Node>,
    observers: Vec<Box<dyn Observer<G>>>,
    runtime: Option<Arc<dyn Runtime>>,
    grace_period: Duration,
    log: Option<(Arc<dyn Log>, EncodeItem<G>)>,
    claim: Claim,
    durability: Durability,
}

/// Marks a builder without resources.
#[derive(Debug)]
pub struct NoResources;

/// The resources of a builder.
#[derive(Debug)]
pub struct Provided<R>(R);

/// Marks a builder whose session starts with the `Default` of the state.
#[derive(Debug)]
pub struct DefaultState;

/// The initial state of a session, set in the builder.
#[derive(Debug)]
pub struct GivenState<S>(S);

/// A source of the initial state of a session.
#[diagnostic::on_unimplemented(
    message = "the state `{S}` has no `Default`, so the app needs a first state",
    label = "no state was set",
    note = "set one with `.state(…)`, or derive `Default`"
)]
pub trait InitialState<S> {
    /// Returns the initial state.
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
            grace_period: GRACE_PERIOD,
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
    /// Sets the resources of the graph.
    ///
    /// ```
    /// # use burdock::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { cups: u32, total: u32 }
    /// struct Prices {
    ///     cup: u32,
    /// }
    ///
    /// #[action(state = Bill, reads(cups), writes(total))]
    /// async fn sum_up(bill: Reads<'_>, #[resource] prices: &Prices) -> Result<Writes> {
    ///     Ok(Writes { total: bill.cups * prices.cup })
    /// }
    /// # graph! { Till(Bill) { resources { prices: Prices } nodes { sum_up } start sum_up; sum_up -> pause; } }
    ///
    /// # futures::executor::block_on(async {
    /// let resources = TillResources { prices: Prices { cup: 3 } };
    /// let mut app = Till::app().resources(resources).state(Bill { cups: 2, total: 0 }).build().await?;
    /// app.run(TillInputs {}).await?;
    /// assert_eq!(app.state().total, 6);
    /// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn resources(self, resources: G::Resources) -> AppBuilder<G, Provided<G::Resources>, S> {
        AppBuilder {
            resources: Provided(resources),
            state: self.state,
            id: self.id,
            position: self.position,
            observers: self.observers,
            runtime: self.runtime,
            grace_period: self.grace_period,
            log: self.log,
            claim: self.claim,
            durability: self.durability,
        }
    }
}

impl<G: Graph, R, S> AppBuilder<G, R, S> {
    /// Sets the id of the session. Defaults to a random number.
    ///
    /// If the log has a session with this id, it is opened at its position; see [`existing`](Self::existing) and
    /// [`new_only`](Self::new_only).
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the state with which a new session starts. Defaults to the `Default` of the state.
    ///
    /// A session from the log keeps its own state.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// let app = Cafe::app().state(Bill { cups: 3, paid: 0 }).build().await?;
    /// assert_eq!(app.state().cups, 3);
    /// # Ok(()) }
    /// ```
    pub fn state(self, state: G::State) -> AppBuilder<G, R, GivenState<G::State>> {
        AppBuilder {
            resources: self.resources,
            state: GivenState(state),
            id: self.id,
            position: self.position,
            observers: self.observers,
            runtime: self.runtime,
            grace_period: self.grace_period,
            log: self.log,
            claim: self.claim,
            durability: self.durability,
        }
    }

    /// Sets the position at which a new session starts. Defaults to a rest at the start node.
    ///
    /// This is for sessions that were stored elsewhere. Slots that the graph would have written before this
    /// position have to be set in the initial state: a step that reads a slot without a value fails.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::Position;
    ///
    /// // a session from an older system: three cups were served, and the payment is next
    /// let bill = Bill { cups: 3, paid: 0 };
    /// let mut app = Cafe::app().state(bill).at(Position::Rest(CafeNode::pay)).build().await?;
    /// app.run(CafeInputs { cups: 0 }).await?;
    /// assert_eq!(app.state().paid, 6);
    /// # Ok(()) }
    /// ```
    pub fn at(mut self, position: Position<G::Node>) -> Self {
        self.position = position;
        self
    }

    /// Sets the log to which the session is recorded, and from which an existing session is opened.
    ///
    /// The items have to implement `Serialize`. [`MemoryLog`](crate::log::MemoryLog) lasts as long as the process;
    /// `burdock-sqlite` and `burdock-postgres` have persistent logs.
    pub fn log(mut self, log: impl Log) -> Self
    where
        G::Item: LogItem,
    {
        self.log = Some((Arc::new(log), encode_item::<G>));
        self
    }

    /// Sets the durability mode: what has to be durable before it is published. Defaults to
    /// [`Durability::Commit`](crate::log::Durability::Commit).
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Makes `build` fail if the log does not have the session.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::{log::{LogError, MemoryLog}, run::{BuildError, ReadError}};
    ///
    /// let error = Cafe::app().id("table-7").log(MemoryLog::new()).existing().build().await.unwrap_err();
    /// assert!(matches!(error, BuildError::Open(ReadError::Log(LogError::NoSession { .. }))));
    /// # Ok(()) }
    /// ```
    pub fn existing(mut self) -> Self {
        self.claim.existence = Existence::Existing;
        self
    }

    /// Makes `build` fail if the log already has the session.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::{log::{LogError, MemoryLog}, run::{BuildError, ReadError}};
    ///
    /// let log = MemoryLog::new();
    /// let table = || Cafe::app().id("table-7").log(log.clone()).new_only().build();
    /// let app = table().await?;
    /// let error = table().await.unwrap_err(); // and `app` remains the writer
    /// assert!(matches!(error, BuildError::Open(ReadError::Log(LogError::SessionExists { .. }))));
    /// # Ok(()) }
    /// ```
    pub fn new_only(mut self) -> Self {
        self.claim.existence = Existence::New;
        self
    }

    /// Makes `build` fail if a writer was active in the session within this time. By default, the app takes
    /// the session over.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::{log::{LogError, MemoryLog}, run::{BuildError, ReadError}};
    /// use std::time::Duration;
    ///
    /// let (log, minute) = (MemoryLog::new(), Duration::from_secs(60));
    /// let table = || Cafe::app().id("table-7").log(log.clone()).if_idle_for(minute).build();
    /// let app = table().await?;
    /// let error = table().await.unwrap_err();
    /// assert!(matches!(error, BuildError::Open(ReadError::Log(LogError::Busy { .. }))));
    ///
    /// app.close().await?; // the session is idle at once
    /// assert_eq!(table().await?.id(), "table-7");
    /// # Ok(()) }
    /// ```
    pub fn if_idle_for(mut self, time: Duration) -> Self {
        self.claim.idle_for = Some(time);
        self
    }

    /// Adds an observer.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::{Event, EventKind};
    /// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
    ///
    /// let items = Arc::new(AtomicU32::new(0));
    /// let counter = Arc::clone(&items);
    /// let observer = move |event: &Event<Cafe>| {
    ///     if let EventKind::Item(_) = event.kind {
    ///         counter.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// };
    /// let mut app = Cafe::app().observer(observer).build().await?;
    /// app.run(CafeInputs { cups: 2 }).await?;
    /// assert_eq!(items.load(Ordering::Relaxed), 3);
    /// # Ok(()) }
    /// ```
    pub fn observer(mut self, observer: impl Observer<G> + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Sets the source of time, sleep, threads and randomness.
    ///
    /// Defaults to [`TokioRuntime`](crate::runtime::TokioRuntime) with the feature `tokio`, and is required
    /// without it.
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = Some(Arc::new(runtime));
        self
    }

    /// Sets how long an action may keep running after a stop. Defaults to 5 s.
    ///
    /// An action that takes longer is cancelled. Time spent waiting for the log is not counted: the writes that an
    /// action has returned are committed, however long the append takes.
    ///
    /// ```
    /// # use burdock::{RunErrorKind, prelude::*};
    /// # use serde::{Deserialize, Serialize};
    /// # use std::time::Duration;
    /// # #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    /// # struct Bill { paid: u32 }
    /// #[action(state = Bill, writes(paid))]
    /// async fn pay() -> Result<Writes> {
    ///     std::future::pending().await // does not notice a stop
    /// }
    /// # graph! { Till(Bill) { nodes { pay } start pay; pay -> pause; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let mut app = Till::app().grace_period(Duration::from_millis(10)).build().await?;
    /// let mut run = app.run(TillInputs {});
    /// let stopper = run.stopper();
    /// let (end, ()) = tokio::join!(run.finish(), async { stopper.stop() });
    /// assert!(matches!(end.unwrap_err().kind(), RunErrorKind::Cancelled { node: "pay", .. }));
    /// # Ok(()) }
    /// ```
    pub fn grace_period(mut self, grace_period: Duration) -> Self {
        self.grace_period = grace_period;
        self
    }
}

impl<G: Graph, S: InitialState<G::State>> AppBuilder<G, Provided<G::Resources>, S> {
    /// Opens the session.
    ///
    /// # Errors
    /// Returns a [`BuildError`] if the log fails, the session does not fit the graph, or, without the feature
    /// `tokio`, no [`Runtime`] was set.
    ///
    /// # Cancel safety
    /// If the future is dropped, a new session may exist in the log, and an earlier writer may be fenced.
    pub async fn build(self) -> Result<App<G>, BuildError> {
        let parts = Parts {
            id: self.id,
            state: self.state.initial(),
            position: self.position,
            resources: Arc::new(self.resources.0),
            runtime: self.runtime,
            observers: self.observers,
            grace_period: self.grace_period,
            log: self.log,
            claim: self.claim,
            durability: self.durability,
            child: None,
        };
        parts.open().await
    }
}

/// The parts of a builder that is complete, from which the app is opened.
pub(super) struct Parts<G: Graph> {
    pub(super) id: Option<String>,
    pub(super) state: G::State,
    pub(super) position: Position<G::Node>,
    pub(super) resources: Arc<G::Resources>,
    pub(super) runtime: Option<Arc<dyn Runtime>>,
    pub(super) observers: Vec<Box<dyn Observer<G>>>,
    pub(super) grace_period: Duration,
    pub(super) log: Option<(Arc<dyn Log>, EncodeItem<G>)>,
    pub(super) claim: Claim,
    pub(super) durability: Durability,
    /// The parts that a child has from its parent.
    pub(super) child: Option<ChildParts>,
}

/// The parts that a child has from its parent.
pub(super) struct ChildParts {
    /// Its session.
    pub(super) session: SessionId,
    pub(super) of: ChildOf,
    pub(super) home: Home,
    /// The threads of the parent, which waits for them.
    pub(super) threads: Arc<Threads>,
}

impl<G: Graph> Parts<G> {
    pub(super) async fn open(self) -> Result<App<G>, BuildError> {
        let runtime = self.runtime.or_else(default_runtime).ok_or(BuildError::NoRuntime)?;
        let mut observers = Observers::new(self.observers);
        let (session_id, child_of, home, threads) =
            if let Some(ChildParts { session, of, home, threads }) = self.child {
                (Some(session), Some(of), home, threads)
            } else {
                let log = self.log.as_ref().map(|(log, _)| (Arc::clone(log), self.durability));
                let mut home = Home::new(log);
                home.spans = observers.has_child_spans();
                (None, None, home, Arc::default())
            };
        let random = || format!("{:016x}", runtime.random());
        let id: Arc<str> = match &session_id {
            Some(session) => session.as_str().into(),
            None => self.id.unwrap_or_else(random).into(),
        };
        let control = Arc::new(Control::default());
        let (sender, receiver) = one_item_slot(&control);
        let context = Context {
            session: Arc::clone(&id),
            run: 0,
            generation: 0,
            serial: 0,
            step: 0,
            attempt: 1,
            names: G::Node::NAMES,
            node: usize::MAX,
            control,
            threads,
            runtime: Arc::clone(&runtime),
            home: Arc::new(home),
        };
        let progress = at_position::<G>(self.position);
        let mut session =
            Session::new(self.state, progress, self.resources, context, observers, sender);
        if self.log.is_some() {
            session.context.control.set_logged();
        }
        if self.log.is_some() || !session.observers.is_empty() {
            session.context.control.set_observed();
        }
        match self.log {
            Some((log, encode)) => {
                let id = session_id.map_or_else(|| SessionId::new(id), Ok);
                let id = id.map_err(ReadError::from)?;
                let restore = |view: RawSessionView| {
                    let session = &session.context.session;
                    let restored = Restored::<G>::from_snapshot(session, view.snapshot)?;
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
                    journal.create(state, progress, child_of).await.map_err(ReadError::from)?;
                }
            }
            None if self.claim != Claim::default() => return Err(ReadError::NoLog.into()),
            None => {}
        }
        Ok(App { session, receiver: Mutex::new(receiver), grace_period: self.grace_period })
    }
}

/// The error of building an app.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The feature `tokio` is disabled, and no runtime was set.
    #[error("the app has no runtime: set one with `.runtime(…)`, or enable the feature `tokio`")]
    NoRuntime,
    /// The session could not be opened.
    #[error(transparent)]
    Open(#[from] ReadError),
    /// [`build_blocking`](AppBuilder::build_blocking) was called inside an async runtime.
    #[error(
        "the blocking app was built inside an async runtime, which it would block: use `build().await` there"
    )]
    InsideRuntime,
    /// The executor of the blocking app could not be created.
    #[error("cannot create the executor of the blocking app: {reason}")]
    Executor {
        /// The message of the operating system.
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
