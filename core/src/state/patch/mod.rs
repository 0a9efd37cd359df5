//! Patches: the changes of fields that a commit writes to the log, and their application.
//!
//! A log has JSON, and [`Patch::apply`] works on JSON. The types are restored when the whole state is read.
//! The derive calls `new.__patch(old)` for every field. For a [`Vector`], an [`OrdMap`], or a slot for one, this
//! is the inherent method, which rustc prefers; for every other type it is that of the blanket trait
//! [`PlainPatch`]. This requires that `new` is a place or a shared reference: for a `&mut` variable, rustc finds
//! the trait first.

mod entries;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod entry_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

use super::{
    State,
    field::{Field, Stored},
    read_back::{dropped, unreadable},
    strict::{element_to_json, to_json},
    vector::Vector,
};
use serde::{Deserialize, Serialize, ser::Error as _};
use serde_json::{Error, Map, Value};

/// The change of one field in a commit, as written to the log.
///
/// In JSON: `{"set": value}`, `{"append": {"keep": 2, "tail": [value, …]}}`, or
/// `{"entries": {"set": {"key": value, …}, "remove": ["key", …]}}`.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Patch {
    /// Sets the field to this value.
    Set(Value),
    /// Keeps the first elements of the list and appends others. With an empty `tail`, it only shortens the list.
    Append {
        /// The number of elements that are kept.
        keep: usize,
        /// The elements that follow the kept ones.
        tail: Vec<Value>,
    },
    /// Changes some entries of the map and keeps all others.
    Entries {
        /// The entries that are new or have a new value.
        set: Map<String, Value>,
        /// The keys that are removed.
        remove: Vec<String>,
    },
}

/// The patches of a commit: those of the fields that changed, by their serialized names.
pub type FieldPatches = Vec<(&'static str, Patch)>;

/// Errors that occur when a patch is applied to a field.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch keeps more elements than the list has: an earlier patch is missing, or it belongs to another list.
    #[error("the patch keeps {keep} elements of a list that has {len}")]
    KeepBeyondEnd {
        /// The number of elements that the patch keeps.
        keep: usize,
        /// The number of elements of the list.
        len: usize,
    },
    /// The patch appends, but the field is not a list.
    #[error("the patch appends to a value that is not a list")]
    NotAList,
    /// The patch removes a key that the map does not have: an earlier patch is missing, or it belongs to another map.
    #[error("the patch removes the key `{key}`, which the map does not have")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// The patch changes entries, but the field is not a map.
    #[error("the patch changes entries of a value that is not a map")]
    NotAMap,
}

/// The error of a commit with a value that cannot be written to the log.
#[derive(Debug, thiserror::Error)]
#[error("the field `{field}` cannot be written as JSON")]
#[non_exhaustive]
pub struct PatchFailed {
    /// The name of the field.
    pub field: &'static str,
    /// The reason.
    pub source: Error,
}

impl Patch {
    /// Applies the patch to the old value of a field. On an error the value is unchanged.
    ///
    /// A missing field counts as `null`, as does a slot without a value.
    ///
    /// ```
    /// use burdock::state::Patch;
    /// use serde_json::json;
    ///
    /// let mut history = json!(["hello", "hi"]);
    /// Patch::Append { keep: 1, tail: vec![json!("how are you?")] }.apply(&mut history)?;
    /// assert_eq!(history, json!(["hello", "how are you?"]));
    /// # Ok::<_, burdock::state::PatchError>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the patch does not fit the value: if it keeps more elements than the list has, removes a key
    /// that the map does not have, or if the value is not a list or not a map.
    pub fn apply(self, field: &mut Value) -> Result<(), PatchError> {
        match (self, field) {
            (Self::Set(value), field) => *field = value,
            (Self::Append { keep, tail }, Value::Array(list)) => {
                if keep > list.len() {
                    return Err(PatchError::KeepBeyondEnd { keep, len: list.len() });
                }
                list.truncate(keep);
                list.extend(tail);
            }
            (Self::Append { keep: 0, tail }, field @ Value::Null) => *field = Value::Array(tail),
            (Self::Append { keep, .. }, Value::Null) => {
                return Err(PatchError::KeepBeyondEnd { keep, len: 0 });
            }
            (Self::Append { .. }, _) => return Err(PatchError::NotAList),
            (Self::Entries { set, remove }, field) => entries::apply(set, remove, field)?,
        }
        Ok(())
    }
}

/// Collects the patches of a commit, for `Writes::patches`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Patches(Result<FieldPatches, PatchFailed>);

