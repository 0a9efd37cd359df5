//! What an application remembers: one typed struct, its fields and its slots.
//!
//! A state derives [`State`]. Actions never hold it: they get references to the fields that they
//! declare and return new values for others, so the state changes at a commit and nowhere else.

mod document;
pub(crate) mod field;
mod fields;
mod ord_map;
pub(crate) mod patch;
pub(crate) mod read_back;
pub(crate) mod schema;
mod slot;
mod strict;
mod vector;
pub(crate) mod version;

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

/// Marks the struct that an application remembers; derived, never written by hand.
///
/// ```
/// use burdock::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// /// What the chatbot remembers.
/// #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
/// pub struct Chat {
///     /// Everything that was said.
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
pub trait State: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The fields in the order of their declaration; their place is their index.
    const FIELDS: &'static [FieldInfo];

    /// The version of what a log has of it, from 1; set by `#[state(version = …)]`.
    const VERSION: u32 = 1;

    /// The functions that lead to this version, the first of them from version 1.
    const MIGRATIONS: &'static [Migration] = &[];

    /// The slots that have a value.
    #[doc(hidden)]
    fn __set_slots(&self) -> FieldSet;

    /// Returns the patch that sets the field with this index, once it is certain that it can be read
    /// back; `None` if nothing is written of the field.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "not called by people")]
    fn __whole(&self, field: usize) -> Result<Option<Patch>, serde_json::Error>;

    /// Turns what a log has of this version, or of an earlier one, into the present version.
    ///
    /// # Errors
    /// A version that this program does not know, and what a migration returns.
    fn migrate(version: u32, document: Document) -> Result<Document, MigrateError> {
        version::migrate::<Self>(version, document)
    }
}
