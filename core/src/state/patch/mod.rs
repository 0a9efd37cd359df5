//! Patches: what a commit writes to the log for one field, and how a reader applies it.
//!
//! A log holds JSON, and there [`Patch::apply`] works; the types come back when the whole state is
//! read. The derive calls `new.__patch(old)` on every field. For a [`Vector`] or an [`OrdMap`], and a slot for one,
//! the inherent method answers, because rustc prefers it; for every other type the blanket trait
//! [`PlainPatch`] does. That holds when `new` is a place or a shared reference; behind a `&mut`
//! variable rustc finds the trait first.

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

/// What a commit writes to the log for one field that changed.
///
/// In JSON: `{"set": value}`, `{"append": {"keep": 2, "tail": [value, …]}}`, or
/// `{"entries": {"set": {"key": value, …}, "remove": ["key", …]}}`.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Patch {
    /// The field has this value now.
    Set(Value),
    /// The list kept its first elements and got others behind them. With an empty `tail` it was shortened.
    Append {
        /// How many elements were kept.
        keep: usize,
        /// The elements that follow the kept ones.
        tail: Vec<Value>,
    },
    /// Some entries of the map changed, and all others were kept.
    Entries {
        /// The entries that are new or have another value.
        set: Map<String, Value>,
        /// The keys that were removed.
        remove: Vec<String>,
    },
}

/// What a commit writes to the log: each field that changed, by the name that serde gives it.
pub type FieldPatches = Vec<(&'static str, Patch)>;

/// Why a patch from the log cannot be applied to a field.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch keeps more elements than the list has: an earlier patch is missing, or it belongs to another list.
    #[error("the patch keeps {keep} elements of a list that has {len}")]
    KeepBeyondEnd {
        /// How many elements the patch keeps.
        keep: usize,
        /// How many the list has.
        len: usize,
    },
    /// The patch appends, but the field is no list.
    #[error("the patch appends to a value that is no list")]
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

/// Why a commit cannot be written to the log.
#[derive(Debug, thiserror::Error)]
#[error("the field `{field}` cannot be written as JSON")]
#[non_exhaustive]
pub struct PatchFailed {
    /// The field.
    pub field: &'static str,
    /// What is wrong with its value.
    pub source: Error,
}

impl Patch {
    /// Turns the old value of a field into the new one. On an error it is as before.
    ///
    /// A field that the document lacks, like a slot without a value, is `null` here.
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
    /// Returns an error if the patch was made for another value: it keeps more elements than the list has, removes a
    /// key that the map does not have, or the value is not a list or a map at all.
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

/// Gathers the patches of a commit; what `Writes::patches` is made of.
#[doc(hidden)]
#[derive(Debug)]
pub struct Patches(Result<FieldPatches, PatchFailed>);

impl Patches {
    /// None yet.
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(Ok(Vec::new()))
    }

    /// Adds what the field has become, if it changed.
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
                    check_left_out::<S, INDEX>(new, &patch, is_set).map_err(failed)?;
                    patches.push((info.key, patch));
                }
                None if is_set(new) != is_set(old) => {
                    return Err(failed(lost::<S, INDEX>()));
                }
                None => {}
            }
            Ok(patches)
        }))
    }

    /// All of them.
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

/// The error of a slot that reads back as set or unset, and was not.
fn lost<S: State + Field<INDEX>, const INDEX: usize>() -> Error {
    Error::custom(if S::WRITTEN {
        "the slot is written in the same way with its value and without one"
    } else {
        "serde does not write the slot, so that a log would lose its value: hold it in an `Option`"
    })
}

/// Refuses a slot that serde does not write, unless it is read as set if it is, and as unset if not.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn unwritten_slot<S: State + Field<INDEX>, const INDEX: usize>(
    is_set: bool,
    read_as_set: bool,
) -> Result<Option<Patch>, Error> {
    if is_set == read_as_set { Ok(None) } else { Err(lost::<S, INDEX>()) }
}

/// Makes of the JSON of a field the patch that sets it, once it is certain that it can be read back.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn whole_patch<S: State + Field<INDEX>, const INDEX: usize>(
    json: Result<Value, Error>,
    is_set: bool,
    check_left_out: impl FnOnce(&Patch) -> Result<(), Error>,
) -> Result<Option<Patch>, Error> {
    let patch = Patch::Set(json?);
    <S as Field<INDEX>>::check(is_set, &patch).map_err(|error| unreadable(&error))?;
    check_left_out(&patch)?;
    Ok(Some(patch))
}

/// Refuses a value that a snapshot leaves out, unless it is what a missing field is read as, and what its
/// patch is read as is left out, too.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn check_left_out<S: State + Field<INDEX>, const INDEX: usize>(
    value: &Stored<S, INDEX>,
    patch: &Patch,
    is_set: fn(&Stored<S, INDEX>) -> bool,
) -> Result<(), Error> {
    let Some(read_as) = S::left_out(value) else { return Ok(()) };
    if is_set(&read_as) != is_set(value) || S::patch(&read_as, value)?.is_some() {
        return Err(Error::custom(
            "`skip_serializing_if` leaves out a value that is not the one that a missing field is read as",
        ));
    }
    if let Patch::Set(json) = patch
        && let Some(back) = <S as Field<INDEX>>::read(json)?
    {
        let left_out = S::left_out(&back).is_some();
        dropped(back);
        if !left_out {
            return Err(Error::custom(
                "`skip_serializing_if` leaves out a value that is written and read as another one",
            ));
        }
    }
    Ok(())
}

impl<T: Serialize> Vector<T> {
    /// Returns what turns `old` into `self`, or `None` if they are the same. Serialises only what follows the prefix
    /// that both are known to share, and of `old` only as far as it is equal.
    #[doc(hidden)]
    pub fn __patch(&self, old: &Self) -> Result<Option<Patch>, Error> {
        let mut keep = self.kept_prefix_of(old);
        let mut tail = Vec::new();
        while let (Some(mine), Some(theirs)) = (self.get(keep), old.get(keep)) {
            if !std::ptr::eq(mine, theirs) {
                let value = element_to_json(mine)?;
                if !is(theirs, &value) {
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

/// Patches of fields that are not lists: the whole value, when it changed.
#[doc(hidden)]
pub trait PlainPatch: Serialize {
    /// Returns what turns `old` into `self`, or `None` if both serialise to the same.
    fn __patch(&self, old: &Self) -> Result<Option<Patch>, Error> {
        let value = to_json(self)?;
        Ok((!is(old, &value)).then_some(Patch::Set(value)))
    }
}

impl<T: Serialize + ?Sized> PlainPatch for T {}

/// Whether a value is written as this JSON; one that is refused is not.
fn is<T: Serialize + ?Sized>(value: &T, json: &Value) -> bool {
    to_json(value).is_ok_and(|written| written == *json)
}
