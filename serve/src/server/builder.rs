//! The settings of a server.

use super::{Inner, Server};
use crate::{
    guard::Guard,
    hub::{Hub, Opening},
    in_flight::BytesInFlight,
    limits::Limits,
};
use burdock::{
    Graph,
    log::{Durability, Existence, Log, LogItem, SessionId},
    run::{AppBuilder, InitialState, Provided},
};
use std::{fmt, sync::Arc, time::Duration};

/// Configures a [`Server`]. [`Server::builder`] creates it, [`build`](Self::build) builds the server.
///
/// By default, requests from other origins are rejected ([`allow_origin`](Self::allow_origin)). But every client
/// that can reach the port has full access, unless a token is set ([`bearer_token`](Self::bearer_token)).
///
/// ```
/// # use burdock::{log::MemoryLog, prelude::*};
/// # use burdock_serve::Server;
/// # use serde::{Deserialize, Serialize};
/// # use std::time::Duration;
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn count(counter: Reads<'_>) -> Result<Writes> { Ok(Writes { count: counter.count + 1 }) }
/// # graph! { Counting(Counter) { nodes { count } start count; count -> pause; } }
/// let server = Server::builder(MemoryLog::new(), |_session| Counting::app())
///     .bearer_token("from the environment")
///     .max_run_time(Duration::from_secs(60))
///     .build();
/// # drop(server);
/// ```
#[must_use = "the server is built by `build`"]
pub struct ServerBuilder<G: Graph> {
    log: Arc<dyn Log>,
    open: OpenWith<G>,
    durability: Durability,
    limits: Limits,
    guard: Guard,
}

/// Opens a session of a log, with a durability.
type OpenWith<G> =
    Box<dyn Fn(Arc<dyn Log>, Durability, SessionId, Existence) -> Opening<G> + Send + Sync>;

impl<G: Graph> ServerBuilder<G>
where
    G::Item: LogItem,
{
    pub(super) fn new<S>(
        log: impl Log,
        app: impl Fn(&SessionId) -> AppBuilder<G, Provided<G::Resources>, S> + Send + Sync + 'static,
    ) -> Self
    where
        S: InitialState<G::State> + Send + 'static,
    {
        let open: OpenWith<G> = Box::new(move |log, durability, session, existence| {
            let builder = app(&session).id(session.as_str()).log(log).durability(durability);
            let builder = match existence {
                Existence::Any => builder,
                Existence::Existing => builder.existing(),
                Existence::New => builder.new_only(),
            };
            Box::pin(builder.build())
        });
        Self {
            log: Arc::new(log),
            open,
            durability: Durability::Item,
            limits: Limits::default(),
            guard: Guard::default(),
        }
    }
}

impl<G: Graph> ServerBuilder<G> {
    /// Sets what has to be durable before readers receive it. Defaults to [`Durability::Item`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets the maximum size of a request body, in bytes. Defaults to 1 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets the maximum size of all request bodies in memory together, in bytes. Requests beyond it are rejected
    /// with 503 `overloaded`. A quarter is reserved for the first 16 KiB of each body, so that large bodies do not
    /// block small ones. The limit is raised if a body of `max_body` would never fit. Defaults to 64 MiB.
    pub fn max_bytes_in_flight(mut self, bytes: usize) -> Self {
        self.limits.bytes_in_flight = bytes;
        self
    }

    /// Sets the maximum size of the state that a fork copies, in bytes of JSON. Defaults to 4 MiB. A fork of a
    /// larger state is rejected with 413 `too_large`.
    pub fn max_fork(mut self, bytes: usize) -> Self {
        self.limits.fork = bytes;
        self
    }

    /// Sets the maximum number of sessions that are open for writing. Defaults to 10 000.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.limits.sessions = sessions;
        self
    }

    /// Sets the maximum number of clients that read one session. Defaults to 1 000.
    pub fn max_readers(mut self, readers: usize) -> Self {
        self.limits.readers = readers;
        self
    }

    /// Sets the maximum number of clients that read, across all sessions. Defaults to 7 500, which is less than
    /// the connections of a listener, so that some remain for other requests.
    pub fn max_total_readers(mut self, readers: usize) -> Self {
        self.limits.total_readers = readers;
        self
    }

    /// Sets the maximum number of starts that wait in one session, with [`IfRunning::Wait`] or
    /// [`IfRunning::Stop`]. Defaults to 100.
    ///
    /// [`IfRunning::Wait`]: crate::IfRunning::Wait
    /// [`IfRunning::Stop`]: crate::IfRunning::Stop
    pub fn max_waiting(mut self, starts: usize) -> Self {
        self.limits.waiting = starts;
        self
    }

    /// Sets how long a run may take before it is stopped. Defaults to 1 hour.
    ///
    /// ```
    /// # use burdock::{Context, log::MemoryLog, prelude::*};
    /// # use burdock_serve::{RunEnd, Server};
    /// # use std::time::Duration;
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
    /// let server = Server::builder(MemoryLog::new(), |_| Watching::app())
    ///     .max_run_time(Duration::from_millis(10))
    ///     .build();
    /// let run = server.session("anna")?.start(WatchingInputs {}).await?;
    ///
    /// // its first node waits for a stop
    /// assert_eq!(run.finish().await?, RunEnd::Stopped { node: "report".into() });
    /// # Ok(()) }
    /// ```
    pub fn max_run_time(mut self, time: Duration) -> Self {
        self.limits.run_time = time;
        self
    }

    /// Sets how long a session stays open after its last run. Defaults to 10 minutes.
    pub fn idle_after(mut self, time: Duration) -> Self {
        self.limits.idle = time;
        self
    }

    /// Sets how long a client may accept no data before its stream ends. Defaults to 1 minute.
    pub fn reader_timeout(mut self, time: Duration) -> Self {
        self.limits.reader_timeout = time;
        self
    }

    /// Requires `authorization: Bearer <token>` in every request, except those for the page and the health checks.
    /// Session handles need no token.
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
    /// use axum::{body::Body, http::{Request, header::AUTHORIZATION}};
    /// use tower::ServiceExt as _;
    ///
    /// let server =
    ///     Server::builder(MemoryLog::new(), |_| Counting::app()).bearer_token("secret").build();
    /// for (token, status) in [("Bearer secret", 200), ("Bearer guess", 401)] {
    ///     let request = Request::get("/sessions").header(AUTHORIZATION, token).body(Body::empty())?;
    ///     assert_eq!(server.router().oneshot(request).await?.status(), status);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.guard.token = Some(token.into().into());
        self
    }

    /// Allows requests from pages of an origin, such as `https://example.org`.
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
    /// use axum::{body::Body, http::{Request, header::ORIGIN}};
    /// use tower::ServiceExt as _;
    ///
    /// let server = Server::builder(MemoryLog::new(), |_| Counting::app())
    ///     .allow_origin("https://example.org")
    ///     .build();
    /// for (origin, status) in [("https://example.org", 200), ("https://example.com", 403)] {
    ///     let request = Request::get("/sessions").header(ORIGIN, origin).body(Body::empty())?;
    ///     assert_eq!(server.router().oneshot(request).await?.status(), status);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.guard.origins.push(origin.into());
        self
    }

    /// Builds the server. Its settings cannot be changed afterwards:
    ///
    /// ```compile_fail,E0599
    /// # async fn check<G: burdock::Graph<Item: serde::Serialize>>(builder: burdock_serve::ServerBuilder<G>) {
    /// let server = builder.max_body(1 << 10).build();
    /// server.max_body(1 << 20);
    /// # }
    /// ```
    ///
    /// It can also be called outside of a tokio runtime: no task is spawned before the first session is opened.
    pub fn build(self) -> Server<G> {
        let Self { log, open, durability, limits, guard } = self;
        let open = {
            let log = Arc::clone(&log);
            Box::new(move |session, existence| {
                open(Arc::clone(&log), durability, session, existence)
            })
        };
        let in_flight = BytesInFlight::new(limits.bytes_in_flight, limits.body);
        let hub = Arc::new(Hub::new(log, limits, open));
        Server { inner: Arc::new(Inner { hub, guard, in_flight }) }
    }
}

impl<G: Graph> fmt::Debug for ServerBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the token is a secret
        f.debug_struct("ServerBuilder")
            .field("graph", &G::TOPOLOGY.name)
            .field("durability", &self.durability)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
