//! The limits of a server.

use std::time::Duration;

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of one request body.
    pub(crate) body: usize,
    /// Bytes of all request bodies in memory.
    pub(crate) bytes_in_flight: usize,
    /// Bytes of state that a fork copies.
    pub(crate) fork: usize,
    /// Sessions that are open for writing.
    pub(crate) sessions: usize,
    /// Readers of one session.
    pub(crate) readers: usize,
    /// Readers of all sessions.
    pub(crate) total_readers: usize,
    /// Requests that wait in one session.
    pub(crate) waiting: usize,
    /// How long a run may take before it is stopped.
    pub(crate) run_time: Duration,
    /// How long a session stays open after its last run.
    pub(crate) idle: Duration,
    /// How long a reader may accept no data.
    pub(crate) reader_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            bytes_in_flight: 64 << 20,
            fork: 4 << 20,
            sessions: 10_000,
            readers: 1_000,
            // fewer than the default limit of connections, so that other requests are served
            total_readers: 7_500,
            waiting: 100,
            run_time: Duration::from_hours(1),
            idle: Duration::from_mins(10),
            reader_timeout: Duration::from_mins(1),
        }
    }
}

impl Limits {
    /// Returns the limits of readers.
    pub(crate) fn of_readers(&self) -> ReaderLimits {
        ReaderLimits { per_session: self.readers, total: self.total_readers }
    }
}

/// The limits of readers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReaderLimits {
    pub(crate) per_session: usize,
    pub(crate) total: usize,
}
