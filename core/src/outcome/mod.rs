//! Results of a run: an outcome, or an error.

mod error;
mod restore;

pub use self::error::{RunError, RunErrorKind};
pub use self::restore::RestoreError;

use std::fmt;

/// The outcome of a run. Every run ends with an outcome or a [`RunError`].
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::Outcome;
///
/// let mut app = Cafe::app().build().await?;
/// let end = app.run(CafeInputs { cups: 10 }).await?;
/// let text = match end.outcome() {
///     Outcome::Paused(_) => "anything else?",
///     Outcome::Ended => "thank you, and goodbye",
///     Outcome::Halted(_) | Outcome::Stopped(_) => "to be continued", // with `resume`
/// };
/// assert_eq!(text, "thank you, and goodbye");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<N> {
    /// The run reached a `pause`; the next run starts at this node.
    Paused(N),
    /// The run reached an `end`: the session has ended.
    Ended,
    /// The run reached a `halt_before` or `halt_after`; [`resume`](crate::App::resume) continues at this node.
    Halted(N),
    /// The run was stopped by a [`Stopper`](crate::Stopper); [`resume`](crate::App::resume) continues at this node.
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
