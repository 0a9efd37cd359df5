//! Checks that values can be read back into their types before they are appended to a log.

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
/// rustc prefers an inherent item to one of a trait, and skips inherent impls whose bounds do not hold. A
/// type without `Deserialize` therefore uses [`FallbackReadBack`].
#[doc(hidden)]
#[derive(Debug)]
pub struct ReadBack<T>(PhantomData<T>);

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<T: DeserializeOwned> ReadBack<T> {
    /// Reads the value in the same way as when a session is restored.
    pub fn json(json: &Value) -> Result<Option<T>, Error> {
        read(json).map(Some).map_err(|error| located(&error))
    }
}

fn located(error: &serde_path_to_error::Error<Error>) -> Error {
    at_path(error.inner(), &error.path().to_string())
}

/// Reads a value from JSON. Used for checks before an append and for reading a log, so that both agree.
///
/// They have to pass the JSON in the same way, because a type can distinguish borrowed text from owned text:
/// one that reads `&str` cannot be read from a `Value` that is passed by value.
pub(crate) fn read<'v, T: DeserializeOwned>(
    json: impl Deserializer<'v, Error = Error> + Copy,
) -> Result<T, serde_path_to_error::Error<Error>> {
    // on an error, read again to find its path
    T::deserialize(json).or_else(|_| serde_path_to_error::deserialize(json))
}

/// Fallback of [`ReadBack`] for a type that cannot be read.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub trait FallbackReadBack<T> {
    /// Returns `None`.
    fn json(_: &Value) -> Result<Option<T>, Error> {
        Ok(None)
    }
}

impl<T> FallbackReadBack<T> for ReadBack<T> {}

/// Reads back the elements of a list or the entries of a map, because a patch may have only some of them.
#[doc(hidden)]
#[derive(Debug)]
pub struct Elements<T>(PhantomData<T>);

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<T: DeserializeOwned> Elements<Vector<T>> {
    /// Reads back the appended elements.
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
    /// Reads back the appended elements.
    pub fn check(patch: &Patch) -> Result<(), Error> {
        Elements::<Vector<T>>::check(patch)
    }
}

#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
impl<K: Ord + DeserializeOwned, V: DeserializeOwned> Elements<OrdMap<K, V>> {
    /// Reads back the entries that were set.
    pub fn check(patch: &Patch) -> Result<(), Error> {
        match patch {
            Patch::Entries { set, .. } => {
                read::<OrdMap<K, V>>(set).map(dropped).map_err(|error| located(&error))
            }
            _ => Ok(()),
        }
    }

    /// Serializes the whole map. Returns an error if a key is not read back as an equal one.
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
    /// Reads back the entries that were set.
    pub fn check(patch: &Patch) -> Result<(), Error> {
        Elements::<OrdMap<K, V>>::check(patch)
    }

    /// Serializes the slot. Returns an error if a key of its map is not read back as an equal one.
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

/// Fallback of [`Elements`] for a type that is not a list or a map, or whose elements cannot be read.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub trait FallbackElements<T> {
    /// Accepts any patch.
    fn check(_: &Patch) -> Result<(), Error> {
        Ok(())
    }

    /// Serializes the whole value.
    fn json(value: &T) -> Result<Value, Error>
    where
        T: Serialize,
    {
        to_json(value)
    }
}

impl<T> FallbackElements<T> for Elements<T> {}

/// Reads back a patch of a field: the whole value, the elements that were appended, or the entries that were set.
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
                "the slot is set, but is read back without a value"
            } else {
                "the slot has no value, but is read back as set"
            })),
            _ => Ok(()),
        },
        Patch::Append { .. } | Patch::Entries { .. } => elements(patch),
    }
}

/// Drops a value that was only read back as a check.
#[doc(hidden)]
pub fn dropped<T>(value: T) {
    discard("a value that was read back", value);
}

/// Returns the error of a value that can be written but not read back.
pub(crate) fn unreadable(error: &Error) -> Error {
    Error::custom(format_args!("it cannot be read back: {error}"))
}
