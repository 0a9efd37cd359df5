//! Conversion of a compiled schema's marks to those of declarations.

use super::{declarations::Declaration, read::decoded, shape::DeclarationId};
use burdock_json::{Mark, Place, Schema};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A parallel walk over declarations and the compiled schema.
///
/// Alternatives without a tag share one place: if two of them have a property of the same name, and one
/// marks it, both are marked.
pub(super) struct Walk<'a> {
    schema: &'a Schema,
    all: &'a [Declaration],
    /// The visited places, which end the walk of recursive types.
    visited: BTreeSet<(DeclarationId, Place)>,
    found: Vec<(DeclarationId, String, Mark)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(schema: &'a Schema, all: &'a [Declaration]) -> Self {
        Self { schema, all, visited: BTreeSet::new(), found: Vec::new() }
    }

    /// Returns the marks of the properties of this declaration, which is the root of the schema, and of
    /// the declarations that it refers to.
    pub(super) fn from(mut self, root: DeclarationId) -> Vec<(DeclarationId, String, Mark)> {
        self.declaration(root, &self.schema.root());
        self.found
    }

    fn declaration(&mut self, id: DeclarationId, place: &Place) {
        let all = self.all;
        if let Some(declaration) = all.get(id.0)
            && self.visited.insert((id, place.clone()))
        {
            self.node(id, &declaration.source.schema, place);
        }
    }

    fn node(&mut self, id: DeclarationId, node: &'a Value, place: &Place) {
        let Some(node) = node.as_object() else { return };
        let references = &self.all[id.0].source.references;
        let target = node.get("$ref").and_then(Value::as_str).map(decoded);
        if let Some(target) = target.and_then(|target| references.get(&*target)) {
            self.declaration(*target, place);
        }
        self.properties(id, node, place);
        self.elements(id, node, place);
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let alternatives = node.get(keyword).and_then(Value::as_array);
            for alternative in alternatives.into_iter().flatten() {
                let variant = self.variant(alternative, place);
                self.node(id, alternative, variant.as_ref().unwrap_or(place));
            }
        }
    }

    fn properties(&mut self, id: DeclarationId, node: &'a Map<String, Value>, place: &Place) {
        let object = |keyword| node.get(keyword).and_then(Value::as_object).into_iter().flatten();
        for (key, property) in object("properties") {
            let marks = self.schema.marks(place, key);
            self.found.extend(marks.into_iter().map(|mark| (id, key.clone(), mark)));
            if let Some(inner) = self.schema.property(place, key) {
                self.node(id, property, &inner);
            }
        }
        let others = object("patternProperties").map(|(_, others)| others);
        let others = others.chain(node.get("additionalProperties"));
        if let Some(inner) = self.schema.values(place) {
            others.for_each(|others| self.node(id, others, &inner));
        }
    }

    fn elements(&mut self, id: DeclarationId, node: &'a Map<String, Value>, place: &Place) {
        let prefix = node.get("prefixItems").and_then(Value::as_array);
        let items = prefix.into_iter().flatten().chain(node.get("items"));
        for (index, item) in items.enumerate() {
            if let Some(inner) = self.schema.element(place, index) {
                self.node(id, item, &inner);
            }
        }
    }

    /// Returns the place of an alternative that has a tag.
    fn variant(&self, alternative: &Value, place: &Place) -> Option<Place> {
        let properties = alternative.get("properties").and_then(Value::as_object)?;
        properties.iter().find_map(|(tag, property)| {
            let variant = property.get("const").and_then(Value::as_str)?;
            self.schema.variant(place, tag, variant)
        })
    }
}
