//! Single changes: their effects, and those that do not fit.

use super::types::*;
use burdock_llm::{Change, FieldState, Grow, Grown, Partial};
use serde_json::{Value, json};

/// Applies changes in their wire form.
fn grown<T: Partial>(changes: &[&str]) -> Result<Grown<T>, String> {
    let mut grown = Grown::new();
    for change in changes {
        let change: Change<T> = serde_json::from_str(change).unwrap();
        let before = grown.partial().map(|partial| serde_json::to_value(partial).unwrap());
        if let Err(error) = grown.apply(&change) {
            let after = grown.partial().map(|partial| serde_json::to_value(partial).unwrap());
            assert_eq!(before, after, "a change that does not fit must not change the value");
            return Err(error.to_string());
        }
    }
    Ok(grown)
}

fn json<T: Partial>(changes: &[&str]) -> Value {
    serde_json::to_value(grown::<T>(changes).unwrap().partial()).unwrap()
}

#[track_caller]
fn refused<T: Partial>(changes: &[&str], message: &str) {
    assert_eq!(grown::<T>(changes).map(|_| ()), Err(message.to_owned()));
}

#[test]
fn fields_appear_with_their_change() {
    let changes = [
        r#"{"path":[],"set":{}}"#,
        r#"{"path":["title"],"set":"On"}"#,
        r#"{"path":["chapters"],"set":[]}"#,
        r#"{"path":["title"],"append":"ce"}"#,
        r#"{"path":["chapters"],"push":{"title":"One"}}"#,
        r#"{"path":["chapters",0,"text"],"set":{"state":"growing","value":"U"}}"#,
        r#"{"path":["chapters",0,"text","value"],"append":"pon"}"#,
        r#"{"path":["rating"],"set":5}"#,
    ];
    let story = grown::<Story>(&changes).unwrap();
    let story = story.partial().unwrap();
    assert_eq!(story.title.as_deref(), Some("Once"));
    assert_eq!(story.rating, Some(5));
    let chapter = &story.chapters.as_ref().unwrap()[0];
    assert_eq!(chapter.pages, None, "absent");
    assert_eq!(chapter.text.state(), FieldState::Growing);
    assert_eq!(chapter.text.value().map(String::as_str), Some("Upon"));
}

