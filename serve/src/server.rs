//! A server: a graph, a log, and how much it takes on.

use crate::{
    chat::{self, ChatGraph},
    guard::Guard,
    hub::{Hub, Open},
    limits::Limits,
    openapi::{Access, Addresses, Schemas, Scope},
    routes,
};
use axum::Router;
use burdock::{
    Graph,
    log::{Durability, Existence, Log, LogItem, SessionId},
    run::{AppBuilder, InitialState, Provided},
};
use std::{
    fmt,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

/// Serves the sessions of a graph over HTTP. Those of other graphs in the same log are not there.
///
/// It is a handle: clones serve the same sessions. Runs belong to it and not to the requests that
/// began them. The session of a run that was begun here is open here until it was idle for a while.
///
/// What is not asked for is not there: no other origin may read or write ([`allow_origin`]), and
/// everybody who can reach the port may do everything ([`bearer`]).
///
/// [`allow_origin`]: Server::allow_origin
/// [`bearer`]: Server::bearer
pub struct Server<G: Graph> {
    log: Arc<dyn Log>,
    make: Make<G>,
    durability: Durability,
    limits: Limits,
    guard: Guard,
    schemas: Schemas,
    hub: Arc<std::sync::OnceLock<Arc<Hub<G>>>>,
}

/// Opens a session as durable as the server wants it.
type Make<G> = Arc<dyn Fn(Durability, Arc<dyn Log>) -> Open<G> + Send + Sync>;

impl<G: Graph> Server<G>
where
    G::Item: LogItem,
{
    /// A server of sessions in `log`, each opened with what `app` gives: resources, first state,
    /// observers, grace period. Id, log and durability are the server's.
    pub fn new<S>(
        log: impl Log,
        app: impl Fn() -> AppBuilder<G, Provided<G::Resources>, S> + Send + Sync + 'static,
    ) -> Self
    where
        S: InitialState<G::State> + Send + 'static,
    {
        let app = Arc::new(app);
        let make: Make<G> = Arc::new(move |durability, log| {
            let app = Arc::clone(&app);
            Box::new(move |session: SessionId, existence| {
                let builder =
                    app().id(session.as_str()).log(Arc::clone(&log)).durability(durability);
                let builder = match existence {
                    Existence::Any => builder,
                    Existence::Existing => builder.existing(),
                    Existence::New => builder.new_only(),
                };
                Box::pin(builder.build())
            })
        });
        Self {
            log: Arc::new(log),
            make,
            durability: Durability::Item,
            limits: Limits::default(),
            guard: Guard::default(),
            schemas: Schemas::default(),
            hub: Arc::default(),
        }
    }

    /// What has to be durable before a reader sees it: each item, unless said otherwise.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How many bytes the body of a request may have; 1 MiB unless said otherwise.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets how many bytes of request bodies may be held at once, over all requests; further ones are
    /// refused with 503 `overloaded`. A quarter is reserved for the first 16 KiB of each body, so that large
    /// bodies do not keep small ones out. It is raised where a body of `max_body` would never fit. Defaults
    /// to 64 MiB.
    #[must_use]
    pub fn max_bytes_in_flight(mut self, bytes: usize) -> Self {
        self.limits.bytes_in_flight = bytes;
        self
    }

    /// Sets how many bytes of state, as JSON, a fork may copy. Defaults to 4 MiB. A larger one is 413 `too_large`.
    #[must_use]
    pub fn max_fork(mut self, bytes: usize) -> Self {
        self.limits.fork = bytes;
        self
    }

    /// How many sessions may be open at a time; 10 000 unless said otherwise.
    #[must_use]
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.limits.sessions = sessions;
        self
    }

    /// How many readers a session may have at a time; 1 000 unless said otherwise.
    #[must_use]
    pub fn max_readers(mut self, readers: usize) -> Self {
        self.limits.readers = readers;
        self
    }

    /// Sets how many readers all sessions may have together. Defaults to 7 500, fewer than
    /// the connections of a listener, so that readers leave some for other requests.
    #[must_use]
    pub fn max_total_readers(mut self, readers: usize) -> Self {
        self.limits.total_readers = readers;
        self
    }

    /// Sets how many requests may wait for their turn in a session, with `if_running=wait` or `stop`.
    /// Defaults to 100.
    #[must_use]
    pub fn max_waiting(mut self, requests: usize) -> Self {
        self.limits.waiting = requests;
        self
    }

    /// How long a run may take before it is stopped; an hour unless said otherwise.
    #[must_use]
    pub fn max_run_time(mut self, time: Duration) -> Self {
        self.limits.run_time = time;
        self
    }

    /// How long a session stays in memory after its last run; 10 minutes unless said otherwise.
    #[must_use]
    pub fn idle_after(mut self, time: Duration) -> Self {
        self.limits.idle = time;
        self
    }

    /// How long a reader may take nothing of what there is before its stream ends; a minute unless
    /// said otherwise.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.limits.patience = time;
        self
    }

    /// Asks every request for `authorization: Bearer <token>`.
    #[must_use]
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.guard.token = Some(token.into().into());
        self
    }

    /// Lets pages of this origin, such as `https://example.org`, read and write.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.guard.origins.push(origin.into());
        self
    }

    /// Says what the JSON of a type is, which inputs, items or public fields are declared with under
    /// this name, for `/openapi.json`. `serde_json::to_value(schemars::schema_for!(Piece))` makes such a
    /// schema from a type. Without it, only JSON's own types are described, and lists and options of
    /// them. In a given schema, integers that may lie beyond ±(2^53 − 1) are described as integers or
    /// strings, because that is how the server sends them.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>, schema: serde_json::Value) -> Self {
        self.schemas.insert(name, schema);
        self
    }

    /// The routes, to be served as they are or nested under a path.
    ///
    /// [`listen`](crate::listen) limits connections and closes silent ones; another server has to be set up
    /// to do so. `axum::serve` has no such limits; give it `router.into_make_service()`, because it prepares
    /// the routes once more for each connection otherwise.
    ///
    /// Inside a tokio runtime, where the server looks after sessions that are idle.
    pub fn router(&self) -> Router {
        let hub = self.hub();
        let routes = routes::router(Arc::clone(&hub), self.scope(Addresses::Runs));
        self.guard.around(routes, &hub.limits)
    }

    /// The routes, and a page to chat on at `/`.
    pub fn chat_router(&self) -> Router
    where
        G: ChatGraph,
    {
        let hub = self.hub();
        let routes = routes::router(Arc::clone(&hub), self.scope(Addresses::Chat));
        let routes = routes.merge(chat::router(Arc::clone(&hub)));
        self.guard.around(routes, &hub.limits)
    }

    /// Takes no new runs, stops those under way at a commit, ends every stream, and closes the
    /// sessions.
    ///
    /// # Cancel safety
    /// Dropping the future leaves runs that were asked to stop.
    pub async fn shutdown(&self) {
        if let Some(hub) = self.hub.get() {
            hub.shut_down().await;
        }
    }

    fn scope(&self, addresses: Addresses) -> Scope {
        let access = if self.guard.token.is_some() { Access::Bearer } else { Access::Open };
        Scope { addresses, access }
    }

    fn hub(&self) -> Arc<Hub<G>> {
        let new = || {
            let open = (self.make)(self.durability, Arc::clone(&self.log));
            let schemas = self.schemas.clone();
            let hub = Arc::new(Hub::new(Arc::clone(&self.log), self.limits, schemas, open));
            tokio::spawn(sweep(Arc::downgrade(&hub), self.limits.idle));
            hub
        };
        Arc::clone(self.hub.get_or_init(new))
    }
}

/// Puts idle sessions away until the server is gone.
async fn sweep<G: Graph>(hub: Weak<Hub<G>>, idle: Duration) {
    let mut ticks = tokio::time::interval((idle / 4).max(Duration::from_millis(10)));
    loop {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        if let Some(since) = Instant::now().checked_sub(idle) {
            hub.put_away_idle(since);
        }
    }
}

impl<G: Graph> Clone for Server<G> {
    fn clone(&self) -> Self {
        Self {
            log: Arc::clone(&self.log),
            make: Arc::clone(&self.make),
            durability: self.durability,
            limits: self.limits,
            guard: self.guard.clone(),
            schemas: self.schemas.clone(),
            hub: Arc::clone(&self.hub),
        }
    }
}

impl<G: Graph> fmt::Debug for Server<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("graph", &G::TOPOLOGY.name)
            .field("durability", &self.durability)
            .field("limits", &self.limits)
            .field("open", &self.hub.get().map_or(0, |hub| hub.open()))
            .finish_non_exhaustive()
    }
}
