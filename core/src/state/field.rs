//! Fields by index, for macros: types through [`Field`], values through places.

use super::{
    FieldInfo, FieldSet, Patch, Slot, UNKNOWN, index_of,
    strict::{Strict, written_by},
};
use crate::message::{Text, suggest};
use serde_json::{Error, Value as Json, value::Serializer};
use std::marker::PhantomData;

/// Gives the type of the field with this index; implemented by `#[derive(State)]`.
pub trait Field<const INDEX: usize> {
    /// What an action that reads the field gets a reference to, and what one that writes it returns.
    type Value;
    /// [`Slotted`] or [`Plain`].
    type Kind: FieldKind;
    /// Whether serde writes the field.
    #[doc(hidden)]
    const WRITTEN: bool = true;

    /// Says what a commit that replaces `old` by `new` writes to a log; `None` when nothing changed.
    ///
    /// # Errors
    /// A value that does not serialise.
    fn patch(old: &Stored<Self, INDEX>, new: &Stored<Self, INDEX>) -> Result<Option<Patch>, Error> {
        let _ = (old, new);
        Ok(None)
    }

    /// Reads the value of the field, if its type can be read.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "not called by people")]
    fn read(json: &Json) -> Result<Option<Stored<Self, INDEX>>, Error> {
        let _ = json;
        Ok(None)
    }

    /// Returns the value that the field is read as where it is missing, if serde leaves out `value`.
    #[doc(hidden)]
    fn left_out(value: &Stored<Self, INDEX>) -> Option<Stored<Self, INDEX>> {
        let _ = value;
        None
    }

    /// Reads back what [`patch`](Self::patch) returned; `is_set` for a field that is not a slot without
    /// a value.
    ///
    /// # Errors
    /// A value that the field's type does not read, or reads as an unset slot.
    #[doc(hidden)]
    fn check(is_set: bool, patch: &Patch) -> Result<(), Error> {
        let _ = (is_set, patch);
        Ok(())
    }
}

/// The type of the value of a field.
pub type Value<S, const INDEX: usize> = <S as Field<INDEX>>::Value;

/// The type that the struct itself holds: the value, or a slot for it.
pub type Stored<S, const INDEX: usize> =
    <<S as Field<INDEX>>::Kind as FieldKind>::Stored<<S as Field<INDEX>>::Value>;

/// Tells how a value lies in the struct.
pub trait FieldKind {
    /// The type of the field.
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

/// The state itself, once it is certain that it has some fields.
///
/// What asks for it in the type of a macro's item has `check_field` evaluate in the argument: where
/// that panics, the type is rustc's error type, about which rustc says nothing more. So a misspelt
/// field is one error, whatever reads it.
#[doc(hidden)]
pub trait WithFields<const CHECKED: bool> {
    type State;
}

impl<S> WithFields<true> for S {
    type State = S;
}

/// For a graph, which only needs to know that there are fields, even if none.
#[doc(hidden)]
pub const fn has_fields(_fields: &[FieldInfo]) -> bool {
    true
}

/// Refuses a field that the state lacks; `names` are all that the action declares, each once.
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
    let mut known = [""; FieldSet::CAPACITY];
    let mut at = 0;
    while at < fields.len() && at < known.len() {
        known[at] = fields[at].name;
        at += 1;
    }
    suggest(&mut text, name, "fields", known.split_at(at).0);
    at = index + 1;
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

/// Reads a field that is no slot, in the words that [`Slot`] has as inherent methods.
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

/// The patch of a field that serde writes by a function of its own.
#[doc(hidden)]
pub fn patch_with<T>(
    write: impl Fn(&T, Strict<'_, Serializer>) -> Result<Json, Error>,
    old: &T,
    new: &T,
) -> Result<Option<Patch>, Error> {
    let new = written_by(new, &write)?;
    let same = written_by(old, &write).is_ok_and(|old| old == new);
    Ok((!same).then_some(Patch::Set(new)))
}

/// The JSON of a field that serde writes by a function of its own.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn json_with<T>(
    write: impl Fn(&T, Strict<'_, Serializer>) -> Result<Json, Error>,
    value: &T,
) -> Result<Json, Error> {
    written_by(value, write)
}

/// Tells whether a type is a [`Slot`], whatever name it goes by.
#[doc(hidden)]
#[derive(Debug)]
pub struct IsSlot<T>(PhantomData<T>);

impl<T> IsSlot<Slot<T>> {
    #[doc(hidden)]
    pub const YES: bool = true;
}

/// What [`IsSlot`] falls back to.
#[doc(hidden)]
pub trait IsNoSlot {
    const YES: bool = false;
}

impl<T> IsNoSlot for IsSlot<T> {}

/// Refuses a slot whose type is not written as one, and the other way round.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "a panic in constant evaluation is a compile error")]
pub const fn check_slot(is: bool, written: bool) {
    match (is, written) {
        (true, false) => panic!(
            "this field is a slot behind another name\nhelp: write its type as `Slot<…>`, so that the graph can prove when it is set"
        ),
        (false, true) => panic!(
            "the `Slot` of this field is not `burdock::Slot`\nhelp: give the other type another name"
        ),
        _ => {}
    }
}
