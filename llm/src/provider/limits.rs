//! What a provider may take of the program's time and memory.

use std::time::Duration;

/// Limits of one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Between two events.
    pub(super) silent_for: Duration,
    /// Bytes of text, and of what is not shown.
    pub(super) answer: usize,
    /// Bytes of one line, and of one event.
    pub(super) line: usize,
    /// Bytes of all that is sent, unpacked.
    pub(super) body: usize,
}

impl Default for Limits {
    /// Far more than any model sends: an answer of a million tokens has about 4 MiB of text, in events
    /// of about 250 bytes.
    fn default() -> Self {
        Self { silent_for: Duration::from_mins(2), answer: 8 << 20, line: 4 << 20, body: 256 << 20 }
    }
}
