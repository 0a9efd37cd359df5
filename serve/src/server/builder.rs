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

/// Settings of a [`Server`]; [`Server::builder`] makes one, and [`build`](Self::build) ends it.
///
/// What is not set is closed: no other origin may read or write ([`allow_origin`](Self::allow_origin)). But
/// everybody who can reach the port may do everything, unless there is a token
/// ([`bearer_token`](Self::bearer_token)).
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
#[must_use = "a server is made by `build`"]
pub struct ServerBuilder<G: Graph> {
    log: Arc<dyn Log>,
    open: OpenWith<G>,
    durability: Durability,
    limits: Limits,
    guard: Guard,
}

/// Opens a session of a log as durable as the server wants it.
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
    /// Sets what has to be durable before a reader sees it. Defaults to each item.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets how many bytes the body of a request may have. Defaults to 1 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets how many bytes of request bodies may be held at once, over all requests; further ones are
    /// refused with 503 `overloaded`. A quarter is reserved for the first 16 KiB of each body, so that large
    /// bodies do not keep small ones out. It is raised where a body of `max_body` would never fit. Defaults
    /// to 64 MiB.
    pub fn max_bytes_in_flight(mut self, bytes: usize) -> Self {
        self.limits.bytes_in_flight = bytes;
        self
    }

    /// Sets how many bytes of state, as JSON, a fork may copy. Defaults to 4 MiB. A larger one is 413 `too_large`.
    pub fn max_fork(mut self, bytes: usize) -> Self {
        self.limits.fork = bytes;
        self
    }

    /// Sets how many sessions may be open at a time. Defaults to 10 000.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.limits.sessions = sessions;
        self
    }

    /// Sets how many clients may read a session at a time. Defaults to 1 000.
    pub fn max_readers(mut self, readers: usize) -> Self {
        self.limits.readers = readers;
        self
    }

    /// Sets how many clients may read at a time, over all sessions. Defaults to 7 500, fewer than the
    /// connections of a listener, so that readers leave some for other requests.
    pub fn max_total_readers(mut self, readers: usize) -> Self {
        self.limits.total_readers = readers;
        self
    }

    /// Sets how many starts may wait for their turn in a session, with [`IfRunning::Wait`] or
    /// [`IfRunning::Stop`]. Defaults to 100.
    ///
    /// [`IfRunning::Wait`]: crate::IfRunning::Wait
    /// [`IfRunning::Stop`]: crate::IfRunning::Stop
    pub fn max_waiting(mut self, starts: usize) -> Self {
        self.limits.waiting = starts;
        self
    }

    /// Sets how long a run may take before it is stopped. Defaults to an hour.
    pub fn max_run_time(mut self, time: Duration) -> Self {
        self.limits.run_time = time;
        self
    }

    /// Sets how long a session stays in memory after its last run. Defaults to 10 minutes.
    pub fn idle_after(mut self, time: Duration) -> Self {
        self.limits.idle = time;
        self
    }

    /// Sets how long a client may take nothing of what there is to read before its stream ends. Defaults to a
    /// minute.
    pub fn reader_timeout(mut self, time: Duration) -> Self {
        self.limits.reader_timeout = time;
        self
    }

    /// Requires `authorization: Bearer <token>` of every request. Handles of sessions need no token.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.guard.token = Some(token.into().into());
        self
    }

    /// Lets pages of this origin, such as `https://example.org`, read and write.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.guard.origins.push(origin.into());
        self
    }

    /// Builds the server. Nothing can be set afterwards:
    ///
    /// ```compile_fail,E0599
    /// # async fn check<G: burdock::Graph<Item: serde::Serialize>>(builder: burdock_serve::ServerBuilder<G>) {
    /// let server = builder.max_body(1 << 10).build();
    /// server.max_body(1 << 20);
    /// # }
    /// ```
    ///
    /// It can be called anywhere, also outside of a tokio runtime: nothing runs before the first session is
    /// opened.
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
        // without the token
        f.debug_struct("ServerBuilder")
            .field("graph", &G::TOPOLOGY.name)
            .field("durability", &self.durability)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
