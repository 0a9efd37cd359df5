//! Fields by index, for macros: their types through [`Field`], their values through place expressions.

use super::{
    FieldInfo, Patch, Slot, UNKNOWN,
    fields::suggest_field,
    index_of,
    strict::{StrictSerializer, written_by},
};
use crate::message::Text;
use serde_json::{Error, Value as Json, value::Serializer};
use std::marker::PhantomData;

/// The field of a state with this index; implemented by `#[derive(State)]`.
pub trait Field<const INDEX: usize> {
    /// The type of the value: actions read a `&Value` and write a `Value`.
    type Value;
    /// [`Slotted`] for a slot, otherwise [`Plain`].
    type Kind: FieldKind;
    /// Whether serde writes the field.
    #[doc(hidden)]
    const WRITTEN: bool = true;

    /// Returns the patch that a commit writes to a log when it replaces `old` with `new`. Returns `None` if
    /// nothing changed.
    ///
    /// # Errors
    /// Returns an error if the value does not serialize.
    fn patch(old: &Stored<Self, INDEX>, new: &Stored<Self, INDEX>) -> Result<Option<Patch>, Error> {
        let _ = (old, new);
        Ok(None)
    }

    /// Reads the value of the field. Returns `None` if its type cannot be read.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "not called by people")]
    fn read(json: &Json) -> Result<Option<Stored<Self, INDEX>>, Error> {
        let _ = json;
        Ok(None)
    }

    /// Returns the value that is read for a missing field, if serde omits `value`.
    #[doc(hidden)]
    fn omitted(value: &Stored<Self, INDEX>) -> Option<Stored<Self, INDEX>> {
        let _ = value;
        None
    }

    /// Reads back the result of [`patch`](Self::patch). `is_set` is `false` for a slot without a value, and
    /// otherwise `true`.
    ///
    /// # Errors
    /// Returns an error if the field's type cannot be read from the patch, or if a slot is read back as set
    /// although it is unset, or as unset although it is set.
    #[doc(hidden)]
    fn check(is_set: bool, patch: &Patch) -> Result<(), Error> {
        let _ = (is_set, patch);
        Ok(())
    }
}

/// The type of a field by the hash of its name, for rust-analyzer, which does not evaluate the constant of an index.
#[doc(hidden)]
pub trait NamedField<const NAME: u64> {
    type Value;
}

/// The type of the value of a field.
pub type Value<S, const INDEX: usize> = <S as Field<INDEX>>::Value;

/// The type of a field in the struct: that of the value, or a slot for it.
pub type Stored<S, const INDEX: usize> =
    <<S as Field<INDEX>>::Kind as FieldKind>::Stored<<S as Field<INDEX>>::Value>;

/// The kind of a field: a plain value or a slot.
pub trait FieldKind {
    /// The type of a field with a value of type `T`.
    type Stored<T>;
}

/// The field is the value.
#[derive(Debug)]
pub enum Plain {}

/// The field is a [`Slot`] for the value.
#[derive(Debug)]
pub enum Slotted {}

impl FieldKind for Plain {
    type Stored<T> = T;
}

impl FieldKind for Slotted {
    type Stored<T> = Slot<T>;
}

/// The state type itself, available after its fields have been checked.
///
/// Items of expansions name the state as `<S as WithFields<{ check_field(…) }>>::State`. If `check_field`
/// panics, the type is rustc's error type, which causes no further errors. A misspelled field is
/// therefore one error, no matter how many items use it.
#[doc(hidden)]
pub trait WithFields<const CHECKED: bool> {
    type State;
}

impl<S> WithFields<true> for S {
    type State = S;
}

/// Compiles only for a type with the traits that derives implement beside that of the state.
#[doc(hidden)]
pub const fn is_derived<T: Clone + serde::Serialize + serde::de::DeserializeOwned>() {}

/// Compiles only for a type that threads can share.
#[doc(hidden)]
pub const fn is_shared<T: Send + Sync>() {}

/// The check of a graph, which only needs the list of fields to exist, even if it is empty.
#[doc(hidden)]
pub const fn has_fields(_fields: &[FieldInfo]) -> bool {
    true
}

/// Rejects a field that the state does not have; `names` are the distinct fields that the action declares.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "a panic in constant evaluation is a compile error")]
pub const fn check_field(state: &str, fields: &[FieldInfo], names: &[&str], index: usize) -> bool {
    let name = names[index];
    if index_of(fields, name) != UNKNOWN {
        return true;
    }
    let mut text = Text::new();
    text.push("state `");
    text.push(state);
    text.push("` has no field `");
    text.push(name);
    text.push("`");
    suggest_field(&mut text, name, fields);
    let mut at = index + 1;
    while at < names.len() {
        if index_of(fields, names[at]) == UNKNOWN {
            text.push("\nnote: it has no field `");
            text.push(names[at]);
            text.push("` either");
        }
        at += 1;
    }
    panic!("{}", text.as_str())
}

/// The methods of [`Slot`] for fields that are not slots.
#[doc(hidden)]
pub trait PlainField {
    fn __read(&self) -> Option<&Self> {
        Some(self)
    }

    fn __get(&self) -> &Self {
        self
    }
}

impl<T> PlainField for T {}

/// Returns the patch of a field that has its own serialization function.
#[doc(hidden)]
pub fn patch_with<T>(
    write: impl Fn(&T, StrictSerializer<'_, Serializer>) -> Result<Json, Error>,
    old: &T,
    new: &T,
) -> Result<Option<Patch>, Error> {
    let new = written_by(new, &write)?;
    let same = written_by(old, &write).is_ok_and(|old| old == new);
    Ok((!same).then_some(Patch::Set(new)))
}

/// Returns the JSON of a field that has its own serialization function.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn json_with<T>(
    write: impl Fn(&T, StrictSerializer<'_, Serializer>) -> Result<Json, Error>,
    value: &T,
) -> Result<Json, Error> {
    written_by(value, write)
}

/// Detects whether a type is a [`Slot`], also behind an alias.
#[doc(hidden)]
#[derive(Debug)]
pub struct IsSlot<T>(PhantomData<T>);

impl<T> IsSlot<Slot<T>> {
    #[doc(hidden)]
    pub const YES: bool = true;
}

/// Fallback of [`IsSlot`] for types that are not slots.
#[doc(hidden)]
pub trait NotSlot {
    const YES: bool = false;
}

impl<T> NotSlot for IsSlot<T> {}

/// Rejects a slot whose type is not written as `Slot<…>`, and a type written `Slot<…>` that is not one.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "a panic in constant evaluation is a compile error")]
pub const fn check_slot(is: bool, written: bool) {
    match (is, written) {
        (true, false) => panic!(
            "the type of this field is an alias of `Slot`\nhelp: write the type as `Slot<…>`, so that the graph can prove when it is set"
        ),
        (false, true) => panic!(
            "the `Slot` of this field is not `burdock::Slot`\nhelp: give the other type another name"
        ),
        _ => {}
    }
}
