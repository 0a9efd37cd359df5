//! A value while it grows.

use super::{Change, Grow, GrowError, Partial};
use burdock_json::Edit;
use std::fmt;

/// What there is so far of a value of type `T`, grown in place by its changes.
///
/// ```
/// use burdock_llm::{Change, Grown};
///
/// let mut titles = Grown::<Vec<String>>::new();
/// for change in [
///     r#"{"path":[],"set":[]}"#,
///     r#"{"path":[],"push":"Once"}"#,
///     r#"{"path":[0],"append":" upon"}"#,
/// ] {
///     let change: Change<Vec<String>> = serde_json::from_str(change)?;
///     titles.apply(&change)?;
/// }
/// assert_eq!(titles.partial(), Some(&vec!["Once upon".to_owned()]));
/// assert!(!titles.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Grown<T: Partial> {
    partial: Option<T::Partial>,
    complete: bool,
}

impl<T: Partial> Grown<T> {
    /// Creates a value of which nothing has arrived.
    pub fn new() -> Self {
        Self { partial: None, complete: false }
    }

    /// Applies a change in place. The time depends on the depth of its path and the size of what it
    /// sets, not on what is already there.
    ///
    /// # Errors
    /// Returns an error that names the place if the change does not fit. The value is then unchanged.
    pub fn apply(&mut self, change: &Change<T>) -> Result<(), GrowError> {
        let (path, edit) = (change.path().segments(), change.edit());
        let applied = match (path, edit, &mut self.partial) {
            ([], Edit::Complete, Some(_)) => {
                self.complete = true;
                return Ok(());
            }
            ([], Edit::Set(json), _) => T::Partial::from_json(json).map(|partial| {
                self.partial = Some(partial);
                self.complete = false;
            }),
            (_, _, Some(partial)) => partial.grow(path, edit),
            (_, _, None) => Err(GrowError::new(super::Misfit::Absent)),
        };
        applied.map_err(|error| error.below_all(path))
    }

    /// Returns what there is so far, or `None` if nothing has arrived.
    pub fn partial(&self) -> Option<&T::Partial> {
        self.partial.as_ref()
    }

    /// Returns what there is so far by value.
    pub fn into_partial(self) -> Option<T::Partial> {
        self.partial
    }

    /// Returns whether the value is complete.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Discards what there is. Changes that follow start again at the root, as after
    /// `items_superseded` in a stream of events.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl<T: Partial> Default for Grown<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Partial> Clone for Grown<T> {
    fn clone(&self) -> Self {
        Self { partial: self.partial.clone(), complete: self.complete }
    }
}

impl<T: Partial> fmt::Debug for Grown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grown")
            .field("partial", &self.partial)
            .field("complete", &self.complete)
            .finish()
    }
}
