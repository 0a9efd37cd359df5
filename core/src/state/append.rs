//! Lists to which an action can append.

use super::{FieldInfo, Vector, index_of};
use crate::message::Text;
use std::marker::PhantomData;

/// A list of which a commit records only the appended elements: the type of a field in `appends(field)`.
///
/// [`Vector`] implements it. The field of `Writes` is then a `Vec` of the new elements:
///
/// ```
/// use burdock::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(State, Clone, Default, Serialize, Deserialize)]
/// pub struct Chat {
///     pub history: Vector<String>,
/// }
///
/// #[action(state = Chat, appends(history))]
/// async fn hear(#[input] prompt: &String) -> Result<Writes> {
///     Ok(Writes { history: vec![prompt.clone()] })
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list that an action can append to",
    label = "not such a list",
    note = "`appends` takes fields of type `Vector<T>`"
)]
pub trait Append: Sized {
    /// The type of an element.
    type Element;

    /// Returns the list with these elements appended. The list itself is unchanged, and its elements are not cloned.
    #[must_use = "the list itself is unchanged"]
    fn appended(&self, tail: Vec<Self::Element>) -> Self;

    /// Returns the number of elements.
    fn length(&self) -> usize;

    /// Returns clones of the elements after the first `kept`.
    fn tail(&self, kept: usize) -> Vec<Self::Element>;
}

/// The new elements of a list.
pub type NewElements<L> = Vec<<L as Append>::Element>;

impl<T: Clone> Append for Vector<T> {
    type Element = T;

    fn appended(&self, tail: Vec<T>) -> Self {
        self.with_all(tail)
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn tail(&self, kept: usize) -> Vec<T> {
        (kept..self.len()).filter_map(|index| self.get(index).cloned()).collect()
    }
}

/// Detects whether a type implements [`Append`].
#[doc(hidden)]
#[derive(Debug)]
pub struct IsList<T>(PhantomData<T>);

impl<T: Append> IsList<T> {
    #[doc(hidden)]
    pub const YES: bool = true;
}

/// Fallback of [`IsList`] for types that do not.
#[doc(hidden)]
pub trait NotList {
    const YES: bool = false;
}

impl<T> NotList for IsList<T> {}

/// Rejects a field in `appends` that is not a list. `is_list` is [`IsList::YES`] of its type.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "a panic in constant evaluation is a compile error")]
pub const fn check_append(fields: &[FieldInfo], name: &str, is_list: bool) -> bool {
    if is_list {
        return true;
    }
    let info = &fields[index_of(fields, name)];
    let mut text = Text::new();
    text.push(if info.slot { "cannot append to the slot `" } else { "cannot append to `" });
    text.push(name);
    text.push("` of type `");
    text.push(info.ty);
    text.push("`\nhelp: ");
    text.push(if info.slot {
        "use a field of type `Vector<T>`, which is empty at first"
    } else {
        "use a field of type `Vector<T>` whose elements are `Clone`"
    });
    text.push(", or write the whole value: `writes(");
    text.push(name);
    text.push(")`");
    panic!("{}", text.as_str())
}
