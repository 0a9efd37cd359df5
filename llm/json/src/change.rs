//! Changes of a growing value, and their wire form.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::Value;
use std::{fmt, sync::Arc};

/// One step of a path: a key of an object or an index of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Segment {
    /// The index of an element.
    Index(usize),
    /// The key of a property.
    #[serde(serialize_with = "key", deserialize_with = "shared")]
    Key(Arc<str>),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

fn key<S: Serializer>(key: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(key)
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Into::into)
}

/// A position in a value. Cheap to clone.
///
/// `Display` writes it as `chapters[2].pages`; the root is the empty string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path(Arc<[Segment]>);

impl Path {
    /// Returns the steps from the root to the position.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Returns whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Path {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

impl From<&[Segment]> for Path {
    fn from(segments: &[Segment]) -> Self {
        Self(segments.into())
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if at == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Segment>::deserialize(deserializer).map(|segments| Self(segments.into()))
    }
}

/// The operation of a [`Change`] at its path.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Sets the value: a property of an object, or the root.
    Set(Value),
    /// Appends text to the string.
    Append(String),
    /// Adds an element at the end of the list.
    Push(Value),
    /// Marks the value as complete: the root, or a property with [`Mark::State`](crate::Mark::State).
    Complete,
}

/// One change of a growing value.
///
/// The wire form is an object of the path and one of `set`, `append`, `push` and `complete`:
/// `{"path":["chapters",0,"title"],"append":"On"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Position of the value that changes.
    pub path: Path,
    /// The operation.
    pub edit: Edit,
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("path", &self.path)?;
        match &self.edit {
            Edit::Set(value) => map.serialize_entry("set", value)?,
            Edit::Append(text) => map.serialize_entry("append", text)?,
            Edit::Push(value) => map.serialize_entry("push", value)?,
            Edit::Complete => map.serialize_entry("complete", &true)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let edit = match wire {
            Wire { set: Some(value), append: None, push: None, complete: false, .. } => {
                Edit::Set(value)
            }
            Wire { set: None, append: Some(text), push: None, complete: false, .. } => {
                Edit::Append(text)
            }
            Wire { set: None, append: None, push: Some(value), complete: false, .. } => {
                Edit::Push(value)
            }
            Wire { set: None, append: None, push: None, complete: true, .. } => Edit::Complete,
            _ => {
                return Err(de::Error::custom(
                    "expected exactly one of `set`, `append`, `push` and `complete`",
                ));
            }
        };
        Ok(Self { path: wire.path, edit })
    }
}

/// Fields of the wire form.
#[derive(Deserialize)]
struct Wire {
    path: Path,
    // distinguishes a `null` value from an absent field
    #[serde(default, deserialize_with = "present")]
    set: Option<Value>,
    #[serde(default)]
    append: Option<String>,
    #[serde(default, deserialize_with = "present")]
    push: Option<Value>,
    #[serde(default)]
    complete: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
