//! Tables of repairs, mismatches and kinds of schemas. Every text is parsed whole, by characters and in
//! random pieces.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test")]

mod common;
mod tables {
    pub(crate) mod mismatches;
    pub(crate) mod repairs;
    pub(crate) mod schemas;
}

use common::{grow_in_all_cuts, schema};
use serde_json::Value;

/// Schemas by name. Any other name is itself a schema.
const SCHEMAS: &[(&str, &str)] = &[
    ("any", "true"),
    ("int", r#"{"type":"integer"}"#),
    ("u8", r#"{"type":"integer","format":"uint8","minimum":0,"maximum":255}"#),
    ("number", r#"{"type":"number"}"#),
    ("bool", r#"{"type":"boolean"}"#),
    ("text", r#"{"type":"string"}"#),
    ("char", r#"{"type":"string","minLength":1,"maxLength":1}"#),
    ("color", r#"{"type":"string","enum":["Red","DarkGreen","Blue"]}"#),
    ("ints", r#"{"type":"array","items":{"type":"integer"}}"#),
    ("texts", r#"{"type":"array","items":{"type":"string"}}"#),
    ("maybe", r#"{"type":["integer","null"]}"#),
    ("map", r#"{"type":"object","additionalProperties":{"type":"integer"}}"#),
    (
        "pair",
        r#"{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"minItems":2,"maxItems":2}"#,
    ),
    (
        "book",
        r##"{"type":"object","required":["title","pages"],"properties":{
            "title":{"type":"string"},"pages":{"type":"integer"},
            "tags":{"type":"array","items":{"type":"string"}},
            "color":{"$ref":"#/$defs/color"},"price":{"type":"number"},"sold_out":{"type":"boolean"},
            "next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},
            "$defs":{"color":{"type":"string","enum":["Red","DarkGreen","Blue"]}}}"##,
    ),
    (
        "books",
        r#"{"type":"array","items":{"type":"object","required":["title"],
            "properties":{"title":{"type":"string"},"pages":{"type":"integer"}}}}"#,
    ),
    (
        "strict",
        r#"{"type":"object","required":["a"],"additionalProperties":false,
            "properties":{"a":{"type":"integer"},"user_name":{"type":"string"}}}"#,
    ),
    (
        "event",
        r#"{"oneOf":[
            {"type":"object","required":["kind","x","y"],"properties":{
                "kind":{"type":"string","const":"Click"},"x":{"type":"integer"},"y":{"type":"integer"}}},
            {"type":"object","required":["kind","text"],"properties":{
                "kind":{"type":"string","const":"Say"},"text":{"type":"string"}}},
            {"type":"object","required":["kind"],"properties":{"kind":{"type":"string","const":"Quit"}}}]}"#,
    ),
    (
        "shape",
        r#"{"oneOf":[{"type":"string","enum":["Empty"]},
            {"type":"object","required":["Circle"],"additionalProperties":false,
             "properties":{"Circle":{"type":"number"}}},
            {"type":"object","required":["Box"],"additionalProperties":false,
             "properties":{"Box":{"type":"object","required":["w"],"properties":{"w":{"type":"integer"}}}}}]}"#,
    ),
    (
        "untagged",
        r#"{"anyOf":[{"type":"null"},{"type":"integer","format":"int32"},{"type":"string"},
        {"type":"object","required":["x"],"properties":{"x":{"type":"integer"}}},
        {"type":"object","required":["y"],"properties":{"y":{"type":"string"}}}]}"#,
    ),
];

/// A row: schema, text, and either the JSON with its repairs as `json | kind@offset …`, or the mismatch
/// as `! kind@offset message`.
type Row = (&'static str, &'static str, &'static str);

fn check(rows: &[Row]) {
    let faults: Vec<String> = rows.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

fn fault((name, text, expected): &Row) -> Option<String> {
    let known = SCHEMAS.iter().find(|(known, _)| known == name);
    let outcome = grow_in_all_cuts(&schema(known.map_or(name, |(_, json)| json)), text);
    let found = match &outcome.result {
        Ok(parsed) => {
            let value: Value = serde_json::from_str(&parsed.json).unwrap();
            assert_eq!(outcome.grown, value, "{text}: the changes build another value");
            let repairs = parsed.repairs.iter().map(|repair| {
                let kind = serde_json::to_value(repair.kind).unwrap();
                format!("{}@{}", kind.as_str().unwrap(), repair.offset)
            });
            let repairs = repairs.collect::<Vec<_>>().join(" ");
            let cut = if parsed.cut { " cut" } else { "" };
            if repairs.is_empty() {
                parsed.json.clone()
            } else {
                format!("{} | {repairs}{cut}", parsed.json)
            }
        }
        Err(mismatch) => format!("! {:?}@{} {mismatch}", mismatch.kind, mismatch.offset),
    };
    (found != *expected)
        .then(|| format!("{name}: {text}\n  expected {expected}\n  found    {found}"))
}
