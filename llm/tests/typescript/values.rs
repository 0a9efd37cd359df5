//! Random values of a JSON Schema, and their texts.

use fastrand::Rng;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Strings that are difficult to cut, to escape or to read in JavaScript.
const WORDS: [&str; 10] = [
    "",
    "Once",
    "upon a time",
    "\"quoted\"\\",
    "line\nfeed\t",
    "größe",
    "日本語",
    "🐉🔥",
    "\u{2028}",
    "true",
];

/// Depth from which no optional properties are generated.
const DEEP: usize = 3;

/// Generates values of the schemas of one document.
pub(crate) struct Values<'a> {
    pub(crate) document: &'a Value,
    pub(crate) random: &'a mut Rng,
}

impl Values<'_> {
    /// Returns a random value of this schema, which is a part of the document.
    pub(crate) fn value(&mut self, schema: &Value, depth: usize) -> Value {
        let Some(schema) = schema.as_object() else { return json!(self.word()) };
        let mut parts = Vec::new();
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            let target = self.document.pointer(pointer).unwrap().clone();
            parts.push(self.value(&target, depth));
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(alternatives) = schema.get(keyword).and_then(Value::as_array) {
                let null = alternatives.iter().find(|one| one["type"] == "null");
                let any = &alternatives[self.random.usize(..alternatives.len())];
                let chosen = null.filter(|_| depth > DEEP).unwrap_or(any);
                parts.push(self.value(chosen, depth));
            }
        }
        if let Some(value) = schema.get("const") {
            parts.push(value.clone());
        } else if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            parts.push(values[self.random.usize(..values.len())].clone());
        } else if let Some(ty) = schema.get("type") {
            let names = ty.as_array().map_or(std::slice::from_ref(ty), Vec::as_slice);
            let name = names[self.random.usize(..names.len())].as_str().unwrap();
            parts.push(self.typed(name, schema, depth));
        }
        parts.into_iter().reduce(merged).unwrap_or_else(|| json!(self.word()))
    }

    fn typed(&mut self, name: &str, schema: &Map<String, Value>, depth: usize) -> Value {
        match name {
            "string" if schema.get("maxLength") == Some(&json!(1)) => json!("ß"),
            "string" => json!(self.text()),
            "boolean" => json!(self.random.bool()),
            "null" => Value::Null,
            "number" => json!(f64::from(self.random.i32(-1000..1000)) / 4.0),
            "integer" => self.integer(schema),
            "array" => self.list(schema, depth),
            "object" => self.object(schema, depth),
            other => unreachable!("type {other}"),
        }
    }

    /// Returns an integer that JavaScript represents exactly.
    fn integer(&mut self, schema: &Map<String, Value>) -> Value {
        match schema.get("format").and_then(Value::as_str).unwrap_or_default() {
            "uint8" => json!(self.random.u8(..)),
            "uint16" => json!(self.random.u16(..)),
            "int32" => json!(self.random.i32(..)),
            "int64" => json!(self.random.i64(-(1 << 53) + 1..1 << 53)),
            _ => json!(self.random.u32(..)),
        }
    }

    fn list(&mut self, schema: &Map<String, Value>, depth: usize) -> Value {
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        if let Some(prefix) = prefix {
            return prefix.iter().map(|item| self.value(item, depth + 1)).collect();
        }
        let length = schema.get("minItems").and_then(Value::as_u64);
        let length = length.unwrap_or_else(|| if depth > DEEP { 0 } else { self.random.u64(..4) });
        let items: Vec<_> = (0..length).map(|_| self.value(&schema["items"], depth + 1)).collect();
        if schema.contains_key("uniqueItems") {
            return items.first().into_iter().cloned().collect();
        }
        items.into()
    }

    fn object(&mut self, schema: &Map<String, Value>, depth: usize) -> Value {
        let mut object = Map::new();
        let required = schema.get("required").and_then(Value::as_array);
        for (key, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let is_required = required.is_some_and(|keys| keys.iter().any(|one| one == key));
            if is_required || (depth <= DEEP && self.random.bool()) {
                object.insert(key.clone(), self.value(property, depth + 1));
            }
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let others = patterns.and_then(|patterns| patterns.values().next());
        let others = others.or_else(|| schema.get("additionalProperties"));
        if let Some(others) = others.filter(|others| **others != json!(false) && depth <= DEEP) {
            for _ in 0..self.random.usize(..3) {
                let key =
                    if patterns.is_some() { self.random.u32(..).to_string() } else { self.text() };
                object.insert(key, self.value(others, depth + 1));
            }
        }
        object.into()
    }

    fn text(&mut self) -> String {
        (0..self.random.usize(..4)).map(|_| self.word()).collect()
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.random.usize(..WORDS.len())]
    }
}

fn merged(one: Value, two: Value) -> Value {
    match (one, two) {
        (Value::Object(mut one), Value::Object(two)) => {
            one.extend(two);
            one.into()
        }
        (one, _) => one,
    }
}

/// Writes a value as a model might: properties in any order, with whitespace, possibly in a fence.
pub(crate) fn text_of(value: &Value, random: &mut Rng) -> String {
    let mut text = String::new();
    let is_fenced = random.u8(..4) == 0;
    text += if is_fenced { "Here you are:\n```json\n" } else { "" };
    write_value(value, random, &mut text);
    text += if is_fenced { "\n```\n" } else { "" };
    text
}

fn write_value(value: &Value, random: &mut Rng, text: &mut String) {
    let space = |random: &mut Rng| ["", "", " ", "\n  "][random.usize(..4)];
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            random.shuffle(&mut entries);
            text.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                write!(text, "{comma}{}{}:{}", space(random), json!(key), space(random)).unwrap();
                write_value(value, random, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                *text += if at > 0 { "," } else { "" };
                *text += space(random);
                write_value(item, random, text);
            }
            text.push(']');
        }
        Value::String(string) if random.bool() => {
            text.push('"');
            for unit in string.encode_utf16() {
                write!(text, "\\u{unit:04x}").unwrap();
            }
            text.push('"');
        }
        other => *text += &other.to_string(),
    }
}

/// Cuts a text at random places between characters.
pub(crate) fn cut<'t>(text: &'t str, random: &mut Rng) -> Vec<&'t str> {
    let mut chunks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.floor_char_boundary(random.usize(4..24).min(rest.len()));
        let (chunk, tail) = rest.split_at(at);
        chunks.push(chunk);
        rest = tail;
    }
    chunks
}
