//! The trait of types that have a partial form, and the trait of these forms.

use super::{GrowError, Marks, marks::Node};
use crate::partial::derived::Keys;
use burdock_json::{Edit, Segment};
use serde::{Serialize, ser::SerializeMap};
use serde_json::Value;
use std::fmt;

/// The partial form of a type: what there is of it while it arrives.
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

/// The form of a value that is still arriving, changed in place.
///
/// `#[derive(Partial)]` implements it for the partial types that it generates. It serialises as the
/// JSON value that the same changes make of `null`.
pub trait Grow: Clone + fmt::Debug + Serialize {
    /// Reads what a change sets: a value that may still be unfinished.
    ///
    /// # Errors
    /// Returns an error that names the place if the value does not fit.
    fn from_json(json: &Value) -> Result<Self, GrowError>;

    /// Applies an edit at `path` below this value, in time that depends on the depth alone.
    ///
    /// # Errors
    /// Returns an error if the edit does not fit; the value is then unchanged.
    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError>;

    /// Marks the places of a schema where the type asks for it: `done`, `required`, `state`.
    #[doc(hidden)]
    fn __mark(_marks: &mut Marks<'_>, _node: &Node) {}

    /// Compares, also types that are not `PartialEq`: by what they serialise as.
    #[doc(hidden)]
    fn __same(&self, other: &Self) -> bool {
        match (serde_json::to_value(self), serde_json::to_value(other)) {
            (Ok(this), Ok(other)) => this == other,
            _ => false,
        }
    }

    /// Tells which properties of an object belong to this type where it is flattened into another.
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
