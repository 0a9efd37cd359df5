//! The activity of a connection: whether it waits for the client or for the server, and since when.

use super::options::ConnectionLimits;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The activity of one connection, shared by its socket and its requests.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    protocol: Protocol,
    /// When the connection started, or its last exchange ended.
    idle_since: Instant,
    /// When the first bytes of the next request arrived.
    head_since: Option<Instant>,
    /// When bytes were last written to the socket.
    written: Instant,
    /// The socket has bytes that the client does not accept yet. It has a timeout of its own.
    blocked: bool,
    exchanges: BTreeMap<u64, WaitsFor>,
    next_exchange: u64,
}

/// The protocol of a connection, which is known from its first request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Unknown,
    Http1,
    Http2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WaitsFor {
    /// The server works on the response, or has nothing to send yet.
    Server,
    /// The client has to send more of the body, which has a deadline of its own.
    Body(Instant),
    /// The client has to accept more of the response.
    Reader(Instant),
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self(Mutex::new(State {
            protocol: Protocol::Unknown,
            idle_since: now,
            head_since: None,
            written: now,
            blocked: false,
            exchanges: BTreeMap::new(),
            next_exchange: 0,
        })))
    }

    /// Starts an exchange: a request whose head is complete, and its response.
    pub(super) fn exchange(self: &Arc<Self>, protocol: Protocol) -> Arc<Exchange> {
        let mut state = self.state();
        state.protocol = protocol;
        state.head_since = None;
        let id = state.next_exchange;
        state.next_exchange += 1;
        state.exchanges.insert(id, WaitsFor::Server);
        Arc::new(Exchange { activity: Arc::clone(self), id })
    }

    /// Notes that bytes arrived from the client.
    pub(super) fn bytes_read(&self) {
        let mut state = self.state();
        if state.exchanges.is_empty() && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    /// Notes that the client accepted bytes.
    pub(super) fn bytes_written(&self) {
        let mut state = self.state();
        state.written = Instant::now();
        state.blocked = false;
    }

    /// Notes that the client does not accept more bytes at present.
    pub(super) fn write_blocked(&self) {
        self.state().blocked = true;
    }

    /// Returns the time at which the connection is closed unless its activity changes; `None` while the server has
    /// to act.
    pub(super) fn deadline(&self, limits: &ConnectionLimits) -> Option<Instant> {
        let state = self.state();
        if state.exchanges.is_empty() {
            if state.blocked {
                return None;
            }
            let idle = state.idle_since;
            return Some(match (state.protocol, state.head_since) {
                (Protocol::Unknown, _) => idle + limits.header,
                // frames between requests need not belong to a request
                (Protocol::Http2, _) => idle + limits.idle,
                // the last bytes of a large response are written after its exchange has ended
                (Protocol::Http1, None) => idle.max(state.written) + limits.idle,
                (Protocol::Http1, Some(head)) => {
                    (idle.max(state.written) + limits.idle).min(head + limits.header)
                }
            });
        }
        if state.exchanges.values().any(|exchange| matches!(exchange, WaitsFor::Body(_))) {
            return None;
        }
        state.waits_for_client().map(|since| since + limits.write)
    }

    /// Returns the time since which the connection has waited for its client; `None` while the server has to act.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let state = self.state();
        if state.exchanges.is_empty() {
            // the last bytes of a large response are written after its exchange has ended
            Some(state.idle_since.max(state.written))
        } else {
            state.waits_for_client()
        }
    }

    /// Returns whether no exchange is in progress.
    pub(super) fn is_idle(&self) -> bool {
        self.state().exchanges.is_empty()
    }

    /// Returns the time at which a connection without exchanges is closed that has been closing since `closing`;
    /// `None` while there are bytes to be written.
    pub(super) fn close_at(&self, closing: Instant, grace: Duration) -> Option<Instant> {
        let state = self.state();
        (!state.blocked).then(|| state.written.max(closing) + grace)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the time since which every exchange has waited for the client.
    fn waits_for_client(&self) -> Option<Instant> {
        let mut latest = None;
        for exchange in self.exchanges.values() {
            match exchange {
                WaitsFor::Server => return None,
                WaitsFor::Body(since) | WaitsFor::Reader(since) => {
                    latest = latest.max(Some(*since));
                }
            }
        }
        latest
    }
}

