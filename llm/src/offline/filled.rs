//! Made-up values that fit a schema.
//!
//! They show the form of an answer, so that a program with typed prompts runs without a model. The
//! texts state that no model wrote them. A choice is the one whose name and description have the most words of the prompt.
//! The same schema and prompt always get the same value.

use super::words::{COMMON, Words};
use serde_json::{Map, Value, json};

/// Depth from which lists are empty and optional parts absent.
const DEPTH: usize = 6;

/// Length of a list, unless the bounds of its schema require another one.
const ITEMS: usize = 2;

/// Returns a value that fits a schema, as far as the schema is supported.
pub(super) fn fill(schema: &Value, prompt: &str) -> Value {
    Filler { root: schema, prompt: Words::new(prompt) }.value(schema, "value", 0)
}

struct Filler<'a> {
    root: &'a Value,
    prompt: Words,
}

impl<'a> Filler<'a> {
    fn value(&self, schema: &'a Value, name: &str, depth: usize) -> Value {
        // stop at references that refer to each other
        if depth > 4 * DEPTH {
            return Value::Null;
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(chosen) = schema["enum"].as_array().and_then(|values| self.best(values)) {
            return chosen.clone();
        }
        if let Some(target) = self.referenced(schema) {
            return self.value(target, name, depth + 1);
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(choices) = schema[keyword].as_array() {
                let chosen = self.choose(choices, depth);
                let value =
                    chosen.map_or(Value::Null, |chosen| self.value(chosen, name, depth + 1));
                return self.beside(schema, value, depth);
            }
        }
        match kind(schema, depth) {
            "object" => self.object(schema, name, depth),
            "array" => self.list(schema, name, depth),
            "integer" => json!(integer(schema)),
            "number" => json!(number(schema)),
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => Value::String(Self::text(schema, name)),
        }
    }

    fn referenced(&self, schema: &Value) -> Option<&'a Value> {
        self.root.pointer(schema["$ref"].as_str()?.strip_prefix('#')?)
    }

    /// Returns the choice with the most words of the prompt; the first one of several.
    fn best(&self, choices: &'a [Value]) -> Option<&'a Value> {
        let common = Words::new(COMMON);
        let score = |choice: &Value| {
            let parts = [choice, &choice["const"], &choice["enum"][0], &choice["description"]];
            let text: Vec<&str> = parts.into_iter().filter_map(Value::as_str).collect();
            let words = Words::new(&words(&text.join(" ")));
            words.iter().filter(|word| self.prompt.has(word) && !common.has(word)).count()
        };
        choices.iter().rev().max_by_key(|choice| score(choice))
    }

    /// Chooses the best alternative that is not null; at depth, null or one without references to other schemas.
    fn choose(&self, choices: &'a [Value], depth: usize) -> Option<&'a Value> {
        let is_null = |choice: &&Value| choice["type"] == "null";
        if depth >= DEPTH {
            let mut leaves = choices.iter().filter(|choice| !refers(choice));
            let found = choices.iter().find(is_null).or_else(|| leaves.next());
            if found.is_some() {
                return found;
            }
        }
        let is_choice = |choice: &Value| choice.get("const").or(choice.get("enum")).is_some();
        if choices.iter().all(is_choice) {
            return self.best(choices);
        }
        choices.iter().find(|choice| !is_null(choice))
    }

    /// Adds the properties next to alternatives, such as those around a flattened enum.
    fn beside(&self, schema: &'a Value, value: Value, depth: usize) -> Value {
        let (Value::Object(mut found), Some(_)) = (value.clone(), schema.get("properties")) else {
            return value;
        };
        if let Value::Object(more) = self.object(schema, "", depth) {
            found.extend(more);
        }
        Value::Object(found)
    }

    fn object(&self, schema: &'a Value, name: &str, depth: usize) -> Value {
        let mut object = Map::new();
        let required = |name: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name))
        };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if depth < DEPTH || required(name) {
                let value = self.value(property, name, depth + 1);
                object.insert(name.clone(), value);
            }
        }
        let extra = &schema["additionalProperties"];
        if extra.is_object() && object.is_empty() && depth < DEPTH {
            for key in ["first", "second"] {
                let value = self.value(extra, name, depth + 1);
                object.insert(key.to_owned(), value);
            }
        }
        Value::Object(object)
    }

    fn list(&self, schema: &'a Value, name: &str, depth: usize) -> Value {
        let bound =
            |keyword: &str| schema[keyword].as_u64().and_then(|bound| usize::try_from(bound).ok());
        let prefix = schema["prefixItems"].as_array().map_or(&[][..], Vec::as_slice);
        let wanted = if depth < DEPTH { ITEMS.max(prefix.len()) } else { prefix.len() };
        let length =
            wanted.max(bound("minItems").unwrap_or(0)).min(bound("maxItems").unwrap_or(64));
        let singular = name.strip_suffix('s').filter(|name| name.len() > 2).unwrap_or(name);
        let items = (0..length).map(|index| {
            let item = prefix.get(index).unwrap_or(&schema["items"]);
            self.value(item, &format!("{singular} {}", index + 1), depth + 1)
        });
        items.collect()
    }

    fn text(schema: &Value, name: &str) -> String {
        let known = match schema["format"].as_str() {
            Some("date") => "2026-01-01",
            Some("time") => "12:00:00Z",
            Some("date-time" | "partial-date-time") => "2026-01-01T12:00:00Z",
            Some("duration") => "PT1H",
            Some("email") => "someone@example.com",
            Some("uri" | "url") => "https://example.com/",
            Some("uuid") => "00000000-0000-4000-8000-000000000000",
            Some("ipv4" | "ip") => "192.0.2.1",
            Some("ipv6") => "2001:db8::1",
            _ => "",
        };
        if !known.is_empty() {
            return known.to_owned();
        }
        let text = format!("A {} that no model wrote", words(name));
        let most = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok());
        text.chars().take(most.unwrap_or(usize::MAX)).collect()
    }
}

