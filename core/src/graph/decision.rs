//! What a transition decides, for expansions.

use super::Graph;
use crate::{action::UnsetSlot, progress::Next};

/// What a transition decides, unless it looks at a slot that has no value.
pub type Decision<G> = Result<Next<<G as Graph>::Node>, UnsetSlot>;

/// Makes sure that a transition looks at a field that has a value.
///
/// # Errors
/// Returns an error if there is no value.
#[inline]
#[expect(clippy::needless_pass_by_value, reason = "it holds a reference")]
pub fn check_set<T>(value: Option<T>, field: &'static str) -> Result<(), UnsetSlot> {
    match value {
        Some(_) => Ok(()),
        None => Err(UnsetSlot(field)),
    }
}
