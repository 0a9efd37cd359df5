//! The four enum representations of serde.

use super::fields::entry_of;
use crate::partial::{Grow, GrowError, Misfit};
use burdock_json::{Edit, Segment};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Reads `{"Variant": body}`, or `"Variant"`, whose body is `null`.
pub fn external<P>(
    json: &Value,
    read: impl FnOnce(&str, Option<&Value>) -> Result<P, GrowError>,
) -> Result<P, GrowError> {
    match json {
        Value::String(name) => read(name, Some(&Value::Null)),
        Value::Object(object) => match (object.iter().next(), object.len()) {
            (Some((name, body)), 1) => read(name, Some(body))
                .map_err(|error| error.below(Segment::Key(name.as_str().into()))),
            (None, _) => Err(GrowError::new(Misfit::Undecided)),
            _ => Err(GrowError::expected("a variant", json)),
        },
        _ => Err(GrowError::expected("a variant", json)),
    }
}

/// Reads `{"tag": "Variant", …}`, whose body is the same object.
pub fn internal<P>(
    json: &Value,
    tag: &str,
    read: impl FnOnce(&str, Option<&Value>) -> Result<P, GrowError>,
) -> Result<P, GrowError> {
    read(tag_of(json, tag)?, Some(json))
}

/// Reads `{"tag": "Variant", "content": body}`.
pub fn adjacent<P>(
    json: &Value,
    tag: &str,
    content: &str,
    read: impl FnOnce(&str, Option<&Value>) -> Result<P, GrowError>,
) -> Result<P, GrowError> {
    let name = tag_of(json, tag)?;
    read(name, json.get(content)).map_err(|error| error.below(Segment::Key(content.into())))
}

fn tag_of<'a>(json: &'a Value, tag: &str) -> Result<&'a str, GrowError> {
    match json.as_object().map(|object| object.get(tag)) {
        Some(Some(Value::String(name))) => Ok(name),
        Some(None) => Err(GrowError::new(Misfit::Undecided)),
        _ => Err(GrowError::expected(format!("an object with `{tag}`"), json)),
    }
}

/// Returns the body of a variant that has one.
pub fn body(json: Option<&Value>) -> Result<&Value, GrowError> {
    json.ok_or(GrowError::new(Misfit::Undecided))
}

/// Reads the value of a newtype variant from the object that also has the tag.
pub fn read_internal<P: Grow>(json: &Value, tag: &str) -> Result<P, GrowError> {
    let object = super::object(json)?;
    let entries = object.iter().filter(|(key, _)| *key != tag);
    let body: Map<_, _> = entries.map(|(key, value)| (key.clone(), value.clone())).collect();
    P::from_json(&Value::Object(body))
}

/// Returns the error for an unknown variant.
pub fn unknown_variant<P>(name: &str) -> Result<P, GrowError> {
    Err(GrowError::new(Misfit::Invalid { reason: format!("unknown variant `{name}`") }))
}

/// The effect of an edit on an enum.
pub enum Step<'a> {
    /// Replaces the value.
    Replace(Cow<'a, Value>),
    /// Changes the body of the variant.
    Body(&'a [Segment]),
    /// Changes nothing: the value is already known.
    Known,
}

/// Resolves an edit of `{"Variant": body}`.
pub fn step_external<'a>(
    variant: &str,
    path: &'a [Segment],
    edit: &'a Edit,
) -> Result<Step<'a>, GrowError> {
    match (path, edit) {
        ([], Edit::Set(json)) => Ok(Step::Replace(Cow::Borrowed(json))),
        ([], _) => Err(GrowError::edit("an enum")),
        ([Segment::Key(key), ..], _) if **key != *variant => Err(other_variant(variant)),
        ([Segment::Key(key)], Edit::Set(json)) => {
            Ok(Step::Replace(Cow::Owned(entry_of(key, json))))
        }
        ([Segment::Key(_), rest @ ..], _) => Ok(Step::Body(rest)),
        _ => Err(GrowError::new(Misfit::Unknown)),
    }
}

