//! Random schemas, random values of them, random cuts: the value grows to the whole value, and every
//! intermediate value is a prefix of it in the order of the text.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test")]

mod common;

use burdock_json::{Mark, Schema};
use common::{Random, cut, grow, grow_in_all_cuts};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

const ROUNDS: u64 = 1_500;

/// A JSON value with ordered properties.
#[derive(Clone, Debug)]
enum Doc {
    Scalar(Value),
    Text(String),
    List(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

impl Doc {
    fn value(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::Text(text) => text.clone().into(),
            Self::List(list) => list.iter().map(Self::value).collect(),
            Self::Object(members) => Value::Object(
                members.iter().map(|(key, doc)| (key.clone(), doc.value())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// Writes the document, with whitespace in random places.
    fn write(&self, random: &mut Random, text: &mut String) {
        let space = |random: &mut Random| *random.pick(&["", "", "", " ", "\n  ", "\t"]);
        text.push_str(space(random));
        match self {
            Self::Scalar(value) => text.push_str(&value.to_string()),
            Self::Text(string) => write_text(string, random, text),
            Self::List(list) => {
                text.push('[');
                for (at, doc) in list.iter().enumerate() {
                    text.push_str(if at > 0 { "," } else { "" });
                    doc.write(random, text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (at, (key, doc)) in members.iter().enumerate() {
                    text.push_str(if at > 0 { "," } else { "" });
                    text.push_str(&Value::from(key.as_str()).to_string());
                    text.push_str(space(random));
                    text.push(':');
                    doc.write(random, text);
                }
                text.push('}');
            }
        }
        text.push_str(space(random));
    }

    /// Returns whether a reader of a part of the text can see this value.
    fn has_prefix(&self, partial: &Value) -> bool {
        match (self, partial) {
            (Self::Scalar(value), partial) => value == partial,
            (Self::Text(text), Value::String(partial)) => text.starts_with(partial.as_str()),
            (Self::List(elements), Value::Array(partial)) => {
                let Some(last) = partial.len().checked_sub(1) else { return true };
                partial.len() <= elements.len()
                    && (0..last).all(|at| elements[at].value() == partial[at])
                    && elements[last].has_prefix(&partial[last])
            }
            (Self::Object(members), Value::Object(partial)) => {
                let Some(last) = partial.len().checked_sub(1) else { return true };
                let found = |at: usize| members.get(at).and_then(|(key, _)| partial.get(key));
                (0..last).all(|at| found(at) == Some(&members[at].1.value()))
                    && found(last).is_some_and(|partial| members[last].1.has_prefix(partial))
            }
            _ => false,
        }
    }
}

/// Writes a string, with some characters as escapes.
fn write_text(string: &str, random: &mut Random, text: &mut String) {
    text.push('"');
    for char in string.chars() {
        if random.one_in(8) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").unwrap();
            }
        } else {
            let written = Value::from(char.to_string()).to_string();
            text.push_str(&written[1..written.len() - 1]);
        }
    }
    text.push('"');
}

/// Generates schemas, and values of them.
struct Maker {
    random: Random,
}

impl Maker {
    fn schema(&mut self, depth: usize) -> Value {
        let kinds = if depth == 0 { 7 } else { 14 };
        match self.random.below(kinds) {
            0 => json!({"type": "integer", "format": "int32"}),
            1 => json!({"type": "number"}),
            2 => json!({"type": "boolean"}),
            3 | 4 => json!({"type": "string"}),
            5 => json!({"type": "string", "enum": ["red", "dark_green", "dark", "blue sky"]}),
            6 => json!({"type": ["string", "null"]}),
            7 => json!({"type": "array", "items": self.schema(depth - 1)}),
            8 => json!({"type": "object", "additionalProperties": self.schema(depth - 1)}),
            9 => {
                let items: Vec<_> =
                    (0..=self.random.below(2)).map(|_| self.schema(depth - 1)).collect();
                json!({"type": "array", "minItems": items.len(), "maxItems": items.len(), "prefixItems": items})
            }
            10 => json!({"anyOf": [self.object(depth - 1, None), {"type": "null"}]}),
            11 => json!({"oneOf": (0..=self.random.below(3))
                .map(|at| self.object(depth - 1, Some(["One", "Two", "Three", "Four"][at])))
                .collect::<Vec<_>>()}),
            _ => self.object(depth - 1, None),
        }
    }

    fn object(&mut self, depth: usize, tag: Option<&str>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for key in ["title", "pages", "kind of", "ünique", "a_b"] {
            if self.random.one_in(2) {
                properties.insert(key.into(), self.schema(depth));
                if self.random.one_in(2) {
                    required.push(key);
                }
            }
        }
        if let Some(tag) = tag {
            properties.insert("kind".into(), json!({"type": "string", "const": tag}));
            required.push("kind");
        }
        let mut object = json!({"type": "object", "properties": properties, "required": required});
        if self.random.one_in(3) {
            object["additionalProperties"] = false.into();
        }
        object
    }

    fn doc(&mut self, schema: &Value) -> Doc {
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(alternatives)) = schema.get(keyword) {
                let at = self.random.below(alternatives.len());
                return self.doc(&alternatives[at]);
            }
        }
        if let Some(Value::Array(variants)) = schema.get("enum") {
            return Doc::Scalar(self.random.pick(variants).clone());
        }
        if let Some(only) = schema.get("const") {
            return Doc::Scalar(only.clone());
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => self.random.pick(kinds).as_str().unwrap(),
            kind => kind.as_str().unwrap(),
        };
        match kind {
            "integer" => Doc::Scalar(json!(self.integer())),
            "number" => Doc::Scalar(json!(f64::from(self.integer()) / 64.0)),
            "boolean" => Doc::Scalar(self.random.one_in(2).into()),
            "null" => Doc::Scalar(Value::Null),
            "string" => Doc::Text(self.text()),
            "array" => Doc::List(match schema.get("prefixItems") {
                Some(Value::Array(items)) => items.iter().map(|item| self.doc(item)).collect(),
                _ => (0..self.random.below(4)).map(|_| self.doc(&schema["items"])).collect(),
            }),
            _ => self.members(schema),
        }
    }

    fn members(&mut self, schema: &Value) -> Doc {
        let mut members = Vec::new();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&key.as_str().into()) || self.random.one_in(2) {
                members.push((key.clone(), self.doc(property)));
            }
        }
        if let Some(values @ Value::Object(_)) = schema.get("additionalProperties") {
            for at in 0..self.random.below(4) {
                members.push((format!("key \"{at}\""), self.doc(values)));
            }
        }
        for at in (1..members.len()).rev() {
            let other = self.random.below(at + 1);
            members.swap(at, other);
        }
        Doc::Object(members)
    }

    fn integer(&mut self) -> i32 {
        i32::from_le_bytes(*self.random.number().to_le_bytes().first_chunk().unwrap())
    }

    fn text(&mut self) -> String {
        const PARTS: &[&str] = &[
            "a",
            "word ",
            "\"",
            "\\",
            "\n",
            "é",
            "\u{1f600}",
            "'",
            "{",
            "}",
            ",",
            "\u{1}",
            "5",
            "null",
        ];
        (0..self.random.below(12)).map(|_| *self.random.pick(PARTS)).collect()
    }
}

/// Marks random properties at all places below the root.
fn mark(schema: &mut Schema, random: &mut Random) {
    let mut places = vec![schema.root()];
    for _ in 0..40 {
        let place = random.pick(&places).clone();
        for key in ["title", "pages", "kind of", "ünique", "a_b", "kind"] {
            places.extend(schema.property(&place, key));
            if random.one_in(6) {
                schema.mark(&place, key, *random.pick(&[Mark::Done, Mark::Required]));
            }
        }
        places.extend(schema.element(&place, 0));
        places.extend(schema.values(&place));
    }
}

#[test]
fn value_grows_to_the_whole_and_every_step_is_a_prefix() {
    for round in 0..ROUNDS {
        let mut maker = Maker { random: Random(round) };
        let json = maker.schema(3);
        let doc = maker.doc(&json);
        let mut random = maker.random;
        let mut text = String::new();
        doc.write(&mut random, &mut text);
        let value = doc.value();
        let mut schema = Schema::compile(&json).unwrap();
        if random.one_in(2) {
            mark(&mut schema, &mut random);
        }
        for most in [1, 4, 40] {
            let pieces = cut(&text, most, &mut random);
            let mut last = Value::Null;
            let outcome = grow(&schema, &pieces, |grown| {
                let is_prefix = grown.is_null() || doc.has_prefix(grown);
                assert!(is_prefix, "{round}: {grown} is not a prefix\n{text}\n{json}");
                last = grown.clone();
            });
            let parsed =
                outcome.result.unwrap_or_else(|error| panic!("{round}: {error}\n{text}\n{json}"));
            assert_eq!(parsed.repairs, [], "{round}: {text}\n{json}");
            assert_eq!(outcome.grown, value, "{round}: {text}\n{json}");
            assert_eq!(serde_json::from_str::<Value>(&parsed.json).unwrap(), value, "{round}");
        }
    }
}

#[test]
fn damaged_text_is_repaired_or_rejected() {
    let mut read = 0;
    for round in 0..ROUNDS {
        let mut maker = Maker { random: Random(round ^ 0xdead_beef) };
        let json = maker.schema(3);
        let doc = maker.doc(&json);
        let mut random = maker.random;
        let mut text = String::new();
        doc.write(&mut random, &mut text);
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=random.below(4) {
            let (at, other) = (random.below(chars.len()), random.below(chars.len()));
            match random.below(4) {
                0 if !chars.is_empty() => drop(chars.remove(at)),
                1 if !chars.is_empty() => chars.insert(at, chars[other]),
                2 if !chars.is_empty() => chars.swap(at, other),
                _ => chars.truncate(at),
            }
        }
        let text: String = chars.into_iter().collect();
        let mut schema = Schema::compile(&json).unwrap();
        if random.one_in(2) {
            mark(&mut schema, &mut random);
        }
        let outcome = grow_in_all_cuts(&schema, &text);
        if let Ok(parsed) = outcome.result {
            read += 1;
            let value: Value = serde_json::from_str(&parsed.json).unwrap();
            assert_eq!(outcome.grown, value, "{round}: {text}\n{json}");
            // repaired JSON needs no further repair
            let again = grow(&schema, &[&parsed.json], |_| ());
            let again =
                again.result.unwrap_or_else(|error| panic!("{round}: {error}\n{text}\n{json}"));
            assert_eq!(
                (again.json, again.repairs),
                (parsed.json, Vec::new()),
                "{round}: {text}\n{json}"
            );
        }
    }
    assert!(read > ROUNDS / 4, "only {read} texts were read");
}
