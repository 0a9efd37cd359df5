//! The part of a step's writes that the state after the step does not show.

/// The optional writes of a step, and the lengths of its lists before it appended to them.
///
/// A session keeps it for its last commit, so that [`Writes::of_step`](super::Writes::of_step) can copy exactly what
/// the step wrote. It is empty, and does not allocate, for an action without `writes(field?)` and `appends(field)`.
#[derive(Clone, Debug, Default)]
pub struct WriteExtent(Vec<(usize, usize)>);

impl WriteExtent {
    /// Creates an extent without fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds the field with this index if the step wrote it.
    #[must_use]
    pub fn optional(mut self, field: usize, is_written: bool) -> Self {
        if is_written {
            self.0.push((field, 0));
        }
        self
    }

    /// Adds the list with this index, which had `kept` elements before the step.
    #[must_use]
    pub fn appended(mut self, field: usize, kept: usize) -> Self {
        self.0.push((field, kept));
        self
    }

    /// Returns whether the step wrote the optional field.
    #[must_use]
    pub fn is_written(&self, field: usize) -> bool {
        self.kept(field).is_some()
    }

    /// Returns the length of the list before the step. Returns `None` if it is not known.
    #[must_use]
    pub fn kept(&self, field: usize) -> Option<usize> {
        self.0.iter().find(|(index, _)| *index == field).map(|(_, kept)| *kept)
    }
}
