//! Whether what is written is read again: by the types, before a log has it.

use super::{
    OrdMap, Patch, Slot, Vector,
    strict::{at_path, to_json},
};
use crate::panics::discard;
use serde::{Deserializer, Serialize, de::DeserializeOwned, ser::Error as _};
use serde_json::{Error, Value};
use std::marker::PhantomData;

/// Reads a type from JSON, if it can be read at all.
///
/// rustc picks an inherent item before one of a trait, and passes over inherent impls whose bounds do
/// not hold: for a type without `Deserialize` there is [`NoReadBack`].
#[doc(hidden)]
#[derive(Debug)]
pub struct ReadBack<T>(PhantomData<T>);

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<T: DeserializeOwned> ReadBack<T> {
    /// Reads it as restoring a session does.
    pub fn json(json: &Value) -> Result<Option<T>, Error> {
        read(json).map(Some).map_err(|error| located(&error))
    }
}

fn located(error: &serde_path_to_error::Error<Error>) -> Error {
    at_path(error.inner(), &error.path().to_string())
}

/// Reads a value from JSON: the one way for what is about to be written and for what was written.
///
/// Types can tell whether text is lent or owned: one that reads `&str` cannot be read from a `Value`
/// that is passed by value.
pub(crate) fn read<'v, T: DeserializeOwned>(
    json: impl Deserializer<'v, Error = Error> + Copy,
) -> Result<T, serde_path_to_error::Error<Error>> {
    // read again for the path
    T::deserialize(json).or_else(|_| serde_path_to_error::deserialize(json))
}

/// What stands for [`ReadBack`] when the type cannot be read.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub trait NoReadBack<T> {
    /// Reads nothing.
    fn json(_: &Value) -> Result<Option<T>, Error> {
        Ok(None)
    }
}

impl<T> NoReadBack<T> for ReadBack<T> {}

/// The elements of a list or the entries of a map, whose patches can hold some of them.
#[doc(hidden)]
#[derive(Debug)]
pub struct Elements<T>(PhantomData<T>);

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<T: DeserializeOwned> Elements<Vector<T>> {
    /// Reads the elements that were appended.
    pub fn check(patch: &Patch) -> Result<(), Error> {
        match patch {
            Patch::Append { tail, .. } => {
                tail.iter().try_for_each(|json| ReadBack::<T>::json(json).map(dropped))
            }
            _ => Ok(()),
        }
    }
}

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<T: DeserializeOwned> Elements<Slot<Vector<T>>> {
    /// Reads the elements that were appended.
    pub fn check(patch: &Patch) -> Result<(), Error> {
        Elements::<Vector<T>>::check(patch)
    }
}

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<K: Ord + DeserializeOwned, V: DeserializeOwned> Elements<OrdMap<K, V>> {
    /// Reads the entries that were set.
    pub fn check(patch: &Patch) -> Result<(), Error> {
        match patch {
            Patch::Entries { set, .. } => {
                read::<OrdMap<K, V>>(set).map(dropped).map_err(|error| located(&error))
            }
            _ => Ok(()),
        }
    }

    /// Writes the whole map, whose keys have to be read back as equal ones.
    pub fn json(map: &OrdMap<K, V>) -> Result<Value, Error>
    where
        K: Serialize,
        V: Serialize,
    {
        let json = to_json(map)?;
        map.check_keys()?;
        Ok(json)
    }
}

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<K: Ord + DeserializeOwned, V: DeserializeOwned> Elements<Slot<OrdMap<K, V>>> {
    /// Reads the entries that were set.
    pub fn check(patch: &Patch) -> Result<(), Error> {
        Elements::<OrdMap<K, V>>::check(patch)
    }

    /// Writes the slot; the keys of its map have to be read back as equal ones.
    pub fn json(slot: &Slot<OrdMap<K, V>>) -> Result<Value, Error>
    where
        K: Serialize,
        V: Serialize,
    {
        let json = to_json(slot)?;
        slot.__read().map_or(Ok(()), OrdMap::check_keys)?;
        Ok(json)
    }
}

/// What stands for [`Elements`] when a type is not a list or a map, or its elements cannot be read.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub trait NoElements<T> {
    /// Reads nothing.
    fn check(_: &Patch) -> Result<(), Error> {
        Ok(())
    }

    /// Writes the whole value.
    fn json(value: &T) -> Result<Value, Error>
    where
        T: Serialize,
    {
        to_json(value)
    }
}

impl<T> NoElements<T> for Elements<T> {}

/// Reads a patch of a field: the whole value, the elements that were appended, or the entries that were set.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn check_patch<T>(
    was_set: bool,
    patch: &Patch,
    read: impl FnOnce(&Value) -> Result<Option<T>, Error>,
    is_set: impl FnOnce(&T) -> bool,
    elements: impl FnOnce(&Patch) -> Result<(), Error>,
) -> Result<(), Error> {
    match patch {
        Patch::Set(json) => match read(json)?.map(|back| (is_set(&back), dropped(back))) {
            Some((is_set, ())) if is_set != was_set => Err(Error::custom(if was_set {
                "the slot is set, and is read as one without a value"
            } else {
                "the slot has no value, and is read as one that is set"
            })),
            _ => Ok(()),
        },
        Patch::Append { .. } | Patch::Entries { .. } => elements(patch),
    }
}

/// Drops a value that was only read to see that it can be.
#[doc(hidden)]
pub fn dropped<T>(value: T) {
    discard("a value that was read back", value);
}

/// What is wrong with a value that is written and cannot be read.
pub(crate) fn unreadable(error: &Error) -> Error {
    Error::custom(format_args!("it cannot be read back: {error}"))
}
