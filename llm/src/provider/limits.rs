//! Limits on the time and memory that a provider can use.

use std::time::Duration;

/// Limits of one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Time between two events.
    pub(super) silent_for: Duration,
    /// Bytes of text, and separately of content that is not shown.
    pub(super) answer: usize,
    /// Bytes of one line, of one event, and of one frame.
    pub(super) line: usize,
    /// Bytes of the whole body, after decompression.
    pub(super) body: usize,
}

impl Limits {
    /// Returns how long to wait for the usage and the end of the stream after a finish reason. It is
    /// shorter than the silence limit, so that such a wait does not fail.
    pub(super) fn after_finish(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(5);
        LONGEST.min(self.silent_for / 2)
    }
}

impl Default for Limits {
    /// Far more than models send: an answer of a million tokens has about 4 MiB of text, in events of
    /// about 250 bytes.
    fn default() -> Self {
        Self { silent_for: Duration::from_mins(2), answer: 8 << 20, line: 4 << 20, body: 256 << 20 }
    }
}
