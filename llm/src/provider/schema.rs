//! Conversion of schemas to the structured output of each provider.
//!
//! The providers compile a schema into a grammar and reject schemas that they cannot compile. A schema
//! is converted without loss if possible; otherwise the result is `None`, and the caller describes the
//! schema in the prompt instead. Bounds and formats are removed: they guide the model less than a
//! grammar does, and the parser of the answer checks them in any case.

use genai::adapter::AdapterKind;
use serde_json::{Map, Value, json};

/// A provider's subset of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `OpenAI` with `strict`, which `genai` always sets: objects are closed, and all properties are
    /// required.
    OpenAi,
    /// Anthropic: closed objects, no bounds, no recursion, and few optional properties and unions.
    Anthropic,
    /// Gemini: most of JSON Schema, but no required property that refers back to its type.
    Gemini,
}

/// The number of optional properties that Anthropic allows in one request.
const OPTIONAL: usize = 24;

/// The number of unions that Anthropic allows in one request: `anyOf`, and lists of types.
const UNIONS: usize = 16;

impl Dialect {
    /// Returns the dialect of a provider to which `genai` passes schemas, or `None` if it does not, or
    /// if the provider is known not to support schemas. `genai` ignores schemas for Ollama and Cohere,
    /// and gateways differ by the model behind them.
    pub(super) fn of(adapter: AdapterKind) -> Option<Self> {
        match adapter {
            AdapterKind::OpenAI
            | AdapterKind::OpenAIResp
            | AdapterKind::Xai
            | AdapterKind::Mistral
            | AdapterKind::Fireworks
            | AdapterKind::Together => Some(Self::OpenAi),
            AdapterKind::Anthropic => Some(Self::Anthropic),
            AdapterKind::Gemini => Some(Self::Gemini),
            _ => None,
        }
    }

    /// Converts a schema, or returns `None` if the provider cannot express it.
    pub(super) fn translate(self, schema: &Value) -> Option<Value> {
        if self != Self::OpenAi && is_recursive(schema) {
            return None;
        }
        let root = self.rewrite(schema)?;
        let is_object = root["type"] == "object" && root.get("anyOf").is_none();
        let fits = || {
            let (optional, unions) = complexity(&root);
            optional <= OPTIONAL && unions <= UNIONS
        };
        (is_object && (self != Self::Anthropic || fits())).then_some(root)
    }

    fn rewrite(self, schema: &Value) -> Option<Value> {
        // `true` accepts anything, which a grammar cannot express
        let Value::Object(schema) = schema else { return None };
        let mut out = Map::new();
        for (keyword, value) in schema {
            if let Some((keyword, value)) = self.keyword(keyword, value)? {
                out.insert(keyword, value);
            }
        }
        if out.contains_key("$ref") {
            return lone_reference(out);
        }
        if self != Self::Gemini {
            close(&mut out, self)?;
        }
        let shaped = ["type", "$ref", "anyOf", "enum", "const"];
        shaped.iter().any(|keyword| out.contains_key(*keyword)).then_some(Value::Object(out))
    }

    /// Converts a keyword. The outer `None` means that the provider cannot express it, the inner one
    /// that it is left to the parser.
    #[expect(clippy::option_option, reason = "refused and removed are different answers")]
    fn keyword(self, keyword: &str, value: &Value) -> Option<Option<(String, Value)>> {
        let as_it_is = || Some((keyword.to_owned(), value.clone()));
        Some(match keyword {
            "const" if self == Self::Gemini => return self.keyword("enum", &json!([value])),
            "enum" if self == Self::Gemini && !is_plain(value) => return None,
            "type" | "title" | "description" | "$ref" | "enum" | "const" | "required" => as_it_is(),
            "properties" | "$defs" => Some((keyword.to_owned(), self.each_named(value)?)),
            "items" => Some((keyword.to_owned(), self.rewrite(value)?)),
            "anyOf" | "oneOf" => Some(("anyOf".to_owned(), self.each(value)?)),
            "allOf" => match value.as_array().map(Vec::as_slice) {
                // a reference with keywords next to it
                Some([one]) if one.get("$ref").is_some() => {
                    Some(("$ref".to_owned(), one["$ref"].clone()))
                }
                _ => return None,
            },
            "prefixItems" if self == Self::Gemini => Some((keyword.to_owned(), self.each(value)?)),
            "additionalProperties" if *value == Value::Bool(false) => as_it_is(),
            "additionalProperties" if self == Self::Gemini => match value {
                Value::Bool(_) => as_it_is(),
                schema => Some((keyword.to_owned(), self.rewrite(schema)?)),
            },
            "minimum" | "maximum" | "minItems" | "maxItems" if self != Self::Anthropic => {
                as_it_is()
            }
            "prefixItems"
            | "additionalProperties"
            | "patternProperties"
            | "propertyNames"
            | "unevaluatedProperties"
            | "not"
            | "if"
            | "dependentSchemas"
            | "contains" => {
                return None;
            }
            // annotations, bounds, formats: left to the parser
            _ => None,
        })
    }