/// A request and its response; it ends when both bodies are dropped.
#[derive(Debug)]
pub(super) struct Exchange {
    activity: Arc<Activity>,
    id: u64,
}

impl Exchange {
    /// Notes that the server has to act.
    pub(super) fn waits_for_server(&self) {
        self.set(WaitsFor::Server);
    }

    /// Notes that the client has to send more of the body.
    pub(super) fn waits_for_body(&self) {
        self.set(WaitsFor::Body(Instant::now()));
    }

    /// Notes that the server does not wait for more of the body.
    pub(super) fn body_done(&self) {
        if let Some(state @ WaitsFor::Body(_)) = self.activity.state().exchanges.get_mut(&self.id) {
            *state = WaitsFor::Server;
        }
    }

    /// Notes that the client has to accept more of the response.
    pub(super) fn waits_for_reader(&self) {
        self.set(WaitsFor::Reader(Instant::now()));
    }

    fn set(&self, state: WaitsFor) {
        if let Some(known) = self.activity.state().exchanges.get_mut(&self.id) {
            match (*known, state) {
                // still waiting since then
                (WaitsFor::Body(_), WaitsFor::Body(_))
                | (WaitsFor::Reader(_), WaitsFor::Reader(_)) => {}
                _ => *known = state,
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.exchanges.remove(&self.id);
        state.head_since = None;
        state.idle_since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);

    const LIMITS: ConnectionLimits = ConnectionLimits {
        connections: 1,
        header: Duration::from_secs(10),
        body: Duration::from_secs(20),
        idle: Duration::from_mins(1),
        write: Duration::from_secs(30),
        drain: SECOND,
    };

    /// Returns the seconds until the deadline.
    fn left(activity: &Activity) -> Option<u64> {
        activity.deadline(&LIMITS).map(|deadline| (deadline - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn head_of_a_request_has_a_deadline_that_more_bytes_do_not_move() {
        let activity = Activity::new();
        for left_over in (1..10).rev() {
            advance(SECOND).await;
            activity.bytes_read();
            assert_eq!(left(&activity), Some(left_over));
        }
        drop(activity.exchange(Protocol::Http1));
        assert_eq!(left(&activity), Some(60));
        advance(50 * SECOND).await;
        assert_eq!(left(&activity), Some(10));
        for left_over in (1..=10).rev() {
            activity.bytes_read();
            assert_eq!(left(&activity), Some(left_over));
            advance(SECOND).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn frames_between_requests_do_not_keep_a_connection_open() {
        let activity = Activity::new();
        drop(activity.exchange(Protocol::Http2));
        for left_over in (30..60).rev() {
            advance(SECOND).await;
            activity.bytes_read();
            activity.bytes_written();
            assert_eq!(left(&activity), Some(left_over));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn response_that_is_being_read_keeps_a_connection_open() {
        let activity = Activity::new();
        drop(activity.exchange(Protocol::Http1));
        activity.write_blocked();
        // the socket has a timeout of its own
        assert_eq!(left(&activity), None);
        advance(100 * SECOND).await;
        assert_eq!(activity.close_at(Instant::now(), SECOND), None);
        activity.bytes_written();
        assert_eq!(left(&activity), Some(60));
    }

    #[tokio::test(start_paused = true)]
    async fn only_requests_that_all_wait_for_their_readers_have_a_deadline() {
        let activity = Activity::new();
        let [one, two] = [(), ()].map(|()| activity.exchange(Protocol::Http2));
        assert_eq!((left(&activity), activity.waits_since()), (None, None));
        one.waits_for_reader();
        advance(SECOND).await;
        assert_eq!((left(&activity), activity.waits_since()), (None, None));
        two.waits_for_body();
        // the body has a deadline of its own, but the connection can be replaced
        assert_eq!((left(&activity), activity.waits_since()), (None, Some(Instant::now())));
        two.body_done();
        assert_eq!(activity.waits_since(), None);
        two.waits_for_reader();
        advance(SECOND).await;
        assert_eq!(left(&activity), Some(29));
        one.waits_for_server();
        assert_eq!(left(&activity), None);
        drop(one);
        assert_eq!(left(&activity), Some(29));
    }
}
