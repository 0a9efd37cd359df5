//! The result of a transition, for macro expansions.

use super::Graph;
use crate::{action::UnsetSlot, progress::Next};

/// The result of evaluating a transition: an error if it reads a slot without a value.
pub type Decision<G> = Result<Next<<G as Graph>::Node>, UnsetSlot>;

/// Checks that a field has a value before a transition reads it.
///
/// # Errors
/// Returns an error if the field has no value.
#[inline]
#[expect(clippy::needless_pass_by_value, reason = "it holds a reference")]
pub fn check_set<T>(value: Option<T>, field: &'static str) -> Result<(), UnsetSlot> {
    match value {
        Some(_) => Ok(()),
        None => Err(UnsetSlot(field)),
    }
}
