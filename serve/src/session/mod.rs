//! Handles to the sessions of a server, for the program's own code and for the routes.

mod run;
mod start;

pub use self::run::{RunEnd, RunHandle};
pub use self::start::{Resume, Start};

use crate::{
    error::SessionError,
    event::{EventProjection, JsonItems, Projector},
    hub::{Hub, Reader, RunInputs, StartKind, StartOptions},
    stream::{Interrupted, Parts, SessionEvents, Until},
};
use burdock::{
    Graph, Position,
    log::{Cursor, LogError, RawSessionView, SessionId, SessionInfo, follow as follow_log},
    run::SessionView,
};
use serde_json::Value;
use std::{fmt, sync::Arc};

/// A handle to a session of a [`Server`](crate::Server), for code without HTTP: webhooks, queues, other
/// protocols.
///
/// [`Server::session`](crate::Server::session) returns one, whether or not the session exists: a start creates
/// it. The routes of the server use this handle as well, so a run that is started here can be followed
/// over HTTP, and vice versa. Handles are cheap to create and to clone: they do not open the session.
///
/// After [`Server::shutdown`](crate::Server::shutdown), a handle still reads sessions; starting and following
/// return [`SessionError::ShuttingDown`].
///
/// # A queue
///
/// ```
/// use burdock::{log::MemoryLog, prelude::*};
/// use burdock_serve::{IfRunning, IfUnfinished, RunEnd, Server, SessionError};
/// use serde::{Deserialize, Serialize};
/// # use std::collections::VecDeque;
///
/// #[derive(State, Clone, Default, Serialize, Deserialize)]
/// struct Account {
///     balance: u64,
/// }
///
/// #[action(state = Account, reads(balance), writes(balance))]
/// async fn book(account: Reads<'_>, #[input] amount: u64) -> Result<Writes> {
///     Ok(Writes { balance: account.balance + amount })
/// }
///
/// graph! {
///     Booking(Account) {
///         inputs { amount: u64 }
///         nodes { book }
///         start book;
///         book -> pause;
///     }
/// }
///
/// struct Message {
///     account: &'static str,
///     body: serde_json::Value,
/// }
/// # struct Queue(VecDeque<Message>);
/// # impl Queue {
/// #     async fn receive(&mut self) -> Option<Message> { self.0.pop_front() }
/// #     async fn acknowledge(&self, _: &Message) {}
/// #     async fn discard(&self, _: &Message, _: SessionError) {}
/// # }
///
/// /// Handles each message by a run of its account's session.
/// async fn consume(mut queue: Queue, server: Server<Booking>) -> Result<(), SessionError> {
///     while let Some(message) = queue.receive().await {
///         let session = server.session(message.account)?;
///         let start = session
///             .start_json(message.body.clone())
///             .if_running(IfRunning::Wait)
///             .if_unfinished(IfUnfinished::Restart);
///         // from here on, the run is in the log and continues without this task
///         let run = match start.await {
///             Err(error @ SessionError::InvalidInputs { .. }) => {
///                 queue.discard(&message, error).await;
///                 continue;
///             }
///             started => started?,
///         };
///         if let RunEnd::Paused { .. } = run.finish().await? {
///             queue.acknowledge(&message).await;
///         }
///     }
///     Ok(())
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let server = Server::builder(MemoryLog::new(), |_| Booking::app()).build();
/// # let messages = [json(2), serde_json::json!("not an object"), json(3)];
/// # fn json(amount: u64) -> serde_json::Value { serde_json::json!({ "amount": amount }) }
/// # let queue = Queue(messages.map(|body| Message { account: "anna", body }).into());
/// consume(queue, server.clone()).await?;
/// assert_eq!(server.session("anna")?.view().await?.state.balance, 5);
/// # Ok::<_, SessionError>(())
/// # }).unwrap();
/// ```
pub struct SessionHandle<G: Graph> {
    hub: Arc<Hub<G>>,
    id: SessionId,
}

