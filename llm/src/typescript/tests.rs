#![allow(clippy::expect_used, reason = "tests")]

use super::{Declarations, Mark};
use serde_json::{Value, json};

/// Returns the type of `T` in a module without other types, and its partial type.
fn types(schema: &Value) -> (String, String) {
    let mut types = Declarations::new();
    let text = types.add("T", schema).to_string();
    let text = text.replace("import type { Integer } from \"@burdock/client\";\n\n", "");
    let (whole, partial) = text.split_once("\n/** `T` while it arrives. */\n").expect("two types");
    let partial = partial.split("\n\n").next().expect("a type").trim_end();
    let partial = partial.strip_prefix("export type TPartial =").expect("the partial type");
    let whole = whole.split("\n\n").next().expect("a type").trim_end();
    (whole.into(), partial.strip_suffix(';').unwrap_or(partial).trim_start_matches(' ').into())
}

/// Checks both types of a schema, without docs and on one line.
fn check(schema: &Value, whole: &str, partial: &str) {
    let line =
        |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace("; }", " }");
    let (written, written_partial) = types(schema);
    assert_eq!(line(&written), format!("export type T = {whole};"), "of {schema}");
    assert_eq!(line(&written_partial), partial, "of {schema}");
}

/// Checks a schema whose partial type is the same.
fn same(schema: &Value, whole: &str) {
    check(schema, whole, "T");
}

#[test]
fn scalars() {
    same(&json!({ "type": "string" }), "string");
    same(&json!({ "type": "string", "format": "date-time", "maxLength": 4 }), "string");
    same(&json!({ "type": "boolean" }), "boolean");
    same(&json!({ "type": "null" }), "null");
    same(&json!({ "type": "number", "format": "double" }), "number");
    same(&json!(true), "unknown");
    same(&json!({}), "unknown");
    same(&json!(false), "never");
}

#[test]
fn integers_beyond_the_range_of_numbers() {
    same(&json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 }), "number");
    same(&json!({ "type": "integer", "format": "int32" }), "number");
    same(&json!({ "type": "integer", "minimum": 1, "maximum": 5 }), "number");
    same(&json!({ "type": "integer", "format": "uint64", "minimum": 0 }), "Integer");
    same(&json!({ "type": ["integer", "null"], "format": "int64" }), "Integer | null");
    same(&json!({ "type": "integer" }), "Integer");
    same(&json!({ "enum": [1, 9_007_199_254_740_993_u64] }), "1 | \"9007199254740993\"");
}

#[test]
fn literals() {
    same(&json!({ "type": "string", "enum": ["a", "b\n\"", "a"] }), r#""a" | "b\n\"""#);
    same(&json!({ "const": 1.5 }), "1.5");
    same(&json!({ "enum": [null, true] }), "true | null");
    check(
        &json!({ "const": { "a-b": ["x", 1] } }),
        r#"{ "a-b": ["x", 1] }"#,
        r#"{ "a-b"?: ["x"?, 1?] }"#,
    );
}

#[test]
fn objects() {
    check(
        &json!({
            "type": "object",
            "properties": { "a": { "type": "string" }, "b-c": { "type": "number" } },
            "required": ["a"],
        }),
        r#"{ a: string; "b-c"?: number }"#,
        r#"{ a?: string; "b-c"?: number }"#,
    );
    same(&json!({ "type": "object" }), "{ [key: string]: unknown }");
    same(&json!({ "type": "object", "additionalProperties": false }), "{ [key: string]: never }");
    same(
        &json!({ "type": "object", "additionalProperties": { "type": "number" } }),
        "{ [key: string]: number }",
    );
    same(
        &json!({
            "type": "object",
            "patternProperties": { "^\\d+$": { "type": "string" } },
            "additionalProperties": false,
        }),
        "{ [key: string]: string }",
    );
    check(
        &json!({
            "type": "object",
            "properties": { "a": { "type": "string" } },
            "required": ["a"],
            "additionalProperties": { "type": "number" },
        }),
        "{ a: string; [key: string]: string | number }",
        "{ a?: string; [key: string]: string | number | undefined }",
    );
}

#[test]
fn lists_and_tuples() {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "number" });
    same(&json!({ "type": "array", "items": text }), "string[]");
    same(&json!({ "type": "array" }), "unknown[]");
    same(&json!({ "type": "array", "items": { "enum": ["a", "b"] } }), r#"("a" | "b")[]"#);
    check(
        &json!({ "type": "array", "prefixItems": [text, number], "minItems": 2, "maxItems": 2 }),
        "[string, number]",
        "[string?, number?]",
    );
    check(
        &json!({ "type": "array", "items": number, "minItems": 3, "maxItems": 3 }),
        "[number, number, number]",
        "[number?, number?, number?]",
    );
    check(
        &json!({ "type": "array", "prefixItems": [text], "minItems": 1, "items": number }),
        "[string, ...number[]]",
        "[string?, ...number[]]",
    );
    same(&json!({ "type": "array", "items": number, "minItems": 99, "maxItems": 99 }), "number[]");
    same(&json!({ "type": "array", "maxItems": 0, "items": text }), "[]");
    same(
        &json!({ "type": "array", "prefixItems": [{ "enum": ["a", "b"] }], "items": false }),
        r#"[("a" | "b")?]"#,
    );
}

