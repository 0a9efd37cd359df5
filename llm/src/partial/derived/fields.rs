//! Reading and growing the fields of partial values.

use crate::partial::{Field, Grow, GrowError, Misfit};
use burdock_json::{Edit, Segment};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The properties of an object that belong to a flattened type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// The property does not belong to the type.
    None,
    /// The property is a field of the type.
    Named,
    /// The type takes all properties that belong to no other field.
    Rest,
}

/// Returns the properties of an object.
pub fn object(json: &Value) -> Result<&Map<String, Value>, GrowError> {
    json.as_object().ok_or_else(|| GrowError::expected("an object", json))
}

/// Returns the elements of a list with at most `longest` elements.
pub fn array(json: &Value, longest: usize) -> Result<&[Value], GrowError> {
    match json.as_array() {
        Some(elements) if elements.len() <= longest => Ok(elements),
        _ => Err(GrowError::expected(format!("a list of {longest}"), json)),
    }
}

/// Reads `null`.
pub fn unit(json: &Value) -> Result<(), GrowError> {
    if json.is_null() { Ok(()) } else { Err(GrowError::expected("`null`", json)) }
}

/// Reads a value that may be unfinished.
pub fn read<P: Grow>(json: &Value) -> Result<P, GrowError> {
    P::from_json(json)
}

/// Grows a value that exists.
pub fn grow<P: Grow>(value: &mut P, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
    value.grow(path, edit)
}

/// Compares two values.
pub fn same<P: Grow>(left: &P, right: &P) -> bool {
    left.__same(right)
}

/// Reads a value that is set when it is complete.
pub fn read_whole<T: for<'de> Deserialize<'de>>(
    expected: &str,
    json: &Value,
) -> Result<T, GrowError> {
    T::deserialize(json).map_err(|_| GrowError::expected(expected, json))
}

/// Grows a value that is set when it is complete. The only valid edit is a set.
pub fn grow_whole<T: for<'de> Deserialize<'de>>(
    value: &mut T,
    expected: &str,
    path: &[Segment],
    edit: &Edit,
) -> Result<(), GrowError> {
    match (path, edit) {
        ([], Edit::Set(json)) => *value = read_whole(expected, json)?,
        _ => return Err(GrowError::edit(expected)),
    }
    Ok(())
}

/// Reads a field by its name or one of the aliases.
pub fn read_field<P: Grow>(
    object: &Map<String, Value>,
    keys: &[&str],
) -> Result<Option<P>, GrowError> {
    let Some((key, json)) = find(object, keys) else { return Ok(None) };
    P::from_json(json).map(Some).map_err(|error| error.below(Segment::Key(key.into())))
}

/// Reads a field with a state.
pub fn read_state<P: Grow>(
    object: &Map<String, Value>,
    keys: &[&str],
) -> Result<Field<P>, GrowError> {
    read_field(object, keys).map(Option::unwrap_or_default)
}

/// Reads an element of a tuple.
pub fn read_element<P: Grow>(elements: &[Value], index: usize) -> Result<Option<P>, GrowError> {
    let read = elements.get(index).map(P::from_json).transpose();
    read.map_err(|error| error.below(Segment::Index(index)))
}

/// Reads a flattened field from the properties that belong to no earlier field.
pub fn read_flat<P: Grow>(
    object: &Map<String, Value>,
    own: &[&str],
    others: &[fn(&str) -> Keys],
    index: usize,
) -> Result<Option<P>, GrowError> {
    let belongs = |key: &str| !own.contains(&key) && owner(key, others) == Some(index);
    let entries = object.iter().filter(|(key, _)| belongs(key));
    let entries: Map<_, _> = entries.map(|(key, value)| (key.clone(), value.clone())).collect();
    if entries.is_empty() {
        return Ok(None);
    }
    P::from_json(&Value::Object(entries)).map(Some)
}

pub(super) fn find<'a>(
    object: &'a Map<String, Value>,
    keys: &[&'a str],
) -> Option<(&'a str, &'a Value)> {
    keys.iter().find_map(|key| object.get(*key).map(|json| (*key, json)))
}

/// Returns the index of the flattened field that a property belongs to.
pub fn owner(key: &str, flattened: &[fn(&str) -> Keys]) -> Option<usize> {
    let position = |keys| flattened.iter().position(|of| of(key) == keys);
    position(Keys::Named).or_else(|| position(Keys::Rest))
}

/// Combines the results of several objects for one property.
pub fn any_of(of: &[Keys]) -> Keys {
    let named = of.iter().find(|keys| **keys == Keys::Named);
    named.or_else(|| of.iter().find(|keys| **keys == Keys::Rest)).copied().unwrap_or(Keys::None)
}

/// Returns how a property belongs to an object with these fields and flattened fields.
pub fn keys_of(key: &str, own: &[&str], flattened: &[fn(&str) -> Keys]) -> Keys {
    if own.contains(&key) {
        return Keys::Named;
    }
    owner(key, flattened).map_or(Keys::None, |index| flattened[index](key))
}

/// Grows a field. An [`Edit::Set`] at the field creates it.
pub fn grow_field<P: Grow>(
    field: &mut Option<P>,
    path: &[Segment],
    edit: &Edit,
) -> Result<(), GrowError> {
    match (path, edit, field) {
        ([], Edit::Set(json), field) => {
            *field = Some(P::from_json(json)?);
            Ok(())
        }
        (_, _, Some(value)) => value.grow(path, edit),
        (_, _, None) => Err(GrowError::new(Misfit::Absent)),
    }
}

/// Grows a flattened field. Its first property creates it; `path` starts with the property.
pub fn grow_flat<P: Grow>(
    field: &mut Option<P>,
    path: &[Segment],
    edit: &Edit,
) -> Result<(), GrowError> {
    match (path, edit, field) {
        (_, _, Some(value)) => value.grow(path, edit),
        ([Segment::Key(key)], Edit::Set(json), field) => {
            *field = Some(P::from_json(&entry_of(key, json))?);
            Ok(())
        }
        _ => Err(GrowError::new(Misfit::Absent)),
    }
}

/// Returns the index of the tuple element that an edit changes: an existing one, or the next.
pub fn position(path: &[Segment], edit: &Edit, present: &[bool]) -> Result<usize, GrowError> {
    match (path, edit) {
        ([Segment::Index(index), ..], _) => Ok(*index),
        ([], Edit::Push(_)) => Ok(present.iter().take_while(|present| **present).count()),
        ([], _) => Err(GrowError::edit("a list")),
        _ => Err(GrowError::new(Misfit::Unknown)),
    }
}

/// Grows an element of a tuple. An [`Edit::Push`] creates it.
pub fn grow_element<P: Grow>(
    element: &mut Option<P>,
    path: &[Segment],
    edit: &Edit,
) -> Result<(), GrowError> {
    match (path, edit, element) {
        ([], Edit::Push(json), element) => {
            *element = Some(P::from_json(json)?);
            Ok(())
        }
        ([_, rest @ ..], _, Some(value)) => value.grow(rest, edit),
        _ => Err(GrowError::new(Misfit::Absent)),
    }
}

/// Returns the result of a change below an unknown property of a type that rejects those.
pub fn unknown() -> Result<(), GrowError> {
    Err(GrowError::new(Misfit::Unknown))
}

pub(super) fn entry_of(key: &str, json: &Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), json.clone())]))
}
