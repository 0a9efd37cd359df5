//! Fields that are set when they are complete, of types without a partial form.

use crate::partial::{GrowError, Misfit};
use burdock_json::{Edit, Segment};
use serde::{
    Serialize,
    de::DeserializeOwned,
    ser::{Error as _, SerializeMap},
};
use serde_json::{Error, Map, Value};
use std::fmt;

/// A type that a `#[partial(done)]` field can have.
pub trait DoneValue: Clone + fmt::Debug + Serialize + DeserializeOwned {
    /// Deserializes the value.
    fn read(json: &Value) -> Result<Self, Error> {
        Self::deserialize(json)
    }

    /// Serializes the value.
    fn write(&self) -> Result<Value, Error> {
        serde_json::to_value(self)
    }
}

impl<T: Clone + fmt::Debug + Serialize + DeserializeOwned> DoneValue for T {}

/// Reads a field with a function.
pub fn read_done<T>(
    object: &Map<String, Value>,
    keys: &[&str],
    read: impl FnOnce(&Value) -> Result<T, Error>,
) -> Result<Option<T>, GrowError> {
    let Some((key, json)) = super::fields::find(object, keys) else { return Ok(None) };
    read(json).map(Some).map_err(|error| invalid(&error).below(Segment::Key(key.into())))
}

/// Applies an edit to a field that a function reads. The only valid edit is a set.
pub fn grow_done<T>(
    field: &mut Option<T>,
    path: &[Segment],
    edit: &Edit,
    read: impl FnOnce(&Value) -> Result<T, Error>,
) -> Result<(), GrowError> {
    match (path, edit) {
        ([], Edit::Set(json)) => *field = Some(read(json).map_err(|error| invalid(&error))?),
        _ => return Err(GrowError::edit("a field that is `done`")),
    }
    Ok(())
}

fn invalid(error: &Error) -> GrowError {
    GrowError::new(Misfit::Invalid { reason: error.to_string() })
}

/// Compares fields by their serialized values, because their type need not be `PartialEq`.
pub fn same_done<T>(
    left: &Option<T>,
    right: &Option<T>,
    write: impl Fn(&T) -> Result<Value, Error>,
) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => match (write(left), write(right)) {
            (Ok(left), Ok(right)) => left == right,
            _ => false,
        },
        (left, right) => left.is_none() && right.is_none(),
    }
}

/// Writes a field with a function, if it has arrived.
pub fn write_done<M: SerializeMap, T>(
    map: &mut M,
    key: &str,
    field: &Option<T>,
    write: impl FnOnce(&T) -> Result<Value, Error>,
) -> Result<(), M::Error> {
    let Some(value) = field else { return Ok(()) };
    map.serialize_entry(key, &write(value).map_err(M::Error::custom)?)
}
