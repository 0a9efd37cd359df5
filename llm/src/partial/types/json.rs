//! JSON values of any shape.

use crate::partial::{Grow, GrowError, Misfit, Partial, derived::Keys};
use burdock_json::{Edit, Segment};
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

impl Partial for Value {
    type Partial = Self;
}

impl Partial for Map<String, Value> {
    type Partial = std::collections::BTreeMap<String, Value>;
}

impl Grow for Value {
    fn from_json(json: &Value) -> Result<Self, GrowError> {
        Ok(json.clone())
    }

    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
        grow_json(self, path, edit)
    }

    fn __same(&self, other: &Self) -> bool {
        self == other
    }

    fn __keys(_key: &str) -> Keys {
        Keys::Rest
    }

    fn __write_entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let entries = self.as_object();
        let entries = entries.ok_or_else(|| serde::ser::Error::custom("not an object"))?;
        entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}

/// Applies an edit to the part of a JSON value at `path`.
pub(crate) fn grow_json(json: &mut Value, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
    if let ([above @ .., Segment::Key(key)], Edit::Set(value)) = (path, edit) {
        let Value::Object(entries) = part_of(json, above)? else {
            return Err(GrowError::new(Misfit::Unknown));
        };
        entries.insert(key.as_ref().to_owned(), value.clone());
        return Ok(());
    }
    match (part_of(json, path)?, edit) {
        (json, Edit::Set(value)) => json.clone_from(value),
        (Value::String(text), Edit::Append(more)) => text.push_str(more),
        (Value::Array(elements), Edit::Push(value)) => elements.push(value.clone()),
        (Value::Object(entries), Edit::Complete) if entries.contains_key("state") => {
            entries.insert("state".to_owned(), "complete".into());
        }
        _ => return Err(GrowError::edit("this JSON value")),
    }
    Ok(())
}

fn part_of<'a>(json: &'a mut Value, path: &[Segment]) -> Result<&'a mut Value, GrowError> {
    let part = path.iter().try_fold(json, |json, segment| match (json, segment) {
        (Value::Object(entries), Segment::Key(key)) => entries.get_mut(key.as_ref()),
        (Value::Array(elements), Segment::Index(index)) => elements.get_mut(*index),
        _ => None,
    });
    part.ok_or_else(|| GrowError::new(Misfit::Absent))
}
