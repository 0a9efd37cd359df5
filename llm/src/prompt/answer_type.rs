//! Selection of how a type is parsed: as text, with a partial form, or with a schema only.
//!
//! The expansion of `#[prompt]` names the type, so the choice is made by method resolution: the first
//! of these traits that applies to `&&&&AnswerType<T>` provides the method. The last one applies to
//! every type, so that an unsupported type causes a single error, in [`check_answer`].

use super::{
    PromptError,
    shape::{Shape, VALUE},
};
use crate::{Change, GrowError, Grown, Marks, Partial};
use burdock_json::Schema;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::{any::Any, marker::PhantomData, sync::Arc};

/// Fails to compile for a type that cannot be an answer.
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
    /// Creates a marker for the type.
    #[expect(clippy::new_without_default, reason = "called by the expansion only")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// How an answer of type `T` is parsed.
#[derive(Debug)]
pub struct Kind<T> {
    /// `None` for text.
    pub(super) shape: Option<MakeShape>,
    pub(super) read: fn(&str) -> Result<T, DeserializeError>,
    /// `None` if there is no partial form.
    pub(super) grown: Option<MakeGrown<T>>,
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kind<T> {}

/// Returns the schema of a type, generated on the first call.
type MakeShape = fn() -> Result<Arc<Shape>, PromptError>;

/// Creates an empty partial value.
type MakeGrown<T> = fn() -> Box<dyn DynGrown<T>>;

/// An error of `Deserialize`.
#[derive(Debug)]
pub(super) struct DeserializeError {
    pub(super) path: String,
    pub(super) reason: String,
}

/// A partial value behind a trait object.
pub(super) trait DynGrown<T>: Send + Sync {
    fn apply(&mut self, change: &Change<T>) -> Result<(), GrowError>;
    fn reset(&mut self);
    fn as_any(&self) -> &dyn Any;
}

impl<T> DynGrown<T> for Grown<T>
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

/// Text: `String`.
pub trait TextAnswer<T> {
    /// Returns how the answer is parsed.
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
    /// Returns how the answer is parsed.
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
    /// Returns how the answer is parsed.
    fn kind(&self) -> Kind<T>;
}

impl<T: DeserializeOwned + JsonSchema + 'static> SchemaAnswer<T> for &AnswerType<T> {
    fn kind(&self) -> Kind<T> {
        Kind { shape: Some(|| Shape::of::<T>(None)), read, grown: None }
    }
}

/// A type that [`check_answer`] has rejected.
pub trait AnyAnswer<T> {
    /// Never called, because the program does not compile.
    fn kind(&self) -> Kind<T>;
}

impl<T> AnyAnswer<T> for AnswerType<T> {
    fn kind(&self) -> Kind<T> {
        let reject = |_: &str| {
            let reason = "its type is not an answer".to_owned();
            Err(DeserializeError { path: String::new(), reason })
        };
        Kind { shape: None, read: reject, grown: None }
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, DeserializeError> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        DeserializeError { path, reason: shortened(&error.into_inner().to_string()) }
    })
}

/// Shortens the list of names in serde's error for an unknown variant or field. A type may have
/// hundreds.
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
    fn error_lists_at_most_twenty_variants() {
        let message = |names: &'static [&'static str]| {
            let error = serde_json::Error::unknown_variant("Other", names);
            shortened(&error.to_string())
        };
        let few = message(&["A", "B", "C"]);
        assert_eq!(few, "unknown variant `Other`, expected one of `A`, `B`, `C`");
        let many = message(&["A"; 500]);
        assert!(many.ends_with("`A`, `A`, … and 480 more"), "{many}");
        assert_eq!(many.matches("`A`").count(), 20);
        let error = serde_json::from_str::<Letter>("\"C\"").err().map(|error| error.to_string());
        assert_eq!(error.as_deref().map(shortened), error);
    }
}