#[test]
fn alternatives() {
    let circle = json!({
        "type": "object",
        "properties": { "type": { "const": "circle" }, "radius": { "type": "number" } },
        "required": ["type", "radius"],
    });
    let unit = json!({
        "type": "object",
        "properties": { "type": { "const": "unit" } },
        "required": ["type"],
    });
    check(
        &json!({ "oneOf": [circle, unit] }),
        r#"{ type: "circle"; radius: number } | { type: "unit" }"#,
        r#"{ type: "circle"; radius?: number } | { type: "unit" }"#,
    );
    // a single alternative is already decided: the object appears when it opens
    check(
        &json!({ "oneOf": [circle] }),
        r#"{ type: "circle"; radius: number }"#,
        r#"{ type?: "circle"; radius?: number }"#,
    );
    same(&json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }), "string | null");
    same(&json!({ "anyOf": [{ "type": "null" }, { "enum": ["a", null] }] }), r#""a" | null"#);
    same(&json!({ "anyOf": [{ "type": "string" }, true] }), "unknown");
    same(&json!({ "anyOf": [] }), "never");
}

#[test]
fn keywords_next_to_alternatives_become_an_intersection() {
    check(
        &json!({
            "type": "object",
            "properties": { "a": { "type": "string" } },
            "required": ["a"],
            "oneOf": [{ "$ref": "#/$defs/B" }, { "$ref": "#/$defs/C" }],
            "$defs": {
                "B": { "type": "object", "properties": { "b": { "type": "string" } } },
                "C": { "type": "object", "properties": { "c": { "type": "string" } }, "required": ["c"] },
            },
        }),
        "{ a: string } & (B | C)",
        "{ a?: string } & (B | CPartial)",
    );
    same(&json!({ "type": "object", "allOf": [{ "type": "string" }] }), "string");
}

#[test]
fn references() {
    check(
        &json!({
            "type": "object",
            "properties": { "next": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] } },
            "required": ["next"],
        }),
        "{ next: T | null }",
        "{ next?: TPartial | null }",
    );
    same(
        &json!({ "$ref": "#/$defs/a~1b%20c", "$defs": { "a/b c": { "type": "string" } } }),
        "a_b_c",
    );
    let elsewhere = json!({ "$ref": "https://example.org/schema.json" });
    same(&elsewhere, "unknown /* reference \"https://example.org/schema.json\" */");
}

#[test]
fn unsupported_keywords_become_unknown_with_a_comment() {
    same(&json!({ "type": "string", "nullable": true }), "unknown /* keyword `nullable` */");
    same(&json!({ "not": { "type": "string" } }), "unknown /* keyword `not` */");
    same(&json!({ "*/ evil": 1 }), "unknown /* keyword `*\\/ evil` */");
    same(&json!({ "type": "date" }), "unknown /* type `date` */");
    same(&json!({ "type": 1 }), "unknown /* type 1 */");
    same(&json!(1), "unknown /* invalid schema `1` */");
    same(&json!({ "type": "string", "x-order": 1 }), "string");
}

