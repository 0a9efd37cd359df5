//! The identity of a log among those of the process.

use std::sync::atomic::{AtomicU64, Ordering};

/// Identifies a log among those of the process: all clones of its handle have the same one.
///
/// A log that stores calls in transactions of its own returns it from [`Log::instance`](super::Log::instance), so that a
/// transaction cannot be made in another log than that of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogInstance(u64);

impl LogInstance {
    /// Returns an identity that no other log of the process has.
    pub fn unique() -> Self {
        static INSTANCES: AtomicU64 = AtomicU64::new(0);
        Self(INSTANCES.fetch_add(1, Ordering::Relaxed))
    }
}