    fn each(self, schemas: &Value) -> Option<Value> {
        schemas.as_array()?.iter().map(|schema| self.rewrite(schema)).collect()
    }

    fn each_named(self, schemas: &Value) -> Option<Value> {
        let rewrite =
            |(name, schema): (&String, &Value)| Some((name.clone(), self.rewrite(schema)?));
        schemas.as_object()?.iter().map(rewrite).collect::<Option<_>>().map(Value::Object)
    }
}

/// Returns whether the values are strings and numbers, the only ones that Gemini accepts.
fn is_plain(values: &Value) -> bool {
    let mut values = values.as_array().into_iter().flatten();
    values.all(|value| value.is_string() || value.is_number())
}

/// Returns a reference with its description. Providers reject keywords next to `$ref`, and `genai`
/// inlines the target of a reference with a description, endlessly if the target contains itself.
fn lone_reference(mut schema: Map<String, Value>) -> Option<Value> {
    let reference = schema.remove("$ref")?;
    let reference = json!({ "$ref": reference });
    if schema.keys().any(|keyword| keyword != "title" && keyword != "description") {
        return None;
    }
    if schema.is_empty() {
        return Some(reference);
    }
    schema.insert("anyOf".to_owned(), json!([reference]));
    Some(Value::Object(schema))
}

/// Returns the numbers of optional properties and of unions.
fn complexity(schema: &Value) -> (usize, usize) {
    let inner: Vec<&Value> = match schema {
        Value::Object(map) => map.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return (0, 0),
    };
    let mut found = inner.into_iter().map(complexity).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required = schema["required"].as_array().map_or(0, Vec::len);
        found.0 += properties.len().saturating_sub(required);
    }
    found.1 += usize::from(
        ["anyOf", "type"].iter().any(|keyword| schema.get(*keyword).is_some_and(Value::is_array)),
    );
    found
}

