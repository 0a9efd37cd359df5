//! Types in every serde representation: values are read back, even from damaged text.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test")]

mod common;

use burdock_json::Schema;
use common::{grow_in_all_cuts, types::types};

#[test]
fn values_of_every_type_are_read_back_without_repairs() {
    for found in types() {
        let schema = Schema::compile(&found.schema).unwrap();
        for json in &found.values {
            let outcome = grow_in_all_cuts(&schema, json);
            let parsed =
                outcome.result.unwrap_or_else(|error| panic!("{}: {json}: {error}", found.name));
            assert_eq!(parsed.repairs, [], "{}: {json}", found.name);
            assert_eq!(&parsed.json, json, "{}", found.name);
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!((found.read)(&parsed.json).as_ref(), Ok(&value), "{}", found.name);
            assert_eq!(outcome.grown, value, "{}", found.name);
        }
    }
}

#[test]
fn keys_and_variants_in_another_case_are_read() {
    for (name, text) in [
        ("Renamed", r#"{"TYPE": "Dark Green", "first_name": "Ada", "other": [1]}"#),
        ("Internal", r#"{"Kind": "struct", "X": "7", "more": "one"}"#),
        ("Internal", r#"{"b": "text", "a": 1.0, "kind": "newtype"}"#),
        ("External", r#"{"struct": {"x": "5"}}"#),
        ("Adjacent", r#"{"c": [1, "a"], "t": "tuple"}"#),
        ("Flat", r#"{"x": 1, "more": [], "z": 3, "first": 4, "kind": "Struct"}"#),
        ("FlatMap", r#"{"Z": 5, "three": "3", "z": "text"}"#),
        ("Containers", &types()[13].values[0].replace("VeryLarge", "very_large")),
        ("Plain", "{text: 'T', float: 1, flag: True, letter: “x”, nothing: None, number: null}"),
    ] {
        let found = types().into_iter().find(|found| found.name == name).unwrap();
        let schema = Schema::compile(&found.schema).unwrap();
        let parsed = grow_in_all_cuts(&schema, text).result;
        let parsed = parsed.unwrap_or_else(|error| panic!("{name}: {text}: {error}"));
        assert!(!parsed.repairs.is_empty(), "{name}: {text}");
        (found.read)(&parsed.json)
            .unwrap_or_else(|error| panic!("{name}: {}: {error}", parsed.json));
    }
}
