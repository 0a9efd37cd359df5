//! The schemas of the program's own types.
//!
//! Inputs, items and public fields have the types that the program wrote down for them. Those that
//! are JSON's own are described, and those that the server was given a schema for; of another one only
//! the name is known, so that it stands as the title of a schema that takes anything. An integer that may
//! lie beyond ±(2^53 − 1) may be a string of its digits, as `json` writes it.

use super::{digits, parts::reference};
use crate::json::MAX_SAFE;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// The schemas of the program's own types, by the names that they are declared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas(Arc<BTreeMap<String, Value>>);

impl Schemas {
    pub(crate) fn insert(&mut self, name: impl Into<String>, mut schema: Value) {
        let name: String = name.into().split_whitespace().collect();
        // a schema that stands alone refers to its parts from its own top
        widen(&mut schema);
        rebase(&mut schema, &format!("#/components/schemas/{}", component(&name)));
        if let Value::Object(schema) = &mut schema {
            schema.remove("$schema");
        }
        Arc::make_mut(&mut self.0).insert(name, schema);
    }

    /// Each schema that was given, with the name of its component.
    pub(super) fn components(&self) -> impl Iterator<Item = (String, Value)> {
        self.0.iter().map(|(ty, schema)| (component(ty), schema.clone()))
    }

    /// A Rust type as JSON has it, as far as it is known.
    pub(super) fn of(&self, ty: &str) -> Value {
        let ty: String = ty.split_whitespace().collect();
        if self.0.contains_key(&ty) {
            return reference(&component(&ty));
        }
        let arguments = |name: &str| {
            let rest = ty.rsplit("::").next().unwrap_or(&ty);
            let rest = if ty.contains('<') { &ty } else { rest };
            rest.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>')
        };
        let inner = |name: &str| arguments(name).map(|inner| self.of(inner));
        // the type of a key that JSON takes has no comma
        if let Some((_, value)) = arguments("OrdMap").and_then(|types| types.split_once(',')) {
            return json!({ "type": "object", "additionalProperties": self.of(value) });
        }
        if let Some(items) = inner("Vec").or_else(|| inner("Vector")) {
            return json!({ "type": "array", "items": items });
        }
        if let Some(inner) = inner("Option").or_else(|| inner("Slot")) {
            return json!({ "anyOf": [inner, { "type": "null" }] });
        }
        match ty.as_str() {
            "String" | "&str" => json!({ "type": "string" }),
            "char" => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
            "bool" => json!({ "type": "boolean" }),
            "f32" | "f64" => json!({ "type": "number" }),
            "u8" => integer(0, u8::MAX.into()),
            "u16" => integer(0, u16::MAX.into()),
            "u32" => integer(0, u32::MAX.into()),
            "i8" => integer(i8::MIN.into(), i8::MAX.into()),
            "i16" => integer(i16::MIN.into(), i16::MAX.into()),
            "i32" => integer(i32::MIN.into(), i32::MAX.into()),
            "u64" | "usize" => {
                let (types, pattern) = (["integer", "string"], digits::unsigned());
                json!({ "type": types, "minimum": 0, "maximum": u64::MAX, "pattern": pattern })
            }
            "i64" | "isize" => {
                let (types, pattern) = (["integer", "string"], digits::signed());
                let (least, most) = (i64::MIN, i64::MAX);
                json!({ "type": types, "minimum": least, "maximum": most, "pattern": pattern })
            }
            _ => json!({ "title": ty }),
        }
    }
}

