//! The state of an application: one typed struct with fields and slots.
//!
//! A state derives [`State`]. Actions never hold the state itself: they receive references to the fields
//! that they declare to read, and return new values for the fields that they declare to write. The state
//! changes only when these are committed.

pub(crate) mod append;
mod document;
pub(crate) mod field;
pub(crate) mod fields;
mod ord_map;
pub(crate) mod patch;
pub(crate) mod read_back;
pub(crate) mod schema;
mod slot;
mod strict;
mod vector;
pub(crate) mod version;

pub use self::append::Append;
pub use self::document::Document;
pub use self::fields::{FieldInfo, FieldSet, UNKNOWN, index_of, set_of};
pub use self::ord_map::{
    Entry as OrdMapEntry, Iter as OrdMapIter, OccupiedEntry as OrdMapOccupiedEntry, OrdMap,
    VacantEntry as OrdMapVacantEntry,
};
pub use self::patch::{FieldPatches, Patch, PatchError, PatchFailed};
pub(crate) use self::read_back::{ReadBack, dropped, read, unreadable};
pub use self::schema::TypeSchema;
pub use self::slot::Slot;
pub use self::strict::MAX_DEPTH;
pub(crate) use self::strict::{Fields, fields_to_json, to_json};
pub use self::vector::{IntoIter, Iter, Vector};
pub use self::version::{MigrateError, Migration};

use serde::{Serialize, de::DeserializeOwned};

/// The fields of a state. Derived together with [`State`], and in the prelude.
///
/// It is a trait of its own so that the fields are known even if the state lacks another trait, such as `Clone`. The
/// compiler then reports that once, at the state, and not at each action.
///
/// ```
/// use burdock::{prelude::*, state::StateFields};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(State, Clone, Default, Serialize, Deserialize)]
/// struct Chat {
///     history: Vector<String>,
/// }
///
/// fn names<S: StateFields>() -> impl Iterator<Item = &'static str> {
///     S::FIELDS.iter().map(|field| field.name)
/// }
///
/// assert!(names::<Chat>().eq(["history"]));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state",
    label = "not a state",
    note = "a state is a struct with named fields under `#[derive(State, Clone, Serialize, Deserialize)]`"
)]
pub trait StateFields {
    /// The fields in the order of their declaration, which gives their indices.
    const FIELDS: &'static [FieldInfo];
}

/// The state of an application. Derived with `#[derive(State)]`, never implemented by hand.
///
/// ```
/// use burdock::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// /// The state of a chatbot.
/// #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
/// pub struct Chat {
///     /// All messages so far.
///     pub history: Vector<String>,
///     /// Has no value until an action writes it.
///     pub reply: Slot<String>,
/// }
///
/// assert_eq!(Chat::FIELDS[1].name, "reply");
/// assert!(Chat::FIELDS[1].slot);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state",
    label = "not a state",
    note = "a state is a struct with named fields under `#[derive(State, Clone, Serialize, Deserialize)]`"
)]
pub trait State:
    StateFields + Clone + Send + Sync + Serialize + DeserializeOwned + 'static
{
    /// The version of the state's serialized form in a log, from 1. Set by `#[state(version = …)]`.
    const VERSION: u32 = 1;

    /// The migrations to this version. The first one migrates from version 1, and each to the next version.
    const MIGRATIONS: &'static [Migration] = &[];

    /// Returns the slots that have a value.
    #[doc(hidden)]
    fn __set_slots(&self) -> FieldSet;

    /// Returns the patch that sets the field with this index, after checking that it can be read back.
    /// Returns `None` if the field is not written.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "not called by people")]
    fn __whole(&self, field: usize) -> Result<Option<Patch>, serde_json::Error>;

    /// Migrates a state that a log has in this version or an earlier one to the current version.
    ///
    /// # Errors
    /// Returns an error if this program does not know the version, or if a migration fails.
    fn migrate(version: u32, document: Document) -> Result<Document, MigrateError> {
        version::migrate::<Self>(version, document)
    }
}
