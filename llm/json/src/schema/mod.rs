//! The shape of a type, compiled once from a JSON Schema.

mod compile;
mod draft;
mod expect;
mod marked;
mod walk;

pub(crate) use expect::any_of;
pub use walk::{Mark, Place};

use crate::names::{KeyId, Keys, Variants};
use serde_json::{Number, Value};
use std::sync::Arc;

/// A compiled JSON Schema (draft 2020-12, as schemars 1.x writes it). Cheap to clone.
///
/// Supported keywords: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`,
/// `unevaluatedProperties`, `patternProperties`, `items`, `prefixItems`, `minItems`, `maxItems`,
/// `minLength`, `maxLength`, `minimum` and `maximum` of integers and the integer formats (128-bit ones
/// are limited to 64 bits), `allOf`, `anyOf`, `oneOf` (treated as `anyOf`), and `$ref` into the
/// document. Other keywords are ignored, so more values are accepted than the schema allows; a `$ref`
/// to another document accepts anything.
#[derive(Clone, Debug)]
pub struct Schema {
    pub(crate) inner: Arc<Inner>,
}

/// An error returned by [`Schema::compile`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The JSON is neither an object nor a boolean.
    #[error("invalid schema `{found}`: expected an object or a boolean")]
    NotASchema {
        /// The JSON found in place of a schema.
        found: String,
    },
    /// A `$ref` into the document has no target.
    #[error("unresolved reference `{reference}`")]
    Unresolved {
        /// The reference.
        reference: String,
    },
    /// The schema has more than 100 000 nodes.
    #[error("the schema has too many combinations of alternatives")]
    TooLarge,
}

impl Schema {
    /// Compiles a JSON Schema.
    ///
    /// # Errors
    /// Returns an error if the JSON is not a schema, has an unresolved reference, or is too large.
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        let inner = compile::Compiler::new(schema).compile()?;
        Ok(Self { inner: Arc::new(inner) })
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Inner {
    pub(crate) keys: Keys,
    nodes: Vec<Vec<ShapeId>>,
    shapes: Vec<Shape>,
}

/// A position in the schema: its alternatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

/// One alternative of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShapeId(u32);

impl ShapeId {
    /// The shape that accepts anything.
    pub(crate) const ANY: Self = Self(0);
}

impl NodeId {
    /// The node that accepts anything.
    pub(crate) const ANY: Self = Self(0);
    /// The root of the schema.
    pub(crate) const ROOT: Self = Self(1);
}

impl Inner {
    pub(crate) fn alternatives(&self, node: NodeId) -> &[ShapeId] {
        &self.nodes[node.0 as usize]
    }

    pub(crate) fn shape(&self, shape: ShapeId) -> &Shape {
        &self.shapes[shape.0 as usize]
    }
}

/// The values that one alternative accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Any,
    Null,
    /// Any boolean, or only this one.
    Bool(Option<bool>),
    Integer(Range),
    Number,
    /// Only these numbers.
    Numbers(Vec<Number>),
    Text(Text),
    List(List),
    Object(Object),
}

/// The range of an integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) min: i128,
    pub(crate) max: i128,
}

impl Range {
    pub(crate) const ALL: Self = Self { min: i128::MIN, max: i128::MAX };
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// The allowed strings; `None` allows any text.
    pub(crate) variants: Option<Variants>,
    /// In characters.
    pub(crate) min: usize,
    pub(crate) max: usize,
}

impl Text {
    /// Returns whether the length is limited.
    pub(crate) fn is_limited(&self) -> bool {
        self.min > 0 || self.max < usize::MAX
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) prefix: Vec<NodeId>,
    pub(crate) rest: NodeId,
    pub(crate) min: usize,
    pub(crate) max: usize,
}

impl List {
    /// Returns the node of the element at `index`, or `None` if the list ends before it.
    pub(crate) fn element(&self, index: usize) -> Option<NodeId> {
        (index < self.max).then(|| self.prefix.get(index).copied().unwrap_or(self.rest))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// In the order of their keys.
    pub(crate) properties: Vec<Property>,
    pub(crate) required: Vec<KeyId>,
    pub(crate) patterns: Vec<(Pattern, NodeId)>,
    pub(crate) extra: Extra,
    /// Keys marked with [`Mark::Required`].
    pub(crate) awaited: Vec<KeyId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) key: KeyId,
    pub(crate) node: NodeId,
    pub(crate) done: bool,
    pub(crate) state: bool,
}

/// Rule for properties that the schema does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extra {
    /// The schema does not mention them; they are ignored.
    Ignored,
    Denied,
    Node(NodeId),
}

/// Supported patterns of keys; any other pattern matches every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    Digits,
    SignedDigits,
    Unknown,
}

impl Pattern {
    fn new(pattern: &str) -> Self {
        match pattern {
            r"^\d+$" | "^[0-9]+$" => Self::Digits,
            r"^-?\d+$" | "^-?[0-9]+$" => Self::SignedDigits,
            _ => Self::Unknown,
        }
    }

    fn matches(self, key: &str) -> bool {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::Digits => digits(key),
            Self::SignedDigits => digits(key.strip_prefix('-').unwrap_or(key)),
            Self::Unknown => true,
        }
    }
}

impl Object {
    pub(crate) fn property(&self, key: KeyId) -> Option<&Property> {
        let at = self.properties.binary_search_by_key(&key, |property| property.key).ok()?;
        self.properties.get(at)
    }

    /// Returns the rule for a property that is not in `properties`.
    pub(crate) fn extra(&self, key: &str) -> Extra {
        let pattern = self.patterns.iter().find(|(pattern, _)| pattern.matches(key));
        pattern.map_or(self.extra, |(_, node)| Extra::Node(*node))
    }
}
