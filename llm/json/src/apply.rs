//! A generic consumer of changes.

use crate::change::{Change, Edit, Path, Segment};
use serde_json::Value;

/// A change that does not fit the value it is applied to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// No value exists at the path.
    #[error("no value at `{path}`")]
    Missing {
        /// Path of the change.
        path: Path,
    },
    /// The value has a type that the change does not apply to.
    #[error("cannot {edit} at `{path}`: expected {expected}")]
    Type {
        /// Path of the change.
        path: Path,
        /// The operation of the change.
        edit: &'static str,
        /// The type that the value must have.
        expected: &'static str,
    },
}

/// Applies a change to a JSON value.
///
/// Start with [`Value::Null`]: the first change sets the root. Costs O(depth of the path).
///
/// # Errors
/// Returns an error if the change does not apply to this value, because an earlier change was skipped
/// or this one was already applied. The value is then unchanged.
pub fn apply(value: &mut Value, change: &Change) -> Result<(), ApplyError> {
    let Change { path, edit } = change;
    match edit {
        Edit::Set(new) => set(value, path, new),
        Edit::Append(text) => match at(value, path)? {
            Value::String(string) => {
                string.push_str(text);
                Ok(())
            }
            _ => Err(wrong(path, "append", "a string")),
        },
        Edit::Push(new) => match at(value, path)? {
            Value::Array(list) => {
                list.push(new.clone());
                Ok(())
            }
            _ => Err(wrong(path, "push", "a list")),
        },
        // completion of the root does not change the value
        Edit::Complete if path.is_root() => Ok(()),
        Edit::Complete => match at(value, path)?.get_mut("state") {
            Some(state) => {
                *state = "complete".into();
                Ok(())
            }
            None => Err(wrong(path, "complete", "an object with a `state`")),
        },
    }
}

fn set(value: &mut Value, path: &Path, new: &Value) -> Result<(), ApplyError> {
    let Some((last, above)) = path.segments().split_last() else {
        value.clone_from(new);
        return Ok(());
    };
    match (walk(value, above).ok_or_else(|| missing(path))?, last) {
        (Value::Object(map), Segment::Key(key)) => {
            map.insert(key.as_ref().to_owned(), new.clone());
            Ok(())
        }
        (Value::Array(elements), Segment::Index(index)) => {
            elements.get_mut(*index).ok_or_else(|| missing(path))?.clone_from(new);
            Ok(())
        }
        (_, Segment::Key(_)) => Err(wrong(path, "set", "an object as the parent")),
        (_, Segment::Index(_)) => Err(wrong(path, "set", "a list as the parent")),
    }
}

fn at<'a>(value: &'a mut Value, path: &Path) -> Result<&'a mut Value, ApplyError> {
    walk(value, path.segments()).ok_or_else(|| missing(path))
}

fn walk<'a>(value: &'a mut Value, segments: &[Segment]) -> Option<&'a mut Value> {
    segments.iter().try_fold(value, |value, segment| match (value, segment) {
        (Value::Object(map), Segment::Key(key)) => map.get_mut(key.as_ref()),
        (Value::Array(list), Segment::Index(index)) => list.get_mut(*index),
        _ => None,
    })
}

fn missing(path: &Path) -> ApplyError {
    ApplyError::Missing { path: path.clone() }
}

fn wrong(path: &Path, edit: &'static str, expected: &'static str) -> ApplyError {
    ApplyError::Type { path: path.clone(), edit, expected }
}