#[test]
fn null_differs_from_absent() {
    let changes = [r#"{"path":[],"set":{}}"#, r#"{"path":["pages"],"set":null}"#];
    let chapter = grown::<Chapter>(&changes).unwrap();
    assert_eq!(chapter.partial().unwrap().pages, Some(None));
    assert_eq!(chapter.partial().unwrap().summary, None);
}

#[test]
fn state_is_complete_after_a_complete_edit() {
    let changes = [
        r#"{"path":[],"set":{}}"#,
        r#"{"path":["text"],"set":{"state":"growing","value":"a"}}"#,
        r#"{"path":["text"],"complete":true}"#,
    ];
    assert!(grown::<Chapter>(&changes).unwrap().partial().unwrap().text.is_complete());
    assert!(!grown::<Chapter>(&changes).unwrap().is_complete());
}

#[test]
fn reset_value_starts_again() {
    let mut title = grown::<String>(&[r#"{"path":[],"set":"a"}"#]).unwrap();
    title.apply(&serde_json::from_str(r#"{"path":[],"complete":true}"#).unwrap()).unwrap();
    assert!(title.is_complete());
    title.reset();
    assert!(title.partial().is_none() && !title.is_complete());
    title.apply(&serde_json::from_str(r#"{"path":[],"set":"b"}"#).unwrap()).unwrap();
    assert_eq!(title.into_partial().as_deref(), Some("b"));
}

#[test]
fn enum_waits_for_its_variant() {
    let changes = [
        r#"{"path":[],"set":{"internal":[]}}"#,
        r#"{"path":["internal"],"push":{}}"#,
        r#"{"path":["internal",0,"type"],"set":"struct"}"#,
        r#"{"path":["internal",0,"name"],"set":"a"}"#,
        r#"{"path":["internal"],"push":{}}"#,
    ];
    let expected = json!({"internal": [{"type": "struct", "name": "a"}]});
    assert_eq!(json::<Enums>(&changes), expected);
    let changes = [r#"{"path":[],"set":{}}"#, r#"{"path":["struct_"],"set":{}}"#];
    assert!(grown::<External>(&changes).is_err());
    let changes = [r#"{"path":[],"set":{}}"#, r#"{"path":["renamed"],"set":{}}"#];
    assert_eq!(json::<External>(&changes), json!({"renamed": {}}));
    let changes = [
        r#"{"path":[],"set":{}}"#,
        r#"{"path":["kind"],"set":"Tuple"}"#,
        r#"{"path":["data"],"set":[]}"#,
        r#"{"path":["data"],"push":"a"}"#,
        r#"{"path":["data",0],"append":"b"}"#,
        r#"{"path":["data"],"push":1}"#,
    ];
    assert_eq!(json::<Adjacent>(&changes[..2]), Value::Null);
    assert_eq!(json::<Adjacent>(&changes), json!({"kind": "Tuple", "data": ["ab", 1]}));
}

#[test]
fn tag_of_a_flattened_enum_can_arrive_late() {
    let changes = [
        r#"{"path":[],"set":{}}"#,
        r#"{"path":["title"],"set":"a"}"#,
        r#"{"path":["title"],"append":"b"}"#,
        r#"{"path":["type"],"set":"newtype"}"#,
    ];
    assert_eq!(json::<FlattenedEnum>(&changes), json!({"type": "newtype", "title": "ab"}));
}

#[test]
fn untagged_enum_is_the_variant_with_the_properties() {
    let point = [r#"{"path":[],"set":{}}"#, r#"{"path":["x"],"set":"a"}"#];
    let mut named = grown::<Untagged>(&point).unwrap();
    assert!(matches!(named.partial(), Some(UntaggedPartial::Point { x: Some(_), y: None })));
    named.apply(&serde_json::from_str(r#"{"path":["name"],"set":"b"}"#).unwrap()).unwrap();
    assert!(matches!(named.partial(), Some(UntaggedPartial::Named { x: Some(_), name: Some(_) })));
}

#[test]
fn properties_that_serde_ignores_are_ignored() {
    let set = r#"{"path":[],"set":{"street":"a","unknown":1}}"#;
    assert_eq!(json::<Rest>(&[set]), json!({"street": "a"}));
    let changes = [r#"{"path":[],"set":{}}"#, r#"{"path":["unknown",3,"a"],"append":"b"}"#];
    assert_eq!(json::<Rest>(&changes), json!({}));
    refused::<Renamed>(
        &[r#"{"path":[],"set":{}}"#, r#"{"path":["unknown"],"set":1}"#],
        "change does not fit at `unknown`: the type has no such property",
    );
}

#[test]
fn aliases_set_the_field() {
    let changes = [r#"{"path":[],"set":{}}"#, r#"{"path":["other"],"set":3}"#];
    assert_eq!(json::<Renamed>(&changes), json!({"aliasedField": 3}));
}

#[test]
fn error_of_a_change_has_the_path() {
    let empty = r#"{"path":[],"set":{}}"#;
    let cases: [(&[&str], &str); 9] = [
        (&[r#"{"path":[],"set":[]}"#], "(root)`: expected an object, found `[]`"),
        (&[r#"{"path":["title"],"append":"a"}"#], "title`: there is no value yet"),
        (&[empty, r#"{"path":["title"],"append":"a"}"#], "title`: there is no value yet"),
        (&[empty, r#"{"path":["title"],"set":1}"#], "title`: expected a string, found `1`"),
        (&[empty, r#"{"path":["title"],"push":1}"#], "title`: there is no value yet"),
        (
            &[empty, r#"{"path":["rating"],"set":256}"#],
            "rating`: invalid value: integer `256`, expected u8",
        ),
        (
            &[empty, r#"{"path":[],"append":"a"}"#],
            "(root)`: an object cannot be changed by this edit",
        ),
        (
            &[r#"{"path":[],"set":{"chapters":[{"title":"a"},{"pages":-1}]}}"#],
            "chapters[1].pages`: expected a `u32`, found `-1`",
        ),
        (
            &[r#"{"path":[],"set":{"chapters":[]}}"#, r#"{"path":["chapters",0],"set":{}}"#],
            "chapters[0]`: there is no value yet",
        ),
    ];
    for (changes, message) in cases {
        refused::<Story>(changes, &format!("change does not fit at `{message}"));
    }
    refused::<Internal>(
        &[r#"{"path":[],"set":{"type":"unit"}}"#, r#"{"path":["type"],"set":"other"}"#],
        "change does not fit at `type`: the variant is `unit` and cannot change",
    );
    refused::<Internal>(
        &[r#"{"path":[],"set":{"type":"Unit"}}"#],
        "change does not fit at `(root)`: unknown variant `Unit`",
    );
}

#[test]
fn partial_values_compare_field_by_field() {
    let story = |title: &str| {
        let set = format!(r#"{{"path":[],"set":{{"title":"{title}","rating":1}}}}"#);
        grown::<Story>(&[&set]).unwrap().into_partial().unwrap()
    };
    assert_eq!(story("a"), story("a"));
    assert_ne!(story("a"), story("b"));
    let done = |value: u8| DonePartial::from_json(&json!({"foreign": {"value": value}})).unwrap();
    assert_eq!(done(1), done(1));
    assert_ne!(done(1), done(2));
}
