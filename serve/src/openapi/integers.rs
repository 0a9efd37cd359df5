//! Integers in the schemas of the program's types.

use super::digits;
use crate::json::MAX_SAFE;
use schemars::{
    Schema,
    transform::{RecursiveTransform, Transform as _},
};
use serde_json::{Map, Value, json};

/// Adds to integers the bounds of their types, and to those that may lie beyond ±(2^53 − 1) the form that `json`
/// writes: a string of their digits.
pub(super) fn widen(schema: &mut Schema) {
    RecursiveTransform(widen_one).transform(schema);
}

fn widen_one(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut().filter(|schema| accepts(schema, "integer")) else {
        return;
    };
    let bounds = schema.get("format").and_then(Value::as_str).and_then(bounds);
    if let Some((least, most)) = bounds {
        schema.entry("minimum").or_insert(least.into());
        schema.entry("maximum").or_insert(most.into());
    }
    let safe = |bound: &str| {
        let bound = schema.get(bound).and_then(Value::as_i64);
        bound.is_some_and(|bound| bound.unsigned_abs() <= MAX_SAFE)
    };
    let is_safe = (safe("minimum") && safe("maximum"))
        || ["const", "enum"].iter().any(|word| schema.contains_key(*word));
    if is_safe || accepts(schema, "string") {
        return;
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push("string".into()),
        _ => drop(schema.insert("type".into(), json!(["integer", "string"]))),
    }
    let pattern = match bounds {
        Some((0, _)) => digits::unsigned(),
        Some(_) => digits::signed(),
        None => digits::any(),
    };
    schema.insert("pattern".into(), pattern.into());
}

fn accepts(schema: &Map<String, Value>, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(ty)) => ty == name,
        Some(Value::Array(types)) => types.iter().any(|ty| ty == name),
        _ => false,
    }
}

/// Returns the least and the greatest number of a format of at most 64 bits.
fn bounds(format: &str) -> Option<(i64, u64)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.unsigned_abs().into()),
        "int16" => (i16::MIN.into(), i16::MAX.unsigned_abs().into()),
        "int32" => (i32::MIN.into(), i32::MAX.unsigned_abs().into()),
        "int64" | "int" => (i64::MIN, i64::MAX.unsigned_abs()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::json_schema;

    #[test]
    fn integers_have_the_bounds_of_their_formats_and_are_also_strings_if_they_may_be_unsafe() {
        let wide = json!(["integer", "string"]);
        for (mut schema, expected) in [
            (
                json_schema!({ "type": "integer", "format": "uint64", "minimum": 1 }),
                json!({
                    "type": wide, "format": "uint64", "minimum": 1, "maximum": u64::MAX,
                    "pattern": digits::unsigned(),
                }),
            ),
            (
                // a field with the name of a keyword
                json_schema!({ "properties": { "default": { "type": ["integer", "null"], "format": "int64" } } }),
                json!({ "properties": { "default": {
                    "type": ["integer", "null", "string"], "format": "int64",
                    "minimum": i64::MIN, "maximum": i64::MAX, "pattern": digits::signed(),
                } } }),
            ),
            (
                json_schema!({ "items": { "type": "integer" } }),
                json!({ "items": { "type": wide, "pattern": digits::any() } }),
            ),
            (
                json_schema!({ "type": "integer", "format": "uint32", "minimum": 0 }),
                json!({ "type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX }),
            ),
        ] {
            widen(&mut schema);
            assert_eq!(schema.to_value(), expected);
        }
        for unchanged in [
            json_schema!({ "type": "integer", "minimum": -1, "maximum": MAX_SAFE }),
            json_schema!({ "type": ["integer", "string"] }),
            json_schema!({ "enum": [1, 2], "type": "integer" }),
            json_schema!({ "type": "number", "default": { "type": "integer" } }),
        ] {
            let mut schema = unchanged.clone();
            widen(&mut schema);
            assert_eq!(schema, unchanged);
        }
    }
}
