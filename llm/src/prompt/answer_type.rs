//! What is known of the type of an answer: it is text, it has a partial form, or only a schema.
//!
//! The expansion of `#[prompt]` has the type itself, so the choice is made by method lookup: the first of
//! these traits that applies to `&&&&AnswerType<T>` has the method. The last one applies to every type,
//! so that a type that fits nothing is one error, of [`check_answer`].

use super::{
    PromptError,
    shape::{Shape, VALUE},
};
use crate::{Change, GrowError, Grown, Marks, Partial};
use burdock_json::Schema;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::{any::Any, marker::PhantomData, sync::Arc};

/// Reports a type that cannot be an answer.
pub fn check_answer<T: Answerable>() {}

/// A type that a model can answer with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a prompt",
    label = "does not implement `Deserialize` and `JsonSchema`",
    note = "derive `serde::Deserialize` and `schemars::JsonSchema` for `{Self}`, or answer with a `String`, which is text"
)]
pub trait Answerable {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + 'static> Answerable for T {}

/// The type of an answer.
#[derive(Debug)]
pub struct AnswerType<T>(PhantomData<fn() -> T>);

impl<T> AnswerType<T> {
    /// The type.
    #[expect(clippy::new_without_default, reason = "called by the expansion only")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// How an answer of type `T` is read.
#[derive(Debug)]
pub struct Kind<T> {
    /// `None` for text.
    pub(super) shape: Option<MakeShape>,
    pub(super) read: fn(&str) -> Result<T, Refusal>,
    /// `None` if there is no partial form.
    pub(super) grown: Option<MakeGrown<T>>,
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kind<T> {}

/// Makes the schema of a type, or finds it.
type MakeShape = fn() -> Result<Arc<Shape>, PromptError>;

/// Makes a partial value of which nothing has arrived.
type MakeGrown<T> = fn() -> Box<dyn Growing<T>>;

/// What `Deserialize` says about a value.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) path: String,
    pub(super) reason: String,
}

/// A partial value, whose type is known where it is made and where it is looked at.
pub(super) trait Growing<T>: Send + Sync {
    fn apply(&mut self, change: &Change<T>) -> Result<(), GrowError>;
    fn reset(&mut self);
    fn as_any(&self) -> &dyn Any;
}

impl<T> Growing<T> for Grown<T>
where
    T: Partial + 'static,
    T::Partial: Send + Sync + 'static,
{
    fn apply(&mut self, change: &Change<T>) -> Result<(), GrowError> {
        self.apply(change)
    }

    fn reset(&mut self) {
        self.reset();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `String`: text.
pub trait TextAnswer<T> {
    /// How it is read.
    fn kind(&self) -> Kind<T>;
}

impl TextAnswer<String> for &&&AnswerType<String> {
    fn kind(&self) -> Kind<String> {
        Kind {
            shape: None,
            read: |text| Ok(text.to_owned()),
            grown: Some(|| Box::new(Grown::<String>::new())),
        }
    }
}

/// A type that has a partial form.
pub trait PartialAnswer<T> {
    /// How it is read.
    fn kind(&self) -> Kind<T>;
}

impl<T> PartialAnswer<T> for &&AnswerType<T>
where
    T: DeserializeOwned + JsonSchema + Partial + 'static,
    T::Partial: Send + Sync + 'static,
{
    fn kind(&self) -> Kind<T> {
        Kind {
            shape: Some(|| Shape::of::<T>(Some((mark::<T>, mark_wrapped::<T>)))),
            read,
            grown: Some(|| Box::new(Grown::<T>::new())),
        }
    }
}

/// A type that has no partial form.
pub trait SchemaAnswer<T> {
    /// How it is read.
    fn kind(&self) -> Kind<T>;
}

impl<T: DeserializeOwned + JsonSchema + 'static> SchemaAnswer<T> for &AnswerType<T> {
    fn kind(&self) -> Kind<T> {
        Kind { shape: Some(|| Shape::of::<T>(None)), read, grown: None }
    }
}

/// A type that was reported.
pub trait AnyAnswer<T> {
    /// How it is read: never, since the program does not compile.
    fn kind(&self) -> Kind<T>;
}

impl<T> AnyAnswer<T> for AnswerType<T> {
    fn kind(&self) -> Kind<T> {
        let refuse = |_: &str| {
            let reason = "its type is not an answer".to_owned();
            Err(Refusal { path: String::new(), reason })
        };
        Kind { shape: None, read: refuse, grown: None }
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        Refusal { path, reason: shortened(&error.into_inner().to_string()) }
    })
}

/// Shortens the list of names that serde writes for an unknown variant or field: a type may have hundreds.
fn shortened(reason: &str) -> String {
    const MOST: usize = 20;
    const EXPECTED: &str = "expected one of ";
    let whole = || reason.to_owned();
    let Some((what, list)) = reason.split_once(EXPECTED) else { return whole() };
    let names: Vec<&str> = list.split(", ").collect();
    let Some((first, rest)) = names.split_at_checked(MOST) else { return whole() };
    let Some((_, place)) = rest.last().and_then(|last| last.rsplit_once('`')) else {
        return whole();
    };
    format!("{what}{EXPECTED}{}, … and {} more{place}", first.join(", "), rest.len())
}

fn mark<T: Partial>(schema: &mut Schema) {
    Marks::apply::<T>(schema);
}

/// Marks the schema of [`Shape::object`].
fn mark_wrapped<T: Partial>(schema: &mut Schema) {
    Marks::apply_below::<T>(schema, VALUE);
}

#[cfg(test)]
mod tests {
    use super::shortened;
    use serde::{Deserialize, de::Error as _};

    #[derive(Debug, Deserialize)]
    enum Letter {
        A,
        B,
    }

    #[test]
    fn refusal_names_at_most_twenty_variants() {
        let refusal = |names: &'static [&'static str]| {
            let error = serde_json::Error::unknown_variant("Other", names);
            shortened(&error.to_string())
        };
        let few = refusal(&["A", "B", "C"]);
        assert_eq!(few, "unknown variant `Other`, expected one of `A`, `B`, `C`");
        let many = refusal(&["A"; 500]);
        assert!(many.ends_with("`A`, `A`, … and 480 more"), "{many}");
        assert_eq!(many.matches("`A`").count(), 20);
        let error = serde_json::from_str::<Letter>("\"C\"").err().map(|error| error.to_string());
        assert_eq!(error.as_deref().map(shortened), error);
    }
}
