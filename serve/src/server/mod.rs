//! A server: the sessions of a graph in a log, their routes and their handles.

mod builder;

pub use self::builder::ServerBuilder;

use crate::{
    chat::{self, ChatGraph},
    error::SessionError,
    guard::Guard,
    hub::Hub,
    in_flight::BytesInFlight,
    openapi::{self, Access, RouteSet, Scope},
    routes,
    session::SessionHandle,
};
use axum::Router;
use burdock::{
    Graph,
    log::{Log, LogItem, SessionId},
    run::{AppBuilder, InitialState, Provided},
};
use std::{fmt, sync::Arc};

/// Serves the sessions of a graph: over HTTP by its [routes](Self::router), and to the program's own code by
/// [handles](Self::session).
///
/// Clones are cheap and refer to the same server. Its settings are made in a [`builder`](Self::builder). Runs belong
/// to the server, not to the request or the task that started them. A session in which a run was started stays
/// open until it has been idle for a while.
///
/// A server serves one graph, and does not find sessions of other graphs in the same log. For several graphs,
/// build a server for each, with a shared log if necessary, and nest their routes:
///
/// ```
/// # use burdock::{log::MemoryLog, prelude::*};
/// # use burdock_serve::Server;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn count(counter: Reads<'_>) -> Result<Writes> { Ok(Writes { count: counter.count + 1 }) }
/// # graph! { Orders(Counter) { nodes { count } start count; count -> pause; } }
/// # graph! { Returns(Counter) { nodes { count } start count; count -> pause; } }
/// let log = MemoryLog::new();
/// let orders = Server::builder(log.clone(), |_| Orders::app()).build();
/// let returns = Server::builder(log, |_| Returns::app()).build();
/// let routes: axum::Router =
///     axum::Router::new().nest("/orders", orders.router()).nest("/returns", returns.router());
/// ```
pub struct Server<G: Graph> {
    inner: Arc<Inner<G>>,
}

struct Inner<G: Graph> {
    hub: Arc<Hub<G>>,
    guard: Guard,
    in_flight: BytesInFlight,
}