impl Patches {
    /// Creates an empty collection.
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(Ok(Vec::new()))
    }

    /// Adds the patch of a field, if it changed.
    #[doc(hidden)]
    #[must_use]
    pub fn and<S: State + Field<INDEX>, const INDEX: usize>(
        self,
        old: &Stored<S, INDEX>,
        new: &Stored<S, INDEX>,
        is_set: fn(&Stored<S, INDEX>) -> bool,
    ) -> Self {
        Self(self.0.and_then(|mut patches| {
            let info = &S::FIELDS[INDEX];
            let failed = |source| PatchFailed { field: info.name, source };
            match S::patch(old, new).map_err(failed)? {
                Some(patch) => {
                    <S as Field<INDEX>>::check(is_set(new), &patch)
                        .map_err(|error| failed(unreadable(&error)))?;
                    check_omitted::<S, INDEX>(new, &patch, is_set).map_err(failed)?;
                    patches.push((info.key, patch));
                }
                None if is_set(new) != is_set(old) => {
                    return Err(failed(indistinct_slot::<S, INDEX>()));
                }
                None => {}
            }
            Ok(patches)
        }))
    }

    /// Adds the patch of an optional field, if it was written and changed. `old` is `None` if it was not written.
    #[doc(hidden)]
    #[must_use]
    pub fn and_if_written<S: State + Field<INDEX>, const INDEX: usize>(
        self,
        old: Option<&Stored<S, INDEX>>,
        new: &Stored<S, INDEX>,
        is_set: fn(&Stored<S, INDEX>) -> bool,
    ) -> Self {
        match old {
            Some(old) => self.and::<S, INDEX>(old, new, is_set),
            None => self,
        }
    }

    /// Returns the patches, or the first error.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "not called by people")]
    pub fn finish(self) -> Result<FieldPatches, PatchFailed> {
        self.0
    }
}

impl Default for Patches {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the error of a slot that would be read back as set although it is unset, or the other way round.
fn indistinct_slot<S: State + Field<INDEX>, const INDEX: usize>() -> Error {
    Error::custom(if S::WRITTEN {
        "the slot serializes in the same way with its value and without one"
    } else {
        "serde does not write the slot, so a log would lose its value: use an `Option` instead"
    })
}

/// Checks a slot that serde does not write. Returns an error if it is set and would be read as unset, or the
/// other way round.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn unwritten_slot<S: State + Field<INDEX>, const INDEX: usize>(
    is_set: bool,
    read_as_set: bool,
) -> Result<Option<Patch>, Error> {
    if is_set == read_as_set { Ok(None) } else { Err(indistinct_slot::<S, INDEX>()) }
}

/// Returns the patch that sets a field to this JSON, after checking that it can be read back.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn whole_patch<S: State + Field<INDEX>, const INDEX: usize>(
    json: Result<Value, Error>,
    is_set: bool,
    check_omitted: impl FnOnce(&Patch) -> Result<(), Error>,
) -> Result<Option<Patch>, Error> {
    let patch = Patch::Set(json?);
    <S as Field<INDEX>>::check(is_set, &patch).map_err(|error| unreadable(&error))?;
    check_omitted(&patch)?;
    Ok(Some(patch))
}

/// Checks a value that a snapshot omits. Returns an error if a missing field is read as a different value, or if the
/// patch is read back as a value that a snapshot would not omit.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn check_omitted<S: State + Field<INDEX>, const INDEX: usize>(
    value: &Stored<S, INDEX>,
    patch: &Patch,
    is_set: fn(&Stored<S, INDEX>) -> bool,
) -> Result<(), Error> {
    let Some(read_as) = S::omitted(value) else { return Ok(()) };
    if is_set(&read_as) != is_set(value) || S::patch(&read_as, value)?.is_some() {
        return Err(Error::custom(
            "`skip_serializing_if` omits a value, but a missing field is read as a different value",
        ));
    }
    if let Patch::Set(json) = patch
        && let Some(back) = <S as Field<INDEX>>::read(json)?
    {
        let omitted = S::omitted(&back).is_some();
        dropped(back);
        if !omitted {
            return Err(Error::custom(
                "`skip_serializing_if` omits a value that is read back as one that it does not omit",
            ));
        }
    }
    Ok(())
}

impl<T: Serialize> Vector<T> {
    /// Returns the patch from `old` to `self`, or `None` if they serialize to the same JSON. Serializes only the
    /// elements after the prefix that both are known to share; of `old`, only up to the first that differs.
    #[doc(hidden)]
    pub fn __patch(&self, old: &Self) -> Result<Option<Patch>, Error> {
        let mut keep = self.kept_prefix_of(old);
        let mut tail = Vec::new();
        while let (Some(mine), Some(theirs)) = (self.get(keep), old.get(keep)) {
            if !std::ptr::eq(mine, theirs) {
                let value = element_to_json(mine)?;
                if !serializes_to(theirs, &value) {
                    tail.push(value);
                    break;
                }
            }
            keep += 1;
        }
        if keep == self.len() && keep == old.len() {
            return Ok(None);
        }
        for index in keep + tail.len()..self.len() {
            tail.push(element_to_json(&self[index])?);
        }
        Ok(Some(if keep == 0 && !old.is_empty() {
            Patch::Set(Value::Array(tail))
        } else {
            Patch::Append { keep, tail }
        }))
    }
}

/// Patches of fields that are neither lists nor maps: the whole value, if it changed.
#[doc(hidden)]
pub trait PlainPatch: Serialize {
    /// Returns the patch from `old` to `self`, or `None` if they serialize to the same JSON.
    fn __patch(&self, old: &Self) -> Result<Option<Patch>, Error> {
        let value = to_json(self)?;
        Ok((!serializes_to(old, &value)).then_some(Patch::Set(value)))
    }
}

impl<T: Serialize + ?Sized> PlainPatch for T {}

/// Returns whether a value serializes to this JSON. Returns `false` if it does not serialize.
fn serializes_to<T: Serialize + ?Sized>(value: &T, json: &Value) -> bool {
    to_json(value).is_ok_and(|written| written == *json)
}
