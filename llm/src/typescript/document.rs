//! The schemas of a document, and those of them that are already declared.

use super::{declarations::Declaration, shape::DeclarationId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The reference to the document itself.
pub(super) const ROOT: &str = "#";

/// A JSON Schema in parts: the document itself, and its definitions.
pub(super) struct Document<'a> {
    pub(super) parts: Vec<Part<'a>>,
}

/// A schema that is declared by a name.
pub(super) struct Part<'a> {
    /// The `$ref` that points to it.
    pub(super) reference: String,
    pub(super) name: &'a str,
    /// Without the keywords that only a document has.
    pub(super) schema: Value,
}

impl<'a> Document<'a> {
    pub(super) fn new(name: &'a str, schema: &'a Value) -> Self {
        let mut parts = vec![Part { reference: ROOT.into(), name, schema: bare(schema) }];
        for keyword in ["$defs", "definitions"] {
            let definitions = schema.get(keyword).and_then(Value::as_object);
            parts.extend(definitions.into_iter().flatten().map(|(name, schema)| Part {
                reference: format!("#/{keyword}/{}", name.replace('~', "~0").replace('/', "~1")),
                name,
                schema: bare(schema),
            }));
        }
        Self { parts }
    }

    /// Returns the target of each reference, where `ids` are those of the parts.
    pub(super) fn references(&self, ids: &[DeclarationId]) -> BTreeMap<String, DeclarationId> {
        let references = self.parts.iter().map(|part| part.reference.clone());
        references.zip(ids.iter().copied()).collect()
    }

    /// Returns the existing declaration of each part: one with the same name and schema, whose
    /// references point to the same declarations.
    pub(super) fn shared(&self, declared: &[Declaration]) -> Vec<Option<DeclarationId>> {
        let like = |part: &Part<'_>, from: usize| {
            let is_like = |one: &Declaration| {
                one.source.name == part.name && one.source.schema == part.schema
            };
            let found = declared.iter().skip(from).position(is_like);
            found.map(|at| DeclarationId(from + at))
        };
        let mut shared: Vec<_> = self.parts.iter().map(|part| like(part, 0)).collect();
        loop {
            let chosen: BTreeMap<&str, Option<DeclarationId>> = self
                .parts
                .iter()
                .map(|part| &*part.reference)
                .zip(shared.iter().copied())
                .collect();
            let leads_elsewhere = |at: usize, id: DeclarationId| {
                let mut references = Vec::new();
                gather(&self.parts[at].schema, &mut references);
                let known = &declared[id.0].source.references;
                references
                    .iter()
                    .any(|one| chosen.get(one).copied().flatten() != known.get(*one).copied())
            };
            let wrong = shared.iter().enumerate().find_map(|(at, id)| {
                (*id).filter(|id| leads_elsewhere(at, *id)).map(|id| (at, id))
            });
            let Some((at, id)) = wrong else { return shared };
            shared[at] = like(&self.parts[at], id.0 + 1);
        }
    }
}

/// Collects all references in a schema.
fn gather<'v>(schema: &'v Value, references: &mut Vec<&'v str>) {
    match schema {
        Value::Object(map) => {
            references.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| gather(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, references)),
        _ => {}
    }
}

fn bare(schema: &Value) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    let only_here = ["$schema", "$id", "title", "$defs", "definitions"];
    let kept = map.iter().filter(|(keyword, _)| !only_here.contains(&keyword.as_str()));
    Value::Object(
        kept.map(|(keyword, value)| (keyword.clone(), value.clone())).collect::<Map<_, _>>(),
    )
}
