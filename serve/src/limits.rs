//! How much a server takes on.

use std::time::Duration;

/// How much a server takes on, unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The bytes of a request's body.
    pub(crate) body: usize,
    /// Sessions that are open for writing at a time.
    pub(crate) sessions: usize,
    /// Readers of one session at a time.
    pub(crate) readers: usize,
    /// How long a run may take before it is stopped.
    pub(crate) run_time: Duration,
    /// How long a session stays open after its last run.
    pub(crate) idle: Duration,
    /// How long a connection may take nothing of what there is to read.
    pub(crate) patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            sessions: 10_000,
            readers: 1_000,
            run_time: Duration::from_hours(1),
            idle: Duration::from_mins(10),
            patience: Duration::from_mins(1),
        }
    }
}
