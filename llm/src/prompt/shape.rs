//! Schemas of answers, generated once per type.

use super::PromptError;
use burdock_json::Schema;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

/// The name of the property that contains an answer that is not an object.
pub(super) const VALUE: &str = "value";

/// The schema of a type, in the two forms in which it is sent to a model.
#[derive(Debug)]
pub(crate) struct Shape {
    /// For the text of a prompt: the schema of the type.
    pub(crate) plain: Form,
    /// For structured output, which requires an object at the root: the same schema, or an object with
    /// the single property [`VALUE`], which the reader unwraps.
    pub(super) object: Form,
    /// Whether the two forms differ.
    pub(super) wrapped: bool,
}

/// A schema as JSON, and compiled.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) json: Value,
    pub(crate) compiled: Schema,
}

type Cache = RwLock<HashMap<(TypeId, Marking), Arc<Shape>>>;

static SHAPES: LazyLock<Cache> = LazyLock::new(Cache::default);

/// A function that marks the places of a schema where partial values differ from JSON.
pub(crate) type Mark = fn(&mut Schema);

/// Whether a schema is marked. A type has an entry for each case, because its `Partial` may not be in
/// scope of every prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Marking {
    Marked,
    Plain,
}

impl Shape {
    /// Returns the shape of a type. `marks` has the marks of the type itself, and of the type in
    /// [`VALUE`].
    pub(crate) fn of<T: JsonSchema + 'static>(
        marks: Option<(Mark, Mark)>,
    ) -> Result<Arc<Self>, PromptError> {
        let marking = if marks.is_some() { Marking::Marked } else { Marking::Plain };
        let key = (TypeId::of::<T>(), marking);
        let known = SHAPES.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(shape) = known {
            return Ok(shape);
        }
        let schema = SchemaGenerator::default().into_root_schema_for::<T>().to_value();
        let shape = Arc::new(Self::new(schema, marks)?);
        let mut shapes = SHAPES.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(shapes.entry(key).or_insert(shape)))
    }

    fn new(mut schema: Value, marks: Option<(Mark, Mark)>) -> Result<Self, PromptError> {
        if let Value::Object(schema) = &mut schema {
            schema.remove("$schema");
        }
        let plain = Form::new(schema.clone(), marks.map(|(plain, _)| plain))?;
        if is_object(&schema) {
            return Ok(Self { object: plain.clone(), plain, wrapped: false });
        }
        let object = Form::new(wrap(schema), marks.map(|(_, wrapped)| wrapped))?;
        Ok(Self { plain, object, wrapped: true })
    }
}

impl Form {
    fn new(json: Value, mark: Option<Mark>) -> Result<Self, PromptError> {
        let mut compiled = Schema::compile(&json)
            .map_err(|error| PromptError::Schema { reason: error.to_string() })?;
        if let Some(mark) = mark {
            mark(&mut compiled);
        }
        Ok(Self { json, compiled })
    }
}

/// Returns whether the root can only be an object, as structured output requires.
fn is_object(schema: &Value) -> bool {
    let choices = ["anyOf", "oneOf", "allOf", "$ref"];
    schema["type"] == "object" && !choices.iter().any(|keyword| schema.get(keyword).is_some())
}

/// Returns an object schema with the schema as the property [`VALUE`].
fn wrap(mut schema: Value) -> Value {
    let mut definitions = match schema.as_object_mut().and_then(|root| root.remove("$defs")) {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    // `#` now refers to the outer object
    let name = free_name(&definitions);
    let moved = format!("#/$defs/{name}");
    let mut recursive = redirect(&mut schema, &moved);
    for definition in definitions.values_mut() {
        recursive |= redirect(definition, &moved);
    }
    if recursive {
        definitions.insert(name, schema);
        schema = json!({ "$ref": moved });
    }
    let mut wrapped = json!({
        "type": "object",
        "properties": { VALUE: schema },
        "required": [VALUE],
        "additionalProperties": false,
    });
    if !definitions.is_empty() {
        wrapped["$defs"] = Value::Object(definitions);
    }
    wrapped
}

fn free_name(definitions: &Map<String, Value>) -> String {
    let mut name = "Answer".to_owned();
    while definitions.contains_key(&name) {
        name.push('_');
    }
    name
}

/// Redirects references to the root. Returns whether there were any.
fn redirect(schema: &mut Value, target: &str) -> bool {
    match schema {
        Value::Object(map) => {
            let mut found = false;
            for (keyword, value) in map {
                if keyword == "$ref" && *value == "#" {
                    *value = target.into();
                    found = true;
                } else {
                    found |= redirect(value, target);
                }
            }
            found
        }
        Value::Array(items) => {
            let mut found = false;
            for item in items {
                found |= redirect(item, target);
            }
            found
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Shape, is_object, wrap};
    use serde_json::{Value, json};

    #[test]
    fn only_objects_are_sent_unwrapped() {
        for (schema, expected) in [
            (json!({ "type": "object" }), true),
            (json!({ "type": "object", "additionalProperties": { "type": "string" } }), true),
            (json!({ "type": "object", "oneOf": [] }), false),
            (json!({ "type": ["object", "null"] }), false),
            (json!({ "$ref": "#/$defs/A" }), false),
            (json!({ "type": "string" }), false),
            (json!(true), false),
        ] {
            assert_eq!(is_object(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn definitions_and_references_to_the_root_are_kept_when_wrapped() {
        let around = |value: Value, definitions: Option<Value>| {
            let mut wrapped = json!({ "type": "object", "properties": { "value": value },
                "required": ["value"], "additionalProperties": false });
            if let Some(definitions) = definitions {
                wrapped["$defs"] = definitions;
            }
            wrapped
        };
        let leaf = json!({ "type": "null" });
        let list = json!({ "type": "array", "items": { "$ref": "#" } });
        let moved = json!({ "type": "array", "items": { "$ref": "#/$defs/Answer" } });
        for (schema, expected) in [
            (leaf.clone(), around(leaf.clone(), None)),
            (
                json!({ "$ref": "#/$defs/A", "$defs": { "A": leaf } }),
                around(json!({ "$ref": "#/$defs/A" }), Some(json!({ "A": leaf }))),
            ),
            (list, around(json!({ "$ref": "#/$defs/Answer" }), Some(json!({ "Answer": moved })))),
        ] {
            assert_eq!(wrap(schema.clone()), expected, "{schema}");
        }
    }

    #[test]
    fn an_invalid_schema_is_an_error() {
        let shape = Shape::new(json!({ "$ref": "#/$defs/Lost" }), None);
        assert!(shape.is_err_and(|error| error.to_string().contains("Lost")));
    }
}