/// Resolves an edit of `{"tag": "Variant", …}`.
pub fn step_internal<'a>(
    variant: &str,
    tag: &str,
    path: &'a [Segment],
    edit: &'a Edit,
) -> Result<Step<'a>, GrowError> {
    match (path, edit) {
        ([], Edit::Set(json)) => Ok(Step::Replace(Cow::Borrowed(json))),
        ([Segment::Key(key)], Edit::Set(json)) if **key == *tag => same_tag(variant, json),
        _ => Ok(Step::Body(path)),
    }
}

/// Resolves an edit of `{"tag": "Variant", "content": body}`.
pub fn step_adjacent<'a>(
    variant: &str,
    (tag, content): (&str, &str),
    path: &'a [Segment],
    edit: &'a Edit,
) -> Result<Step<'a>, GrowError> {
    match (path, edit) {
        ([], Edit::Set(json)) => Ok(Step::Replace(Cow::Borrowed(json))),
        ([], _) => Err(GrowError::edit("an enum")),
        ([Segment::Key(key)], Edit::Set(json)) if **key == *tag => same_tag(variant, json),
        ([Segment::Key(key)], Edit::Set(json)) if **key == *content => {
            let tag = (tag.to_owned(), Value::from(variant));
            let entries = [tag, (content.to_owned(), json.clone())];
            Ok(Step::Replace(Cow::Owned(Value::Object(Map::from_iter(entries)))))
        }
        ([Segment::Key(key), rest @ ..], _) if **key == *content => Ok(Step::Body(rest)),
        _ => Err(GrowError::new(Misfit::Unknown)),
    }
}

/// Resolves an edit of a value without a tag.
pub fn step_untagged<'a>(path: &'a [Segment], edit: &'a Edit) -> Step<'a> {
    match (path, edit) {
        ([], Edit::Set(json)) => Step::Replace(Cow::Borrowed(json)),
        _ => Step::Body(path),
    }
}

fn same_tag<'a>(variant: &str, json: &Value) -> Result<Step<'a>, GrowError> {
    if json.as_str() == Some(variant) { Ok(Step::Known) } else { Err(other_variant(variant)) }
}

fn other_variant(present: &str) -> GrowError {
    GrowError::new(Misfit::Variant { present: present.to_owned() })
}

/// A variant of an enum without tags.
pub struct Candidate<P> {
    /// Returns whether the variant has a property.
    pub knows: fn(&str) -> bool,
    /// Reads the variant.
    pub read: fn(&Value) -> Result<P, GrowError>,
}

/// Deserializes the value as `T`, or returns `None` if it is not a complete `T`.
pub fn read_complete<T: DeserializeOwned>(json: &Value) -> Option<T> {
    T::deserialize(json).ok()
}

/// Reads a value without a tag. `whole` is the variant that serde deserializes the value into, if it is
/// complete.
///
/// An incomplete value is read as the first variant that has all of its properties.
pub fn read_untagged<P>(
    json: &Value,
    whole: Option<usize>,
    candidates: &[Candidate<P>],
) -> Result<P, GrowError> {
    let knows_all = |candidate: &&Candidate<P>| {
        json.as_object().is_none_or(|object| object.keys().all(|key| (candidate.knows)(key)))
    };
    let whole = whole.and_then(|index| candidates.get(index));
    let exact = whole.into_iter().chain(candidates).filter(knows_all);
    let loose = whole.into_iter().chain(candidates);
    let mut error = GrowError::expected("a value of one of the variants", json);
    for candidate in exact.chain(loose) {
        match (candidate.read)(json) {
            Ok(value) => return Ok(value),
            Err(undecided) if undecided.is_undecided() => error = undecided,
            Err(_) => {}
        }
    }
    Err(error)
}

/// Chooses the variant again if an edit does not fit the present one.
pub fn grow_untagged<P: Grow>(
    value: &mut P,
    path: &[Segment],
    edit: &Edit,
    grown: Result<(), GrowError>,
) -> Result<(), GrowError> {
    let Err(error) = grown else { return Ok(()) };
    let chosen = serde_json::to_value(&*value).ok().and_then(|mut json| {
        crate::partial::types::grow_json(&mut json, path, edit).ok()?;
        P::from_json(&json).ok()
    });
    *value = chosen.ok_or(error)?;
    Ok(())
}
