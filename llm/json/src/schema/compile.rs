//! Compilation of a JSON Schema to nodes and shapes.

use super::{
    Extra, Inner, List, NodeId, Object, Pattern, Property, Range, SchemaError, Shape, ShapeId,
    Text,
    draft::{Draft, DraftExtra, Expander, Kinds},
};
use crate::names::Variants;
use serde_json::Value;
use std::collections::BTreeMap;

/// Compiles a schema. A node represents a set of schemas that apply together, so recursive types end at
/// nodes that already exist.
pub(super) struct Compiler<'a> {
    root: &'a Value,
    inner: Inner,
    known: BTreeMap<Vec<*const Value>, NodeId>,
    queue: Vec<(NodeId, Vec<&'a Value>)>,
}

impl<'a> Compiler<'a> {
    const MOST: usize = 100_000;

    pub(super) fn new(root: &'a Value) -> Self {
        let mut inner = Inner::default();
        inner.shapes.push(Shape::Any);
        inner.nodes.push(vec![ShapeId(0)]);
        Self { root, inner, known: BTreeMap::new(), queue: Vec::new() }
    }

    pub(super) fn compile(mut self) -> Result<Inner, SchemaError> {
        self.new_node(vec![self.root]);
        while let Some((node, schemas)) = self.queue.pop() {
            let drafts = Expander::new(self.root).expand_all(&schemas)?;
            let mut alternatives = Vec::new();
            for draft in drafts {
                self.shapes(&draft, &mut alternatives);
            }
            // an alternative that accepts anything makes the others redundant
            if alternatives.contains(&ShapeId(0)) {
                alternatives = vec![ShapeId(0)];
            }
            self.inner.nodes[node.0 as usize] = alternatives;
            if self.inner.nodes.len().max(self.inner.shapes.len()) > Self::MOST {
                return Err(SchemaError::TooLarge);
            }
        }
        Ok(self.inner)
    }

    /// Returns the node of schemas that apply together.
    fn node(&mut self, schemas: &[&'a Value]) -> NodeId {
        let mut places: Vec<*const Value> =
            schemas.iter().map(|schema| std::ptr::from_ref(*schema)).collect();
        places.sort_unstable();
        places.dedup();
        if schemas.is_empty() {
            return NodeId::ANY;
        }
        if let Some(node) = self.known.get(&places) {
            return *node;
        }
        let node = self.new_node(schemas.to_vec());
        self.known.insert(places, node);
        node
    }

    fn new_node(&mut self, schemas: Vec<&'a Value>) -> NodeId {
        let node = NodeId(u32::try_from(self.inner.nodes.len()).unwrap_or(u32::MAX));
        self.inner.nodes.push(Vec::new());
        self.queue.push((node, schemas));
        node
    }

    fn shapes(&mut self, draft: &Draft<'a>, into: &mut Vec<ShapeId>) {
        if let Some(values) = &draft.among {
            return self.shapes_of_values(draft.kinds, values, into);
        }
        let kinds = draft.kinds;
        if kinds == Kinds::ALL {
            return into.push(ShapeId(0));
        }
        if kinds.has(Kinds::OBJECT) {
            let object = self.object(draft);
            self.add(Shape::Object(object), into);
        }
        if kinds.has(Kinds::LIST) {
            let prefix = draft.prefix.iter().map(|schemas| self.node(schemas)).collect();
            let rest = self.node(&draft.rest);
            let (min, max) = draft.sizes;
            self.add(Shape::List(List { prefix, rest, min, max }), into);
        }
        if kinds.has(Kinds::TEXT) {
            let (min, max) = draft.lengths;
            self.add(Shape::Text(Text { variants: None, min, max }), into);
        }
        if kinds.has(Kinds::FRACTION) {
            self.add(Shape::Number, into);
        } else if kinds.has(Kinds::INTEGER) {
            self.add(Shape::Integer(draft.range), into);
        }
        if kinds.has(Kinds::BOOL) {
            self.add(Shape::Bool(None), into);
        }
        if kinds.has(Kinds::NULL) {
            self.add(Shape::Null, into);
        }
    }

    /// Adds shapes for `enum` and `const`. Lists and objects among the values accept anything.
    fn shapes_of_values(&mut self, kinds: Kinds, values: &[&Value], into: &mut Vec<ShapeId>) {
        let mut numbers = Vec::new();
        for value in values {
            match value {
                Value::Null if kinds.has(Kinds::NULL) => self.add(Shape::Null, into),
                Value::Bool(bool) if kinds.has(Kinds::BOOL) => {
                    self.add(Shape::Bool(Some(*bool)), into);
                }
                Value::Number(number) if kinds.has(Kinds::INTEGER) => numbers.push(number.clone()),
                Value::Array(_) | Value::Object(_) => self.add(Shape::Any, into),
                _ => {}
            }
        }
        if !numbers.is_empty() {
            self.add(Shape::Numbers(numbers), into);
        }
        if kinds.has(Kinds::TEXT) && values.iter().any(|value| value.is_string()) {
            let variants = Variants::new(values.iter().filter_map(|value| value.as_str()));
            let text = Text { variants: Some(variants), min: 0, max: usize::MAX };
            self.add(Shape::Text(text), into);
        }
    }

    fn object(&mut self, draft: &Draft<'a>) -> Object {
        let mut properties: Vec<Property> = draft
            .properties
            .iter()
            .map(|(key, schemas)| {
                let (key, node) = (self.inner.keys.intern(key), self.node(schemas));
                Property { key, node, done: false, state: false }
            })
            .collect();
        properties.sort_unstable_by_key(|property| property.key);
        let required = draft.required.iter().map(|key| self.inner.keys.intern(key)).collect();
        let patterns = draft
            .patterns
            .iter()
            .map(|(pattern, schema)| match Pattern::new(pattern) {
                Pattern::Unknown => (Pattern::Unknown, NodeId::ANY),
                pattern => (pattern, self.node(&[schema])),
            })
            .collect();
        let extra = match &draft.extra {
            DraftExtra::Denied => Extra::Denied,
            DraftExtra::Schemas(schemas) => Extra::Node(self.node(schemas)),
            // an object without any constraints
            DraftExtra::Absent if properties.is_empty() => Extra::Node(NodeId::ANY),
            DraftExtra::Absent => Extra::Ignored,
        };
        Object { properties, required, patterns, extra, awaited: Vec::new() }
    }

    /// Adds an alternative. Scalars without variants are shared; lists and objects are not, because
    /// each has its own marks.
    fn add(&mut self, shape: Shape, into: &mut Vec<ShapeId>) {
        let shared = match &shape {
            Shape::Any | Shape::Null | Shape::Bool(_) | Shape::Number => true,
            Shape::Integer(range) => *range == Range::ALL,
            Shape::Text(text) => text.variants.is_none() && !text.is_limited(),
            Shape::Numbers(_) | Shape::List(_) | Shape::Object(_) => false,
        };
        let known =
            shared.then(|| self.inner.shapes.iter().position(|known| *known == shape)).flatten();
        let at = known.unwrap_or_else(|| {
            self.inner.shapes.push(shape);
            self.inner.shapes.len() - 1
        });
        let id = ShapeId(u32::try_from(at).unwrap_or(u32::MAX));
        if !into.contains(&id) {
            into.push(id);
        }
    }
}
