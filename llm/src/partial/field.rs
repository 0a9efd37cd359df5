//! Fields with a state.

use super::{Grow, GrowError, Marks, Misfit, marks::Node};
use burdock_json::{Edit, Segment};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

/// The state of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldState {
    /// No part of it has arrived.
    #[default]
    Pending,
    /// A part of it has arrived.
    Growing,
    /// It has arrived completely.
    Complete,
}

/// A field marked `#[partial(state)]`: its value so far, and its state.
///
/// In JSON it is absent while pending, then `{"state": "growing" | "complete", "value": …}`.
///
/// ```
/// use burdock_llm::{Change, FieldState, Grown, Partial};
///
/// #[derive(Clone, Debug, serde::Serialize, serde::Deserialize, Partial)]
/// struct Story {
///     #[partial(state)]
///     title: String,
/// }
///
/// let mut story = Grown::<Story>::new();
/// let change = r#"{"path":[],"set":{"title":{"state":"growing","value":"The dr"}}}"#;
/// story.apply(&serde_json::from_str::<Change<Story>>(change)?)?;
/// let title = &story.partial().expect("the value has started").title;
/// assert_eq!((title.state(), title.value()), (FieldState::Growing, Some(&"The dr".to_owned())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Field<P> {
    state: FieldState,
    value: Option<P>,
}

impl<P> Field<P> {
    /// Returns the state of the field.
    pub fn state(&self) -> FieldState {
        self.state
    }

    /// Returns the value so far, or `None` if nothing has arrived.
    pub fn value(&self) -> Option<&P> {
        self.value.as_ref()
    }

    /// Returns whether the field has arrived completely.
    pub fn is_complete(&self) -> bool {
        self.state == FieldState::Complete
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.state == FieldState::Pending
    }
}

impl<P> Default for Field<P> {
    fn default() -> Self {
        Self { state: FieldState::Pending, value: None }
    }
}

impl<P: Serialize> Serialize for Field<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("state", &self.state)?;
        if let Some(value) = &self.value {
            map.serialize_entry("value", value)?;
        }
        map.end()
    }
}

impl<P: Grow> Grow for Field<P> {
    fn from_json(json: &Value) -> Result<Self, GrowError> {
        let expected = || GrowError::expected("an object with `state`", json);
        let object = json.as_object().ok_or_else(expected)?;
        let state = read_state(object.get("state").ok_or_else(expected)?)?;
        let value = object.get("value").map(P::from_json).transpose();
        Ok(Self { state, value: value.map_err(|error| error.below(segment("value")))? })
    }

    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
        match (path, edit) {
            ([], Edit::Set(json)) => *self = Self::from_json(json)?,
            ([], Edit::Complete) if self.value.is_some() => self.state = FieldState::Complete,
            ([Segment::Key(key)], Edit::Set(json)) if **key == *"state" => {
                self.state = read_state(json)?;
            }
            ([Segment::Key(key), rest @ ..], _) if **key == *"value" => {
                super::derived::grow_field(&mut self.value, rest, edit)?;
                if self.is_pending() {
                    self.state = FieldState::Growing;
                }
            }
            ([], _) => return Err(GrowError::edit("a field with a state")),
            _ => return Err(GrowError::new(Misfit::Unknown)),
        }
        Ok(())
    }

    fn __mark(marks: &mut Marks<'_>, node: &Node) {
        P::__mark(marks, node);
    }

    fn __same(&self, other: &Self) -> bool {
        self.state == other.state && self.value.__same(&other.value)
    }
}

fn read_state(json: &Value) -> Result<FieldState, GrowError> {
    match json.as_str() {
        Some("growing") => Ok(FieldState::Growing),
        Some("complete") => Ok(FieldState::Complete),
        _ => Err(GrowError::expected("`growing` or `complete`", json)),
    }
}

fn segment(key: &str) -> Segment {
    Segment::Key(key.into())
}
