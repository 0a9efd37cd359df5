//! Growth of values: changes, marks, alternatives, and the wire form.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test")]

mod common;

use burdock_json::{Change, Edit, Mark, Parser, Path, Schema, Segment, apply};
use common::{Random, cut, grow, schema};
use serde_json::{Value, json};

const STORY: &str = r#"{"type":"object","required":["title","rating"],"properties":{
    "title":{"type":"string"},"rating":{"type":"integer"},
    "chapters":{"type":"array","items":{"type":"object","properties":{
        "title":{"type":"string"},"pages":{"type":"integer"}}}}}}"#;

const EVENT: &str = r#"{"type":"object","properties":{"event":{"oneOf":[
    {"type":"object","required":["kind","x"],"properties":{"kind":{"const":"Click"},"x":{"type":"integer"}}},
    {"type":"object","required":["kind","text"],"properties":{"kind":{"const":"Say"},"text":{"type":"string"}}}]}}}"#;

/// Formats the changes of each piece, one per line, with `|` between the pieces.
fn written(schema: &Schema, pieces: &[&str]) -> Vec<String> {
    let mut parser = Parser::new(schema);
    let mut lines = Vec::new();
    for piece in pieces {
        let mut changes = Vec::new();
        parser.feed(piece, &mut changes).unwrap();
        lines.extend(changes.iter().map(line));
        lines.push("|".into());
    }
    let mut changes = Vec::new();
    parser.finish(&mut changes).unwrap();
    lines.extend(changes.iter().map(line));
    lines
}

fn line(change: &Change) -> String {
    let path = &change.path;
    match &change.edit {
        Edit::Set(value) => format!("{path} = {value}"),
        Edit::Append(text) => format!("{path} + {text:?}"),
        Edit::Push(value) => format!("{path} push {value}"),
        Edit::Complete => format!("{path} complete"),
    }
}

fn marked(json: &str, marks: &[(&[&str], &str, Mark)]) -> Schema {
    let mut schema = schema(json);
    for (keys, key, mark) in marks {
        let mut place = schema.root();
        for key in *keys {
            place = match *key {
                "[]" => schema.element(&place, 0).unwrap(),
                key => schema.property(&place, key).unwrap(),
            };
        }
        assert!(schema.mark(&place, key, *mark));
    }
    schema
}

