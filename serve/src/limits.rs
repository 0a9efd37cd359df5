//! Limits of a server.

use std::time::Duration;

/// Limits of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The bytes of a request's body.
    pub(crate) body: usize,
    /// The bytes of all bodies that are held at a time.
    pub(crate) bytes_in_flight: usize,
    /// The bytes of state that a fork copies.
    pub(crate) fork: usize,
    /// Sessions that are open for writing at a time.
    pub(crate) sessions: usize,
    /// Readers of one session at a time.
    pub(crate) readers: usize,
    /// Readers of all sessions at a time.
    pub(crate) total_readers: usize,
    /// Requests that wait for their turn in one session.
    pub(crate) waiting: usize,
    /// How long a run may take before it is stopped.
    pub(crate) run_time: Duration,
    /// How long a session stays open after its last run.
    pub(crate) idle: Duration,
    /// How long a reader may take nothing of what there is.
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
            // fewer than connections by default, so that other requests are served
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
        ReaderLimits { of_a_session: self.readers, in_total: self.total_readers }
    }
}

/// How many readers there may be at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReaderLimits {
    pub(crate) of_a_session: usize,
    pub(crate) in_total: usize,
}