/// A view of a session in the types of its graph, and whether a run is in progress.
#[non_exhaustive]
pub struct ServedView<G: Graph> {
    /// The cursor of its last entry.
    pub cursor: Cursor,
    /// The committed state, with its private fields.
    pub state: G::State,
    /// The position of the session.
    pub position: Position<G::Node>,
    /// The number of committed steps.
    pub step: u64,
    /// The number of runs that were started.
    pub run: u64,
    /// Whether a run is in progress in this process. If not, and the position is unfinished, the run was
    /// stopped, failed or was interrupted, and can be resumed.
    pub running: bool,
}

impl<G: Graph> SessionHandle<G> {
    /// Returns the handle of a session that clients may address. It may have an id that a new session must not have,
    /// but not that of a child: children are parts of their parents.
    pub(crate) fn new(hub: Arc<Hub<G>>, id: &str) -> Result<Self, SessionError> {
        let mut id = SessionId::stored(id)?;
        if id.is_child() {
            id = SessionId::new(id.as_str())?;
        }
        Ok(Self { hub, id })
    }

    /// Returns the id of the session.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Starts a run with inputs in the type of the graph. The run starts when the returned [`Start`] is awaited;
    /// its methods set conditions.
    ///
    /// For inputs as JSON, use [`start_json`](Self::start_json).
    pub fn start(&self, inputs: G::Inputs) -> Start<G> {
        Start::new(self.clone(), Ok(RunInputs::typed(inputs)))
    }

    /// Starts a run with inputs as JSON, which are checked like those of an HTTP client: for unknown inputs and
    /// wrong types, the start returns [`SessionError::InvalidInputs`] with the name of the input.
    ///
    /// ```
    /// # use burdock::{log::MemoryLog, prelude::*};
    /// # use burdock_serve::{RunEnd, Server};
    /// # use serde::{Deserialize, Serialize};
    /// # use serde_json::json;
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
    /// let run = session.start_json(json!({ "by": 2 })).await?;
    /// assert_eq!(run.finish().await?, RunEnd::Paused { node: "count".into() });
    ///
    /// let error = session.start_json(json!({ "by": "two" })).await.unwrap_err();
    /// assert!(error.to_string().starts_with("invalid inputs: by: "));
    /// # Ok(()) }
    /// ```
    pub fn start_json(&self, inputs: Value) -> Start<G> {
        Start::new(self.clone(), RunInputs::from_json(inputs))
    }

    /// Resumes the unfinished run of the session when the returned [`Resume`] is awaited.
    pub fn resume(&self) -> Resume<G> {
        Resume::new(self.clone())
    }

