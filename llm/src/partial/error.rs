//! Errors of changes that do not fit.

use burdock_json::Segment;
use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// How much of a value an error quotes, in bytes.
const QUOTED: usize = 40;

/// A change that does not fit the value it is applied to. The value is unchanged.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("change does not fit at `{}`: {misfit}", written(.path))]
pub struct GrowError {
    path: Vec<Segment>,
    misfit: Misfit,
}

/// Why a change does not fit.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The change sets a value of another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What fits there.
        expected: String,
        /// The start of what is set.
        found: String,
    },
    /// The change edits something that has not been set.
    #[error("there is no value yet")]
    Absent,
    /// The change edits a value in a way that its type does not have.
    #[error("{expected} cannot be changed by this edit")]
    Edit {
        /// What is there.
        expected: String,
    },
    /// The change belongs to another variant than the present one.
    #[error("the variant is `{present}` and cannot change")]
    Variant {
        /// The name of the present variant.
        present: String,
    },
    /// The change sets an enum of which the variant is not known yet, or a character of which only the
    /// quote has arrived. [`Grown`](crate::Grown) waits for the changes that follow.
    #[error("the variant is not known yet")]
    Undecided,
    /// The type cannot be read from what the change sets.
    #[error("{reason}")]
    Invalid {
        /// What serde reports.
        reason: String,
    },
    /// The type has no such property or position.
    #[error("the type has no such property")]
    Unknown,
}

impl GrowError {
    /// Creates an error at this place of the value.
    pub fn new(misfit: Misfit) -> Self {
        Self { path: Vec::new(), misfit }
    }

    /// Creates an error for a value that is set and does not fit.
    pub fn expected(expected: impl Into<String>, found: &Value) -> Self {
        Self::new(Misfit::Type { expected: expected.into(), found: quoted(found) })
    }

    /// Creates an error for an edit that a value of this kind does not have.
    pub fn edit(expected: impl Into<String>) -> Self {
        Self::new(Misfit::Edit { expected: expected.into() })
    }

    /// Moves the error into a property or an element.
    #[must_use]
    pub fn below(mut self, segment: Segment) -> Self {
        self.path.insert(0, segment);
        self
    }

    pub(crate) fn is_undecided(&self) -> bool {
        self.misfit == Misfit::Undecided
    }

    /// Moves the error below a path.
    #[must_use]
    pub(crate) fn below_all(mut self, path: &[Segment]) -> Self {
        self.path.splice(..0, path.iter().cloned());
        self
    }

    /// Returns the place that does not fit, from the root of the value.
    pub fn path(&self) -> &[Segment] {
        &self.path
    }

    /// Returns why the change does not fit.
    pub fn misfit(&self) -> &Misfit {
        &self.misfit
    }
}

/// A path as a person writes it: `chapters[0].title`.
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

/// The start of a value's text.
fn quoted(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > QUOTED {
        text.truncate(text.floor_char_boundary(QUOTED));
        text.push('…');
    }
    format!("`{text}`")
}
