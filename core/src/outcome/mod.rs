//! Results of a run: an outcome, or an error.

mod error;
mod restore;

pub use self::error::{RunError, RunErrorKind};
pub use self::restore::RestoreError;

use std::fmt;

/// How a run ended, if not with a [`RunError`]. Every run ends with one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<N> {
    /// At a `pause`; the next run starts at this node.
    Paused(N),
    /// At an `end`: the session is over.
    Ended,
    /// At a `halt_before` or `halt_after`; [`resume`](crate::App::resume) continues at this node.
    Halted(N),
    /// By a [`Stopper`](crate::Stopper); [`resume`](crate::App::resume) continues at this node.
    Stopped(N),
}

impl<N: fmt::Display> fmt::Display for Outcome<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(node) => write!(f, "paused before `{node}`"),
            Self::Ended => f.write_str("ended"),
            Self::Halted(node) => write!(f, "halted before `{node}`"),
            Self::Stopped(node) => write!(f, "stopped before `{node}`"),
        }
    }
}