    /// Asks the run that is in progress in this process to stop; does nothing if there is none.
    ///
    /// The run ends at its next commit, which keeps the items that were shown, or after the grace period of its
    /// app. The method does not wait for that.
    ///
    /// ```
    /// # use burdock::{Context, log::MemoryLog, prelude::*};
    /// # use burdock_serve::{RunEnd, Server};
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
    ///
    /// // its first node committed, and the second one did not start
    /// assert_eq!(run.finish().await?, RunEnd::Stopped { node: "report".into() });
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`SessionError::NotFound`] if the graph has no such session, or an error of the log.
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, the run is not asked to stop.
    pub async fn stop(&self) -> Result<(), SessionError> {
        self.info().await?;
        self.hub.stop(&self.id);
        Ok(())
    }

    /// Moves a session that has ended to its start node. The state is kept.
    ///
    /// ```
    /// # use burdock::{log::MemoryLog, prelude::*};
    /// # use burdock_serve::{RunEnd, Server, SessionError};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Counter { #[state(public)] count: u64 }
    /// # #[action(state = Counter, reads(count), writes(count))]
    /// # async fn count(counter: Reads<'_>, #[input] by: u64) -> Result<Writes> {
    /// #     Ok(Writes { count: counter.count + by })
    /// # }
    /// # graph! { Counting(Counter) { inputs { by: u64 } nodes { count } start count; count -> end; } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// # let server = Server::builder(MemoryLog::new(), |_| Counting::app()).build();
    /// let session = server.session("anna")?;
    /// assert_eq!(session.start(CountingInputs { by: 2 }).await?.finish().await?, RunEnd::Ended);
    /// let start = session.start(CountingInputs { by: 3 }).await;
    /// assert!(matches!(start, Err(SessionError::Ended)));
    ///
    /// session.reopen().await?;
    /// session.start(CountingInputs { by: 3 }).await?.finish().await?;
    /// assert_eq!(session.view().await?.state.count, 5);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`SessionError::NotEnded`] if the session has not ended, or the error of opening it.
    ///
    /// # Cancel safety
    /// If the future is dropped, the session may or may not be reopened.
    pub async fn reopen(&self) -> Result<(), SessionError> {
        self.info().await?;
        self.hub.reopen(&self.id).await
    }

    /// Stops the run of the session, waits for its end, and deletes the session with all of its entries and children.
    ///
    /// ```
    /// # use burdock::{log::MemoryLog, prelude::*};
    /// # use burdock_serve::{Server, SessionError};
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
    /// session.start(CountingInputs { by: 2 }).await?.finish().await?;
    /// session.delete().await?;
    /// assert!(matches!(session.view().await, Err(SessionError::NotFound { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`SessionError::NotFound`] if the graph has no such session, or an error of the log.
    ///
    /// # Cancel safety
    /// If the future is dropped, the run may have been stopped, and the session may or may not be deleted. A deletion that
    /// has started is completed by a task, in a tokio runtime. In another one, children may remain:
    /// [`delete_orphans`](burdock::log::delete_orphans) deletes them.
    pub async fn delete(&self) -> Result<(), SessionError> {
        self.info().await?;
        self.hub.delete(&self.id).await
    }

    /// Forks the session: creates a session that starts as a copy of this one at a cursor, or at its last entry if
    /// `at` is `None`.
    ///
    /// ```
    /// # use burdock::{log::MemoryLog, prelude::*};
    /// # use burdock_serve::Server;
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
    /// let anna = server.session("anna")?;
    /// anna.start(CountingInputs { by: 2 }).await?.finish().await?;
    /// let before = anna.view().await?.cursor;
    /// anna.start(CountingInputs { by: 40 }).await?.finish().await?;
    ///
    /// let fork = anna.fork(before, "what-if").await?;
    /// assert_eq!(fork.view().await?.state.count, 2);
    /// assert_eq!(anna.view().await?.state.count, 42);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`SessionError::AlreadyExists`] if a session with the new id exists,
    /// [`SessionError::InvalidCursor`] or [`SessionError::Trimmed`] if this session cannot be forked at the
    /// cursor, and [`SessionError::ForkTooLarge`] if the copy would exceed
    /// [`max_fork`](crate::ServerBuilder::max_fork).
    ///
    /// # Cancel safety
    /// If the future is dropped, the new session may or may not exist.
    pub async fn fork(
        &self,
        at: impl Into<Option<Cursor>>,
        new: &str,
    ) -> Result<Self, SessionError> {
        let new = SessionId::new(new)?;
        self.hub.fork(&self.id, at.into(), &new).await?;
        Ok(Self { hub: Arc::clone(&self.hub), id: new })
    }

    /// Returns whether a run of the session is in progress in this process, or about to start.
    pub fn is_running(&self) -> bool {
        self.hub.is_running(&self.id)
    }

    /// Reads the session in the types of the graph, without opening it. Unlike clients, the caller also receives
    /// the private fields of the state.
    ///
    /// ```
    /// # use burdock::{Position, log::MemoryLog, prelude::*};
    /// # use burdock_serve::Server;
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
    /// session.start(CountingInputs { by: 2 }).await?.finish().await?;
    ///
    /// let view = session.view().await?;
    /// assert_eq!((view.state.count, view.step, view.run), (2, 1, 1));
    /// assert_eq!(view.position, Position::Rest(CountingNode::count));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`SessionError::NotFound`] if the graph has no such session, [`SessionError::DoesNotFit`] if its
    /// state no longer has the graph's types, or an error of the log.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn view(&self) -> Result<ServedView<G>, SessionError> {
        let (view, running) = self.hub.view(&self.id).await?;
        let SessionView { cursor, state, position, step, run, .. } = view;
        Ok(ServedView { cursor, state, position, step, run, running })
    }

    /// Follows the session from a cursor, or from its start if it is `None`: first from the log and then live,
    /// across all of its runs. The events are those of HTTP clients, without private fields and inputs.
    ///
    /// The limits of readers apply only to clients.
    ///
    /// ```
    /// # use burdock::{log::MemoryLog, prelude::*};
    /// # use burdock_serve::{Event, Server};
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
    /// session.start(CountingInputs { by: 2 }).await?.finish().await?;
    /// let last = session.view().await?.cursor;
    ///
    /// // from here on, without the events of the first run
    /// let mut events = session.follow(last).await?;
    /// session.start(CountingInputs { by: 3 }).await?;
    /// let event = events.next().await.expect("the stream does not end")?;
    /// assert!(matches!(event.event, Event::RunStarted { run: 2, .. }));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`SessionError::NotFound`] if the graph has no such session, [`SessionError::InvalidCursor`] for a
    /// cursor that it never had, [`SessionError::Trimmed`] if entries after it were removed, or an error of the
    /// log.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn follow(
        &self,
        from: impl Into<Option<Cursor>>,
    ) -> Result<SessionEvents, SessionError> {
        self.info().await?;
        let reader = self.hub.admit_internal(&self.id)?;
        self.events_from(from.into(), Until::Forever, Arc::new(JsonItems), reader).await
    }

    /// Returns the description of the session, if it exists and belongs to this graph: the state and the nodes of
    /// another graph's session would be misread.
    pub(crate) async fn info(&self) -> Result<SessionInfo, SessionError> {
        self.hub.info(&self.id).await
    }

    /// Reads the session as JSON. Also returns whether a run of it is in progress in this process.
    pub(crate) async fn raw_view(&self) -> Result<(RawSessionView, bool), SessionError> {
        self.hub.raw_view(&self.id).await
    }

    /// Admits a client as a reader of the session.
    pub(crate) fn admit_client(&self) -> Result<Reader, SessionError> {
        self.hub.admit_client(&self.id)
    }

    /// Returns whether a reader at `cursor` does not have to wait for the end of a run.
    pub(crate) async fn is_caught_up(&self, cursor: Cursor) -> Result<bool, SessionError> {
        self.hub.is_caught_up(&self.id, cursor).await
    }

    /// Opens a stream of events for a reader that may have received a part of a run.
    pub(crate) async fn events_from(
        &self,
        cursor: Option<Cursor>,
        until: Until,
        items: Arc<dyn EventProjection>,
        reader: Reader,
    ) -> Result<SessionEvents, SessionError> {
        let mut projector = Projector::new::<G>(items);
        if let Some(cursor) = cursor
            && let Some(seen) = self.hub.entry(&self.id, cursor).await
        {
            projector.seen(&seen);
        }
        self.events(cursor, until, projector, reader).await
    }

    async fn events(
        &self,
        cursor: Option<Cursor>,
        until: Until,
        projector: Projector,
        reader: Reader,
    ) -> Result<SessionEvents, SessionError> {
        let (hub, session) = (&self.hub, &self.id);
        let follow = match follow_log(&hub.log, session, cursor).await {
            Err(LogError::Trimmed { first, .. }) => {
                return Err(SessionError::Trimmed {
                    first: hub.cursor_before(session, first).await?,
                });
            }
            follow => follow?,
        };
        let interrupted: Interrupted = Box::new({
            let session = self.clone();
            move || {
                let SessionHandle { hub, id } = session.clone();
                Box::pin(async move { hub.interrupted(&id).await })
            }
        });
        Ok(SessionEvents::new(Parts {
            session: session.clone(),
            follow,
            cursor,
            projector,
            until,
            interrupted,
            closing: hub.closing(),
            reader,
        }))
    }

    async fn start_kind(
        &self,
        kind: StartKind<G>,
        options: StartOptions,
    ) -> Result<RunHandle<G>, SessionError> {
        let cursor = self.hub.start(&self.id, kind, options).await?;
        Ok(RunHandle::new(self.clone(), cursor))
    }
}

impl<G: Graph> Clone for SessionHandle<G> {
    fn clone(&self) -> Self {
        Self { hub: Arc::clone(&self.hub), id: self.id.clone() }
    }
}

impl<G: Graph> fmt::Debug for SessionHandle<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionHandle")
            .field("graph", &G::TOPOLOGY.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<G: Graph> fmt::Debug for ServedView<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedView")
            .field("cursor", &self.cursor)
            .field("position", &self.position)
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}