#[test]
fn strings_grow_by_append_and_numbers_appear_when_complete() {
    let pieces = [r#"{"title": "On"#, r"ce \u", "00e", r#"9!", "rating": 1"#, "2}"];
    assert_eq!(
        written(&schema(STORY), &pieces),
        [
            " = {}",
            r#"title = "On""#,
            "|",
            r#"title + "ce ""#,
            "|",
            "|",
            r#"title + "é!""#,
            "|",
            "rating = 12",
            " complete",
            "|",
        ]
    );
}

#[test]
fn elements_are_pushed() {
    let pieces =
        [r#"{"title":"","rating":1,"chapters":[{"#, r#""pages":3,"title":"a"#, r#"b"},{}]}"#];
    assert_eq!(
        written(&schema(STORY), &pieces),
        [
            " = {}",
            r#"title = """#,
            "rating = 1",
            "chapters = []",
            "chapters push {}",
            "|",
            "chapters[0].pages = 3",
            r#"chapters[0].title = "a""#,
            "|",
            r#"chapters[0].title + "b""#,
            "chapters push {}",
            " complete",
            "|",
        ]
    );
}

#[test]
fn a_done_property_is_set_once() {
    let schema = marked(STORY, &[(&[], "title", Mark::Done), (&[], "chapters", Mark::Done)]);
    let pieces = [r#"{"title":"On"#, r#"ce","chapters":[{"title":"a"#, r#""}],"rating":1}"#];
    assert_eq!(
        written(&schema, &pieces),
        [
            " = {}",
            "|",
            r#"title = "Once""#,
            "|",
            r#"chapters = [{"title":"a"}]"#,
            "rating = 1",
            " complete",
            "|",
        ]
    );
}

#[test]
fn object_appears_together_with_its_required_property() {
    let schema = marked(
        STORY,
        &[(&[], "rating", Mark::Required), (&["chapters", "[]"], "title", Mark::Required)],
    );
    let pieces = [
        r#"{"title":"a","chapters":[{"pages":1,"#,
        r#""title":"b"#,
        r#""},{"pages":2}],"#,
        r#""rating":1}"#,
    ];
    let lines = written(&schema, &pieces);
    assert_eq!(
        lines,
        [
            "|",
            "|",
            "|",
            r#" = {"title":"a","chapters":[{"pages":1,"title":"b"},{"pages":2}],"rating":1}"#,
            " complete",
            "|",
        ]
    );
    // the elements only
    let schema = marked(STORY, &[(&["chapters", "[]"], "title", Mark::Required)]);
    let lines = written(&schema, &pieces);
    assert_eq!(
        lines[..6],
        [
            " = {}",
            r#"title = "a""#,
            "chapters = []",
            "|",
            r#"chapters push {"pages":1,"title":"b"}"#,
            "|",
        ]
    );
}

#[test]
fn property_with_a_state_reports_whether_it_is_complete() {
    let schema = marked(
        STORY,
        &[(&[], "title", Mark::State), (&[], "rating", Mark::State), (&[], "rating", Mark::Done)],
    );
    let pieces = [r#"{"title":"a"#, r#"b","rating":1"#, "2}"];
    assert_eq!(
        written(&schema, &pieces),
        [
            " = {}",
            r#"title = {"state":"growing"}"#,
            r#"title.value = "a""#,
            "|",
            r#"title.value + "b""#,
            "title complete",
            "|",
            r#"rating = {"state":"growing"}"#,
            "rating.value = 12",
            "rating complete",
            " complete",
            "|",
        ]
    );
    let outcome = grow(&schema, &pieces, |_| ());
    assert_eq!(
        outcome.grown,
        json!({"title": {"state": "complete", "value": "ab"},
            "rating": {"state": "complete", "value": 12}})
    );
    // paths of mismatches do not contain `value`
    let mismatch = grow(&schema, &[r#"{"title":{"#], |_| ()).result.unwrap_err();
    assert_eq!(mismatch.path.to_string(), "title");
}

#[test]
fn alternatives_are_emitted_once_decided_with_the_tag_first() {
    let pieces = [r#"{"event":{"x":1,"#, r#""kind":"Cl"#, r#"ick","#, r#""y":[]}}"#];
    assert_eq!(
        written(&schema(EVENT), &pieces),
        [" = {}", "|", "|", r#"event = {"kind":"Click","x":1}"#, "|", " complete", "|",]
    );
    let pieces = [r#"{"event":{"kind":"Say","text":"a"#, r#"b"}}"#];
    assert_eq!(
        written(&schema(EVENT), &pieces),
        [
            " = {}",
            r#"event = {"kind":"Say"}"#,
            r#"event.text = "a""#,
            "|",
            r#"event.text + "b""#,
            " complete",
            "|",
        ]
    );
}

#[test]
fn discarded_value_emits_no_changes() {
    let pieces = ["Use {braces}, like {\"", "rating\":", "1,\"title\":\"a\"}"];
    assert_eq!(
        written(&schema(STORY), &pieces),
        ["|", " = {}", "|", "rating = 1", r#"title = "a""#, " complete", "|"]
    );
}

#[test]
fn changes_have_a_wire_form() {
    let path = || Path::from_iter(["chapters".into(), 0.into(), Segment::from("title")]);
    for (edit, wire) in [
        (Edit::Append("On".into()), json!({"path": ["chapters", 0, "title"], "append": "On"})),
        (Edit::Set(Value::Null), json!({"path": ["chapters", 0, "title"], "set": null})),
        (Edit::Push(json!({})), json!({"path": ["chapters", 0, "title"], "push": {}})),
        (Edit::Complete, json!({"path": ["chapters", 0, "title"], "complete": true})),
    ] {
        let change = Change { path: path(), edit };
        assert_eq!(serde_json::to_value(&change).unwrap(), wire);
        assert_eq!(serde_json::from_value::<Change>(wire).unwrap(), change);
    }
    let two = json!({"path": [], "set": 1, "push": 2});
    assert!(serde_json::from_value::<Change>(two).is_err());
}

#[test]
fn change_that_does_not_apply_is_an_error() {
    let change = |json: Value| serde_json::from_value::<Change>(json).unwrap();
    let value = json!({"a": 1, "b": [1]});
    for (json, message) in [
        (json!({"path": ["c"], "append": "x"}), "no value at `c`"),
        (json!({"path": ["a"], "append": "x"}), "cannot append at `a`: expected a string"),
        (json!({"path": ["a"], "push": 1}), "cannot push at `a`: expected a list"),
        (json!({"path": ["b", 1], "set": 1}), "no value at `b[1]`"),
        (
            json!({"path": ["b", "c"], "set": 1}),
            "cannot set at `b.c`: expected an object as the parent",
        ),
        (
            json!({"path": ["b"], "complete": true}),
            "cannot complete at `b`: expected an object with a `state`",
        ),
    ] {
        let mut same = value.clone();
        assert_eq!(apply(&mut same, &change(json)).unwrap_err().to_string(), message);
        assert_eq!(same, value);
    }
}

#[test]
fn long_text_grows_by_the_text_of_each_piece() {
    let text = format!(r#"{{"title":"{}","rating":1}}"#, "word \\n ".repeat(1_000));
    let mut random = Random(5);
    let pieces = cut(&text, 30, &mut random);
    let outcome = grow(&schema(STORY), &pieces, |_| ());
    let shown: usize = outcome
        .changes
        .iter()
        .map(|change| match &change.edit {
            Edit::Append(text) | Edit::Set(Value::String(text)) => text.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(shown, "word \n ".len() * 1_000);
    assert!(outcome.changes.len() <= pieces.len() + 4);
}

#[test]
fn places_of_recursive_types_are_equal_and_variants_are_found() {
    let tree = schema(
        r##"{"type":"object","properties":{"next":{"$ref":"#"},"map":{"type":"object",
        "additionalProperties":{"type":"integer"}}}}"##,
    );
    let next = tree.property(&tree.root(), "next").unwrap();
    assert_eq!(tree.property(&next, "next"), Some(next.clone()));
    assert!(tree.values(&tree.property(&next, "map").unwrap()).is_some());
    let event = schema(EVENT);
    let place = event.property(&event.root(), "event").unwrap();
    let say = event.variant(&place, "kind", "Say").unwrap();
    assert!(event.property(&say, "text").is_some());
    assert!(event.property(&say, "x").is_none());
    assert_eq!(event.variant(&place, "kind", "Jump"), None);
}