fn integer(least: i64, most: i64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// Lets integers that may lie beyond ±(2^53 − 1) be strings as well.
fn widen(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if is_wide(fields) {
                match fields.get_mut("type") {
                    Some(Value::Array(types)) => types.push("string".into()),
                    _ => drop(fields.insert("type".into(), json!(["integer", "string"]))),
                }
                fields.insert("pattern".into(), digits::any().into());
            }
            for (_, value) in fields.iter_mut().filter(|(name, _)| !holds_values(name)) {
                widen(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(widen),
        _ => {}
    }
}

/// Whether a schema takes integers that JavaScript would round, and no strings.
fn is_wide(schema: &Map<String, Value>) -> bool {
    let takes = |name: &str| match schema.get("type") {
        Some(Value::String(ty)) => ty == name,
        Some(Value::Array(types)) => types.iter().any(|ty| ty == name),
        _ => false,
    };
    let narrow = ["int8", "uint8", "int16", "uint16", "int32", "uint32"];
    let format = schema.get("format").and_then(Value::as_str);
    let safe = |bound: &str| {
        let bound = schema.get(bound).and_then(Value::as_i64);
        bound.is_some_and(|bound| bound.unsigned_abs() <= MAX_SAFE)
    };
    let is_narrow = format.is_some_and(|format| narrow.contains(&format))
        || (safe("minimum") && safe("maximum"))
        || ["const", "enum"].iter().any(|word| schema.contains_key(*word));
    takes("integer") && !takes("string") && !is_narrow
}

/// Whether this word of a schema has values, which are no schemas.
fn holds_values(word: &str) -> bool {
    ["const", "default", "enum", "examples"].contains(&word)
}

/// The name of a type's schema, apart from those of this document.
fn component(ty: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let escaped = |char| if plain(char) { char.into() } else { format!("-{:x}-", u32::from(char)) };
    format!("types.{}", ty.chars().map(escaped).collect::<String>())
}

/// Has references to parts of a schema lead to where it stands now.
fn rebase(schema: &mut Value, to: &str) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(place) if name == "$ref" => {
                        if let Some(part) = place.strip_prefix('#') {
                            *place = format!("{to}{part}");
                        }
                    }
                    _ if holds_values(name) => {}
                    value => rebase(value, to),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rebase(value, to)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_json_are_described_and_others_named() {
        for (ty, expected) in [
            ("String", json!({ "type": "string" })),
            (
                "Option < u8 >",
                json!({ "anyOf": [
                    { "type": "integer", "minimum": 0, "maximum": 255 }, { "type": "null" },
                ] }),
            ),
            ("Vector<bool>", json!({ "type": "array", "items": { "type": "boolean" } })),
            (
                "OrdMap<u8, Vec<String>>",
                json!({
                    "type": "object",
                    "additionalProperties": { "type": "array", "items": { "type": "string" } },
                }),
            ),
            (
                "u64",
                json!({
                    "type": ["integer", "string"], "minimum": 0, "maximum": u64::MAX,
                    "pattern": digits::unsigned(),
                }),
            ),
            (
                "Vec<i64>",
                json!({
                    "type": "array",
                    "items": {
                        "type": ["integer", "string"], "minimum": i64::MIN, "maximum": i64::MAX,
                        "pattern": digits::signed(),
                    },
                }),
            ),
            ("Mode", json!({ "title": "Mode" })),
        ] {
            assert_eq!(Schemas::default().of(ty), expected, "{ty}");
        }
    }

    #[test]
    fn integers_of_given_schemas_may_be_strings_unless_they_are_small() {
        let wide = json!(["integer", "string"]);
        let digits = json!(digits::any());
        for (given, expected) in [
            (
                json!({ "type": "integer", "format": "uint64", "minimum": 0 }),
                json!({ "type": wide, "format": "uint64", "minimum": 0, "pattern": digits }),
            ),
            (
                json!({ "properties": { "type": { "type": ["integer", "null"], "format": "int64" } } }),
                json!({ "properties": { "type": {
                    "type": ["integer", "null", "string"], "format": "int64", "pattern": digits,
                } } }),
            ),
            (
                json!({ "$defs": { "Id": { "type": "integer" } }, "items": [{ "type": "integer" }] }),
                json!({
                    "$defs": { "Id": { "type": wide, "pattern": digits } },
                    "items": [{ "type": wide, "pattern": digits }],
                }),
            ),
        ] {
            let mut schema = given;
            widen(&mut schema);
            assert_eq!(schema, expected);
        }
        for unchanged in [
            json!({ "type": "integer", "format": "uint32", "minimum": 0 }),
            json!({ "type": "integer", "minimum": -1, "maximum": MAX_SAFE }),
            json!({ "type": ["integer", "string"] }),
            json!({ "enum": [1, 2], "type": "integer" }),
            json!({ "type": "number", "default": { "type": "integer" } }),
        ] {
            let mut schema = unchanged.clone();
            widen(&mut schema);
            assert_eq!(schema, unchanged);
        }
    }

    #[test]
    fn schemas_that_are_given_are_referred_to_and_refer_to_themselves() {
        let mut types = Schemas::default();
        let mode =
            json!({ "$schema": "2020-12", "items": { "$ref": "#/$defs/A" }, "$defs": { "A": {} } });
        types.insert("Map < A >", mode);
        let reference = "#/components/schemas/types.Map-3c-A-3e-";
        assert_eq!(
            types.of("Vec<Map<A>>"),
            json!({ "type": "array", "items": { "$ref": reference } })
        );
        let expected =
            json!({ "items": { "$ref": format!("{reference}/$defs/A") }, "$defs": { "A": {} } });
        assert_eq!(types.0["Map<A>"], expected);
        // a tree, as schemars has it, and an example that only looks like a reference
        types.insert("Tree", json!({ "items": { "$ref": "#" }, "examples": [{ "$ref": "#/a" }] }));
        let tree = json!({
            "items": { "$ref": "#/components/schemas/types.Tree" }, "examples": [{ "$ref": "#/a" }],
        });
        assert_eq!(types.0["Tree"], tree);
    }
}