#[test]
fn docs_are_comments() {
    let (text, _) = types(&json!({
        "description": "A story. */ alert(1)\n\nMore.",
        "type": "object",
        "properties": {
            "kind": {
                "description": "Its kind.",
                "deprecated": true,
                "oneOf": [
                    { "const": "a", "description": "The first." },
                    { "const": "b" },
                ],
            },
        },
    }));
    assert_eq!(
        text,
        r#"/**
 * A story. *\/ alert(1)
 *
 * More.
 */
export type T = {
  /**
   * Its kind.
   * @deprecated
   */
  kind?:
    /** The first. */
    | "a"
    | "b";
};"#
    );
}

#[test]
fn marks_of_properties() {
    let chapter = json!({
        "type": "object",
        "properties": { "title": { "type": "string" }, "pages": { "type": "array", "items": true } },
        "required": ["title", "pages"],
    });
    let story = json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" },
            "first": { "$ref": "#/$defs/Chapter" },
            "last": { "$ref": "#/$defs/Chapter" },
        },
        "required": ["id", "first", "last"],
        "$defs": { "Chapter": chapter },
    });
    let mut types = Declarations::new();
    types.add("Story", &story);
    assert!(types.mark("Story", "id", Mark::Required));
    assert!(types.mark("Story", "first", Mark::Done));
    assert!(types.mark("Story", "last", Mark::State));
    assert!(!types.mark("Story", "title", Mark::State));
    assert!(!types.mark("Page", "title", Mark::State));
    let text = types.to_string();
    let (_, partial) = text.split_once("export type StoryPartial = ").expect("the partial type");
    let (partial, _) = partial.split_once(";\n\n").expect("an end");
    assert_eq!(
        partial,
        r#"{
  id: string;
  first?: Chapter;
  last?: { state: "growing" | "complete"; value?: ChapterPartial };
}"#
    );
}

#[test]
fn types_with_the_same_name_and_schema_are_declared_once() {
    let of = |schema: Value| json!({ "$ref": "#/$defs/Page", "$defs": { "Page": schema } });
    let (text, number) = (json!({ "type": "string" }), json!({ "type": "number" }));
    let mut types = Declarations::new();
    types.add("A", &of(text.clone())).add("B", &of(number.clone())).add("C", &of(text.clone()));
    types.add("Page", &text);
    let text = types.to_string();
    let whole: Vec<_> = text.lines().filter(|line| line.starts_with("export")).collect();
    let expected = [
        "export type A = Page;",
        "export type APartial = A;",
        "export type Page = string;",
        "export type PagePartial = Page;",
        "export type B = Page2;",
        "export type BPartial = B;",
        "export type Page2 = number;",
        "export type C = Page;",
        "export type CPartial = C;",
    ];
    assert_eq!(whole, expected);
    // the same schema, but with a reference to another declaration
    let book = |page| json!({ "$ref": "#/$defs/Book", "$defs": { "Book": { "$ref": "#/$defs/Page" }, "Page": page } });
    let mut types = Declarations::new();
    types.add("A", &book(json!({ "type": "string" }))).add("B", &book(number));
    assert!(types.to_string().contains("export type Book2 = Page2;"));
}

#[test]
fn no_schema_panics() {
    let keywords = [
        "$ref",
        "type",
        "enum",
        "const",
        "properties",
        "items",
        "prefixItems",
        "anyOf",
        "allOf",
        "required",
        "minItems",
        "maxItems",
        "additionalProperties",
        "$defs",
        "description",
    ];
    let values = [
        json!(null),
        json!(1),
        json!(-1),
        json!(u64::MAX),
        json!("#"),
        json!("object"),
        json!("array"),
        json!([]),
        json!({}),
        json!(["object", "array", 1]),
        json!([{ "$ref": "#" }]),
        json!({ "a": {} }),
    ];
    for (first, second) in
        keywords.iter().flat_map(|one| keywords.iter().map(move |two| (one, two)))
    {
        for (one, two) in values.iter().flat_map(|one| values.iter().map(move |two| (one, two))) {
            let text =
                Declarations::new().add("T", &json!({ *first: one, *second: two })).to_string();
            assert!(text.contains("export type T ="), "{text}");
        }
    }
}