/// Returns the type of a value: the first that is not null, or null at depth.
fn kind(schema: &Value, depth: usize) -> &str {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("properties").is_some() => vec!["object"],
        _ => vec!["string"],
    };
    let null = kinds.contains(&"null") && depth >= DEPTH;
    let first = kinds.iter().find(|kind| **kind != "null");
    if null { "null" } else { first.copied().unwrap_or("null") }
}

/// Returns a small integer within the bounds.
fn integer(schema: &Value) -> i64 {
    let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
    let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    3_i64.max(least).min(most)
}

/// Returns a small number within the bounds.
fn number(schema: &Value) -> f64 {
    let bound = |keyword: &str| schema[keyword].as_f64();
    let least = bound("minimum").unwrap_or(f64::NEG_INFINITY);
    let most = bound("maximum").unwrap_or(f64::INFINITY);
    1.5_f64.max(least).min(most)
}

/// Returns whether a schema contains a reference.
fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.contains_key("$ref") || map.values().any(refers),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

/// Splits `snake_case` and `camelCase` into words.
fn words(name: &str) -> String {
    let mut words = String::new();
    for sign in name.chars() {
        match sign {
            '_' | '-' => words.push(' '),
            sign if sign.is_uppercase() && !words.is_empty() => {
                words.push(' ');
                words.extend(sign.to_lowercase());
            }
            sign => words.extend(sign.to_lowercase()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::fill;
    use serde_json::{Value, json};

    #[test]
    fn value_fits_its_schema_and_says_that_it_is_made_up() {
        let story = json!({
            "type": "object",
            "properties": {
                "title": { "type": "string" },
                "rating": { "type": "integer", "minimum": 5, "maximum": 9 },
                "chapters": { "type": "array", "items": { "$ref": "#/$defs/Chapter" }, "maxItems": 1 },
                "note": { "type": ["string", "null"] },
                "mood": { "enum": ["dark", "light"] },
            },
            "$defs": { "Chapter": { "type": "object", "properties": {
                "firstLine": { "type": "string" }, "at": { "type": "string", "format": "date" } } } },
        });
        let expected = json!({
            "title": "A title that no model wrote",
            "rating": 5,
            "chapters": [{ "at": "2026-01-01", "firstLine": "A first line that no model wrote" }],
            "note": "A note that no model wrote",
            "mood": "dark",
        });
        let tree = json!({ "type": "object", "properties": {
            "children": { "type": "array", "items": { "$ref": "#" } },
            "parent": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] } } });
        let endless = json!({ "$ref": "#" });
        for (schema, expected) in [
            (story, expected),
            (json!({ "anyOf": [{ "type": "null" }, { "type": "integer" }] }), json!(3)),
            (
                json!({ "type": "array", "prefixItems": [{ "type": "boolean" }, { "const": 7 }] }),
                json!([true, 7]),
            ),
            (
                json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
                json!({ "first": 3, "second": 3 }),
            ),
            (
                json!({ "properties": { "a": { "type": "integer" } },
                "oneOf": [{ "type": "object", "properties": { "b": { "const": 1 } } }] }),
                json!({ "a": 3, "b": 1 }),
            ),
            (endless, Value::Null),
        ] {
            assert_eq!(fill(&schema, "Hello"), expected, "{schema}");
        }
        // recursive types end
        assert!(fill(&tree, "Hello")["children"].is_array());
    }

    #[test]
    fn choices_follow_the_prompt() {
        let plain = json!({ "enum": ["red", "dark_green", "blue"] });
        let described = json!({ "oneOf": [
            { "const": "orders", "description": "Where a parcel is." },
            { "const": "person", "description": "The customer wants to talk to a human." },
        ] });
        for (schema, prompt, expected) in [
            (&plain, "a green one", "dark_green"),
            (&plain, "any of the colours", "red"),
            (&described, "I want a human!", "person"),
            (&described, "Where are my parcels?", "orders"),
        ] {
            assert_eq!(fill(schema, prompt), json!(expected), "{prompt}");
        }
    }
}
