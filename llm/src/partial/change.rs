//! Typed changes of values.

use burdock_json::{Edit, Path};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A change of a growing value of type `T`: a path, and the value that is set, appended or pushed
/// there.
///
/// It is a [`burdock_json::Change`] with a type, and serializes as one:
/// `{"path":["chapters",0,"title"],"append":"On"}`. Apply it with
/// [`Grown::apply`](crate::Grown::apply).
///
/// ```
/// use burdock_llm::Change;
///
/// let text = r#"{"path":[],"append":"On"}"#;
/// let change: Change<String> = serde_json::from_str(text)?;
/// assert_eq!(serde_json::to_string(&change)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Change<T: ?Sized> {
    untyped: burdock_json::Change,
    of: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Change<T> {
    /// Wraps an untyped change. Whether it fits `T` is checked when it is applied.
    pub fn new(untyped: burdock_json::Change) -> Self {
        Self { untyped, of: PhantomData }
    }

    /// Returns the path of the change, from the root of the value.
    pub fn path(&self) -> &Path {
        &self.untyped.path
    }

    /// Returns the operation at [`path`](Self::path).
    pub fn edit(&self) -> &Edit {
        &self.untyped.edit
    }

    /// Returns the untyped change.
    pub fn untyped(&self) -> &burdock_json::Change {
        &self.untyped
    }

    /// Unwraps the untyped change.
    pub fn into_untyped(self) -> burdock_json::Change {
        self.untyped
    }
}

impl Change<String> {
    /// Returns the text that this change adds; empty at the end of the answer.
    ///
    /// A change with [`Edit::Set`] is the first one of an attempt: it replaces the text of an earlier
    /// attempt.
    ///
    /// ```
    /// use burdock_llm::{Script, Scripted, prompt};
    ///
    /// /// Greet {name}.
    /// #[prompt]
    /// async fn greet(name: &str) -> String;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), burdock_llm::PromptError> {
    /// let llm = Scripted::new([Script::new().say("Hello, ").say("Ada!")]);
    /// let mut answer = greet("Ada").on(&llm).stream();
    /// let mut shown = String::new();
    /// while let Some(change) = answer.next().await {
    ///     shown += change?.text();
    /// }
    /// assert_eq!(shown, "Hello, Ada!");
    /// # Ok(())
    /// # }
    /// ```
    pub fn text(&self) -> &str {
        match self.edit() {
            Edit::Append(text) | Edit::Set(Value::String(text)) => text,
            Edit::Set(_) | Edit::Push(_) | Edit::Complete => "",
        }
    }
}

impl<T: ?Sized> From<burdock_json::Change> for Change<T> {
    fn from(untyped: burdock_json::Change) -> Self {
        Self::new(untyped)
    }
}

impl<T: ?Sized> Clone for Change<T> {
    fn clone(&self) -> Self {
        Self::new(self.untyped.clone())
    }
}

impl<T: ?Sized> fmt::Debug for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("path", self.path()).field("edit", self.edit()).finish()
    }
}

impl<T: ?Sized> PartialEq for Change<T> {
    fn eq(&self, other: &Self) -> bool {
        self.untyped == other.untyped
    }
}

impl<T: ?Sized> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.untyped.serialize(serializer)
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        burdock_json::Change::deserialize(deserializer).map(Self::new)
    }
}

/// The schema is the same for each `T`: it does not relate the paths to the type.
impl<T: ?Sized> JsonSchema for Change<T> {
    fn schema_name() -> Cow<'static, str> {
        "Change".into()
    }

    fn schema_id() -> Cow<'static, str> {
        "burdock_llm::Change".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A change of a growing value: a path, and one of `set`, `append`, `push` and `complete`.",
            "properties": {
                "path": { "type": "array", "items": { "type": ["string", "integer"] } },
                "set": true,
                "append": { "type": "string" },
                "push": true,
                "complete": { "const": true },
            },
            "required": ["path"],
            "additionalProperties": false,
        })
    }
}
