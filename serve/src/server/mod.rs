//! A server: the sessions of a graph in a log, their routes and their handles.

mod builder;

pub use self::builder::ServerBuilder;

use crate::{
    chat::{self, ChatGraph},
    error::SessionError,
    guard::Guard,
    hub::Hub,
    in_flight::BytesInFlight,
    openapi::{self, Access, Addresses, Scope},
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
/// It is a handle itself: clones are cheap and refer to the same server. [`builder`](Self::builder) makes one, and
/// its settings are fixed from then on. Runs belong to the server, not to the request or the task that started
/// them. A session in which a run was started stays open until it has been idle for a while.
///
/// One server serves one graph; sessions of other graphs in the same log do not exist for it. For several
/// graphs, build a server for each, which may share a log, and nest their routes:
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
    /// `app` is called each time a session is opened for writing, with the id of the session, and gives the app
    /// its resources, first state, observers and grace period. Id, log and durability are the server's.
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
    /// Returns a handle to a session, for code without HTTP. The session need not exist: a start makes it.
    ///
    /// It can be called anywhere, also outside of a tokio runtime; so can [`SessionHandle::view`] and
    /// [`SessionHandle::follow`], as far as the log can. Starts need tokio.
    ///
    /// # Errors
    /// Returns [`SessionError::InvalidId`] if the id is empty, too long, or contains a NUL.
    pub fn session(&self, id: impl AsRef<str>) -> Result<SessionHandle<G>, SessionError> {
        let id = SessionId::stored(id.as_ref())?;
        Ok(SessionHandle::new(Arc::clone(&self.inner.hub), id))
    }

    /// Returns the routes, to be served as they are or nested under a path.
    ///
    /// It can be called anywhere, also outside of a tokio runtime; the routes are served inside of one.
    /// [`listen`](crate::listen) limits connections and closes silent ones; another server has to be set up to do
    /// so. `axum::serve` has no such limits; give it `router.into_make_service()`, because it prepares the routes
    /// once more for each connection otherwise.
    pub fn router(&self) -> Router {
        self.guarded(self.routes(Addresses::Runs))
    }

    /// Returns the routes, and a page to chat on at `/`.
    pub fn chat_router(&self) -> Router
    where
        G: ChatGraph,
    {
        let chat = chat::router(Arc::clone(&self.inner.hub));
        self.guarded(self.routes(Addresses::Chat).merge(chat))
    }

    /// Shuts the server down: it takes no new runs, stops those in progress at a commit, ends every stream, and
    /// closes the sessions. Ready when all of that is done; can be called again.
    ///
    /// # Cancel safety
    /// Dropping the future does not take the shutdown back: runs were asked to stop, and end.
    pub async fn shutdown(&self) {
        self.inner.hub.shut_down().await;
    }

    /// Returns a future that waits for a signal and then [shuts the server down](Self::shutdown): the `stop` of
    /// [`listen`](crate::listen).
    ///
    /// # Cancel safety
    /// Before the signal, dropping the future changes nothing; after it, see [`shutdown`](Self::shutdown).
    pub fn shutdown_on(
        &self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let server = self.clone();
        async move {
            signal.await;
            server.shutdown().await;
        }
    }

    fn guarded(&self, routes: Router) -> Router {
        let Inner { hub, guard, in_flight } = &*self.inner;
        guard.around(routes, in_flight.clone(), hub.limits.body)
    }

    /// The routes of every graph, and the document of these and of the others among `addresses`.
    fn routes(&self, addresses: Addresses) -> Router {
        let Inner { hub, guard, .. } = &*self.inner;
        let access = if guard.token.is_some() { Access::Bearer } else { Access::Open };
        let document = openapi::router::<G>(Scope { addresses, access });
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
            .field("open", &hub.open())
            .finish_non_exhaustive()
    }
}