/// Closes an object. For `OpenAI`, all properties become required; an answer that contains a property
/// with a default value is valid.
fn close(schema: &mut Map<String, Value>, dialect: Dialect) -> Option<()> {
    let is_object = match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => schema.contains_key("properties"),
    };
    if !is_object {
        return Some(());
    }
    schema.entry("type").or_insert_with(|| "object".into());
    let properties = schema.entry("properties").or_insert_with(|| json!({})).as_object()?;
    let names: Vec<Value> = properties.keys().cloned().map(Value::String).collect();
    if dialect == Dialect::OpenAi {
        schema.insert("required".to_owned(), names.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    Some(())
}

/// Returns whether a definition refers to itself, directly or indirectly.
fn is_recursive(root: &Value) -> bool {
    let definitions = root["$defs"].as_object().into_iter().flat_map(Map::keys);
    let names = definitions.map(|name| format!("#/$defs/{name}"));
    std::iter::once("#".to_owned()).chain(names).any(|start| {
        let mut seen: Vec<&str> = Vec::new();
        let mut left = referenced(root, &start);
        while let Some(reference) = left.pop() {
            if reference == start {
                return true;
            }
            if !seen.contains(&reference) {
                seen.push(reference);
                left.extend(referenced(root, reference));
            }
        }
        false
    })
}

/// Returns the references in a definition.
fn referenced<'a>(root: &'a Value, reference: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut left: Vec<&Value> =
        root.pointer(reference.trim_start_matches('#')).into_iter().collect();
    while let Some(schema) = left.pop() {
        match schema {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                let inner = map.iter().filter(|(keyword, _)| *keyword != "$defs");
                left.extend(inner.map(|(_, schema)| schema));
            }
            Value::Array(schemas) => left.extend(schemas),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Dialect::{self, Anthropic, Gemini, OpenAi};
    use serde_json::{Value, json};

    fn object(properties: &Value, required: &Value) -> Value {
        json!({ "type": "object", "properties": properties, "required": required,
            "additionalProperties": false })
    }

    #[test]
    fn schema_is_converted_for_each_provider() {
        let number = json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 });
        let bare = json!({ "type": "integer" });
        let bounded = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
        let open = json!({ "$schema": "s", "title": "T", "type": "object",
            "properties": { "a": number, "b": { "type": ["string", "null"], "default": null } },
            "required": ["a"] });
        let b = json!({ "type": ["string", "null"] });
        let titled = |mut schema: Value| {
            schema["title"] = json!("T");
            schema
        };
        let map = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        let of = |property: Value| json!({ "type": "object", "properties": { "a": property }, "required": ["a"] });
        let closed = |property: Value| Some(object(&json!({ "a": property }), &json!(["a"])));
        let recursive = json!({ "type": "object",
            "properties": { "a": { "type": "array", "items": { "$ref": "#" } } },
            "required": ["a"] });
        let tagged =
            json!({ "oneOf": [{ "type": "string", "const": "A" }, { "$ref": "#/$defs/B" }] });
        let any = json!({ "anyOf": [{ "type": "string", "const": "A" }, { "$ref": "#/$defs/B" }] });
        let listed =
            json!({ "anyOf": [{ "type": "string", "enum": ["A"] }, { "$ref": "#/$defs/B" }] });
        let described = json!({ "description": "d", "$ref": "#/$defs/B", "default": null });
        let chosen = json!({ "description": "d", "anyOf": [{ "$ref": "#/$defs/B" }] });
        let tagged_reference = json!({ "$ref": "#/$defs/B", "type": "object",
            "properties": { "t": { "const": "P" } }, "required": ["t"] });
        let nullable = json!({ "type": ["object", "null"], "properties": { "x": bare },
            "required": ["x"] });
        let closed_nullable = json!({ "type": ["object", "null"], "properties": { "x": bare },
            "required": ["x"], "additionalProperties": false });
        let table: Vec<(&str, Dialect, Value, Option<Value>)> = vec![
            (
                "each property is required",
                OpenAi,
                open.clone(),
                Some(titled(object(&json!({ "a": bounded, "b": b }), &json!(["a", "b"])))),
            ),
            (
                "optional ones stay so",
                Anthropic,
                open.clone(),
                Some(titled(object(&json!({ "a": bare, "b": b }), &json!(["a"])))),
            ),
            (
                "objects stay open",
                Gemini,
                open,
                Some(titled(json!({ "type": "object", "properties": { "a": bounded, "b": b },
                    "required": ["a"] }))),
            ),
            ("maps", OpenAi, of(map.clone()), None),
            ("maps", Anthropic, of(map.clone()), None),
            ("maps", Gemini, of(map.clone()), Some(of(map))),
            ("anything", OpenAi, of(json!(true)), None),
            ("anything", Gemini, of(json!({ "description": "d" })), None),
            (
                "tuples",
                OpenAi,
                of(json!({ "type": "array", "prefixItems": [{ "type": "null" }] })),
                None,
            ),
            (
                "recursion",
                OpenAi,
                recursive.clone(),
                closed(json!({ "type": "array", "items": { "$ref": "#" } })),
            ),
            ("recursion", Anthropic, recursive.clone(), None),
            ("recursion", Gemini, recursive, None),
            ("described references", OpenAi, of(described.clone()), closed(chosen.clone())),
            ("described references", Anthropic, of(described.clone()), closed(chosen.clone())),
            ("described references", Gemini, of(described), Some(of(chosen))),
            ("references with more", OpenAi, of(tagged_reference.clone()), None),
            ("references with more", Gemini, of(tagged_reference), None),
            ("optional objects", OpenAi, of(nullable.clone()), closed(closed_nullable.clone())),
            ("optional objects", Anthropic, of(nullable), closed(closed_nullable)),
            ("constants", Gemini, of(json!({ "type": "boolean", "const": true })), None),
            ("constants", Gemini, of(json!({ "enum": ["A", null] })), None),
            (
                "maps of constants",
                Gemini,
                of(json!({ "type": "object", "additionalProperties": { "const": "A" } })),
                Some(of(json!({ "type": "object", "additionalProperties": { "enum": ["A"] } }))),
            ),
            ("enums", OpenAi, of(tagged.clone()), closed(any)),
            ("enums", Gemini, of(tagged), Some(of(listed))),
            ("no object", OpenAi, json!({ "type": "string" }), None),
            (
                "flattened enums",
                OpenAi,
                json!({ "type": "object", "unevaluatedProperties": false }),
                None,
            ),
            ("empty", OpenAi, json!({ "type": "object" }), Some(object(&json!({}), &json!([])))),
        ];
        for (name, dialect, schema, expected) in table {
            assert_eq!(dialect.translate(&schema), expected, "{name} for {dialect:?}");
        }
    }

    #[test]
    fn schemas_beyond_the_limits_of_a_provider_are_not_converted() {
        let bare = json!({ "type": "integer" });
        let union = json!({ "type": ["string", "null"] });
        let many = |count: usize, property: &Value| {
            let named = (0..count).map(|index| (index.to_string(), property.clone()));
            json!({ "type": "object", "properties": named.collect::<serde_json::Map<_, _>>() })
        };
        let many_closed = |count: usize, property: &Value| {
            let mut schema = many(count, property);
            schema["additionalProperties"] = json!(false);
            schema
        };
        assert_eq!(Anthropic.translate(&many(24, &bare)), Some(many_closed(24, &bare)));
        assert_eq!(Anthropic.translate(&many(25, &bare)), None);
        assert_eq!(Anthropic.translate(&many(17, &union)), None);
    }
}
