//! The traits of types with a partial form, and of partial forms.

use super::{GrowError, Marks, marks::Node};
use crate::partial::derived::Keys;
use burdock_json::{Edit, Segment};
use serde::{Serialize, ser::SerializeMap};
use serde_json::Value;
use std::fmt;

/// The partial form of a type: the value while it arrives.
///
/// `PartialOf<String>` is `String`, `PartialOf<Vec<Chapter>>` is `Vec<ChapterPartial>`.
pub type PartialOf<T> = <T as Partial>::Partial;

#[doc = include_str!("partial.md")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no partial form",
    label = "does not implement `Partial`",
    note = "derive `Partial` for `{Self}`, or put `#[partial(done)]` on the field, which then appears when it is complete"
)]
pub trait Partial {
    /// The type of the value while it arrives.
    type Partial: Grow;
}

/// The form of a value while it arrives, changed in place.
///
/// `#[derive(Partial)]` implements it for the partial types that it generates. It serializes as the
/// JSON value that the same changes build from `null`.
pub trait Grow: Clone + fmt::Debug + Serialize {
    /// Reads a value from a change. The value may be incomplete.
    ///
    /// # Errors
    /// Returns an error with the path if the value does not fit.
    fn from_json(json: &Value) -> Result<Self, GrowError>;

    /// Applies an edit at `path` below this value. The time depends only on the depth.
    ///
    /// # Errors
    /// Returns an error if the edit does not fit. The value is then unchanged.
    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError>;

    /// Applies the marks of the type (`done`, `required`, `state`) to a schema.
    #[doc(hidden)]
    fn __mark(_marks: &mut Marks<'_>, _node: &Node) {}

    /// Compares two values. Types without `PartialEq` are compared by their serialized values.
    #[doc(hidden)]
    fn __same(&self, other: &Self) -> bool {
        match (serde_json::to_value(self), serde_json::to_value(other)) {
            (Ok(this), Ok(other)) => this == other,
            _ => false,
        }
    }

    /// Returns how a property of an object belongs to this type when it is flattened.
    #[doc(hidden)]
    fn __keys(_key: &str) -> Keys {
        Keys::None
    }

    /// Writes the properties of this value into the object that it is flattened into.
    #[doc(hidden)]
    fn __write_entries<M: SerializeMap>(&self, _map: &mut M) -> Result<(), M::Error> {
        Err(serde::ser::Error::custom("only objects can be flattened"))
    }
}