impl<G: Graph> Server<G>
where
    G::Item: LogItem,
{
    /// Creates a builder of a server for the sessions in `log`.
    ///
    /// `app` is called with the id of a session each time the session is opened for writing. It sets resources,
    /// first state, observers and grace period of the app. The server sets id, log and durability.
    ///
    /// ```
    /// # use burdock::{log::MemoryLog, prelude::*};
    /// # use burdock_serve::Server;
    /// # use serde::{Deserialize, Serialize};
    /// # use burdock::event::Spans;
    /// # use std::time::Duration;
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Counter { #[state(public)] count: u64 }
    /// # #[action(state = Counter, reads(count), writes(count))]
    /// # async fn count(counter: Reads<'_>, #[input] by: u64) -> Result<Writes> {
    /// #     Ok(Writes { count: counter.count + by })
    /// # }
    /// # graph! { Counting(Counter) { inputs { by: u64 } nodes { count } start count; count -> pause; } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::builder(MemoryLog::new(), |session| {
    ///     let count = if session.as_str().starts_with("vip/") { 100 } else { 0 };
    ///     Counting::app()
    ///         .state(Counter { count }) // of a new session
    ///         .observer(Spans::default())
    ///         .grace_period(Duration::from_secs(1))
    /// })
    /// .build();
    /// let session = server.session("vip/anna")?;
    /// session.start(CountingInputs { by: 1 }).await?.finish().await?;
    /// assert_eq!(session.view().await?.state.count, 101);
    /// # Ok(()) }
    /// ```
    pub fn builder<S>(
        log: impl Log,
        app: impl Fn(&SessionId) -> AppBuilder<G, Provided<G::Resources>, S> + Send + Sync + 'static,
    ) -> ServerBuilder<G>
    where
        S: InitialState<G::State> + Send + 'static,
    {
        ServerBuilder::new(log, app)
    }
}

impl<G: Graph> Server<G> {
    /// Returns a handle to a session, for code without HTTP. The session need not exist: a start creates it.
    ///
    /// It can also be called outside of a tokio runtime. So can [`SessionHandle::view`] and
    /// [`SessionHandle::follow`], if the log supports that. Starts require a tokio runtime.
    ///
    /// # Errors
    /// Returns [`SessionError::InvalidId`] if the id is empty, too long, contains a NUL, or starts with `~`: such a
    /// session is a child, which runs only as a part of its parent.
    pub fn session(&self, id: impl AsRef<str>) -> Result<SessionHandle<G>, SessionError> {
        SessionHandle::new(Arc::clone(&self.inner.hub), id.as_ref())
    }

    /// Returns the routes, to be served as they are or nested under a path.
    ///
    /// It can also be called outside of a tokio runtime, but serving the routes requires one.
    /// [`listen`](crate::listen) limits connections and closes silent ones. Another server has to be configured to
    /// do so; `axum::serve` has no such limits. Pass it `router.into_make_service()`: it would prepare the routes
    /// again for each connection otherwise.
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
    /// use axum::{body::to_bytes, http::{Request, header::CONTENT_TYPE}};
    /// use tower::ServiceExt as _;
    ///
    /// // a test of the routes without a listener
    /// let request = Request::post("/sessions/anna/runs")
    ///     .header(CONTENT_TYPE, "application/json")
    ///     .body(r#"{ "by": 2 }"#.to_owned())?;
    /// let response = server.router().oneshot(request).await?;
    /// assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    /// let events = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await?.into())?;
    /// assert!(events.contains(r#""type":"run_paused""#));
    /// # Ok(()) }
    /// ```
    pub fn router(&self) -> Router {
        self.guarded(self.routes(RouteSet::Runs))
    }

    /// Returns the routes with those of chats, and with the chat page at `/`.
    pub fn chat_router(&self) -> Router
    where
        G: ChatGraph,
    {
        let chat = chat::router(Arc::clone(&self.inner.hub));
        self.guarded(self.routes(RouteSet::Chat).merge(chat))
    }

    /// Shuts the server down: rejects new runs, stops those in progress at a commit, ends every stream, and closes
    /// the sessions. Completes when all of that is done. Can be called repeatedly.
    ///
    /// ```
    /// # use burdock::{Context, Position, log::MemoryLog, prelude::*};
    /// # use burdock_serve::{Server, SessionError};
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
    /// let run = server.session("anna")?.start(WatchingInputs {}).await?;
    /// server.shutdown().await;
    ///
    /// // the run was stopped at a commit, and can be resumed by the next process
    /// let view = run.session().view().await?;
    /// assert_eq!(view.position, Position::Unfinished(WatchingNode::report));
    /// let start = run.session().start(WatchingInputs {}).await;
    /// assert!(matches!(start, Err(SessionError::ShuttingDown)));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future does not revoke the shutdown: runs were asked to stop, and end.
    pub async fn shutdown(&self) {
        self.inner.hub.shut_down().await;
    }

    /// Returns a future that waits for a signal and then [shuts the server down](Self::shutdown): the `stop` of
    /// [`listen`](crate::listen).
    ///
    /// # Cancel safety
    /// Before the signal, dropping the future has no effect. After it, see [`shutdown`](Self::shutdown).
    pub fn shutdown_on(
        &self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let server = self.clone();
        async move {
            signal.await;
            // boxed: it is large, because it holds a session while it closes it
            Box::pin(server.shutdown()).await;
        }
    }

    fn guarded(&self, routes: Router) -> Router {
        let Inner { hub, guard, in_flight } = &*self.inner;
        guard.layer(routes, in_flight.clone(), hub.limits.body)
    }

    /// Returns the routes of every graph, and the document that describes all of `route_set`.
    fn routes(&self, route_set: RouteSet) -> Router {
        let Inner { hub, guard, .. } = &*self.inner;
        let access = if guard.token.is_some() { Access::Bearer } else { Access::Open };
        let document = openapi::router::<G>(Scope { routes: route_set, access });
        routes::router(Arc::clone(hub)).merge(document)
    }
}

impl<G: Graph> Clone for Server<G> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<G: Graph> fmt::Debug for Server<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = &self.inner.hub;
        f.debug_struct("Server")
            .field("graph", &G::TOPOLOGY.name)
            .field("limits", &hub.limits)
            .field("open", &hub.open_sessions())
            .finish_non_exhaustive()
    }
}
