//! Errors of changes that cannot be applied.

use burdock_json::Segment;
use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// Maximum length of a quoted value, in bytes.
const QUOTED: usize = 40;

/// An error returned when a change does not fit the value it is applied to. The value is unchanged.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("change does not fit at `{}`: {misfit}", written(.path))]
pub struct GrowError {
    path: Vec<Segment>,
    misfit: Misfit,
}

/// Reasons why a change does not fit.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The change sets a value of another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// The type that is expected there.
        expected: String,
        /// The start of the value in the change.
        found: String,
    },
    /// The change edits a value that has not been set.
    #[error("there is no value yet")]
    Absent,
    /// The change applies an edit that the type does not support.
    #[error("{expected} cannot be changed by this edit")]
    Edit {
        /// The value that the change edits.
        expected: String,
    },
    /// The change belongs to another variant than the current one.
    #[error("the variant is `{present}` and cannot change")]
    Variant {
        /// The name of the current variant.
        present: String,
    },
    /// The change sets an enum whose variant is not known yet, or a character of which only the opening
    /// quote has arrived. [`Grown`](crate::Grown) waits for later changes.
    #[error("the variant is not known yet")]
    Undecided,
    /// The value in the change cannot be deserialized.
    #[error("{reason}")]
    Invalid {
        /// The error of serde.
        reason: String,
    },
    /// The type has no such property or position.
    #[error("the type has no such property")]
    Unknown,
}

impl GrowError {
    /// Creates an error at the root of the value.
    pub fn new(misfit: Misfit) -> Self {
        Self { path: Vec::new(), misfit }
    }

    /// Creates an error for a value that is set but does not fit.
    pub fn expected(expected: impl Into<String>, found: &Value) -> Self {
        Self::new(Misfit::Type { expected: expected.into(), found: quoted(found) })
    }

    /// Creates an error for an edit that the type does not support.
    pub fn edit(expected: impl Into<String>) -> Self {
        Self::new(Misfit::Edit { expected: expected.into() })
    }

    /// Prepends a segment to the path of the error.
    #[must_use]
    pub fn below(mut self, segment: Segment) -> Self {
        self.path.insert(0, segment);
        self
    }

    pub(crate) fn is_undecided(&self) -> bool {
        self.misfit == Misfit::Undecided
    }

    /// Prepends a path to the path of the error.
    #[must_use]
    pub(crate) fn below_all(mut self, path: &[Segment]) -> Self {
        self.path.splice(..0, path.iter().cloned());
        self
    }

    /// Returns the path at which the change does not fit, from the root of the value.
    pub fn path(&self) -> &[Segment] {
        &self.path
    }

    /// Returns why the change does not fit.
    pub fn misfit(&self) -> &Misfit {
        &self.misfit
    }
}

/// Displays a path as `chapters[0].title`.
fn written(path: &[Segment]) -> Written<'_> {
    Written(path)
}

struct Written<'a>(&'a [Segment]);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(root)");
        }
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if index == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(place) => write!(f, "[{place}]")?,
            }
        }
        Ok(())
    }
}

/// Returns the start of the JSON of a value.
fn quoted(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > QUOTED {
        text.truncate(text.floor_char_boundary(QUOTED));
        text.push('…');
    }
    format!("`{text}`")
}
