//! Patches of a commit: the changed fields, under their serialized names.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "tests")]

use burdock::{
    action::{Action, Writes as _},
    prelude::*,
    state::Patch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A state with unusual names, under each of serde's renaming rules.
macro_rules! renamed {
    ($($state:ident $rule:literal)+) => {
        $(
            #[derive(State, Clone, Default, Serialize, Deserialize)]
            #[serde(rename_all = $rule, default)]
            pub struct $state {
                pub outcome: u8,
                pub very_tasty: u8,
                pub a: u8,
                pub z42: u8,
                _lead_9: u8,
                pub r#type: u8,
                #[serde(rename = "a b\"c")]
                pub renamed: u8,
                #[serde(alias = "out", rename(deserialize = "in", serialize = "out"))]
                pub r#in: Slot<u8>,
                #[serde(rename(deserialize = "d", serialize = "d"), default)]
                pub read_as_d: u8,
                #[serde(skip)]
                pub skipped: u8,
            }
        )+

        #[test]
        fn keys_are_the_names_that_serde_writes() {
            $(assert_keys::<$state>($rule, &["skipped"]);)+
        }
    };
}

renamed! {
    Lower "lowercase"
    Upper "UPPERCASE"
    Pascal "PascalCase"
    Camel "camelCase"
    Snake "snake_case"
    ScreamingSnake "SCREAMING_SNAKE_CASE"
    Kebab "kebab-case"
    ScreamingKebab "SCREAMING-KEBAB-CASE"
}

/// The rule is given separately for writing and reading, in an attribute of its own.
#[derive(State, Clone, Default, Serialize, Deserialize)]
#[serde(bound = "", default, deny_unknown_fields)]
#[serde(rename_all(deserialize = "camelCase", serialize = "camelCase"))]
pub struct TwoRules {
    pub first_field: u8,
    #[serde(bound(serialize = ""), default = "Default::default", rename = "SECOND")]
    pub second_field: u8,
}

#[test]
fn keys_follow_a_rule_for_writing_and_reading() {
    assert_keys::<TwoRules>("camelCase", &[]);
}

fn assert_keys<S: State + Default>(rule: &str, skipped: &[&str]) {
    let written = serde_json::to_value(S::default()).unwrap();
    let written: BTreeSet<String> = written.as_object().unwrap().keys().cloned().collect();
    let keys: BTreeSet<String> = S::FIELDS
        .iter()
        .filter(|field| !skipped.contains(&field.name))
        .map(|field| field.key.to_owned())
        .collect();
    assert_eq!(keys, written, "{rule}");
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Talk {
    pub all_messages: Vector<String>,
    pub last_reply: Slot<String>,
    pub mood: f64,
    #[serde(skip)]
    pub cache: u32,
    pub other: u32,
}

#[action(state = Talk, writes(mood, last_reply, all_messages, cache))]
async fn reply() -> Result<Writes> {
    let all_messages = Vector::from(["hello".to_owned()]);
    Ok(Writes { mood: 0.5, last_reply: "hello".to_owned(), all_messages, cache: 7 })
}

#[action(state = Talk)]
async fn nothing() -> Result<Writes> {
    Ok(Writes {})
}

type Reply = <reply as Action>::Writes;

#[test]
fn patches_name_changed_fields_by_their_keys() {
    let old = Talk { last_reply: Slot::unset(), mood: 0.5, ..Talk::default() };
    let mut new = old.clone();
    new.all_messages.push_back("hello".into());
    new.last_reply = Slot::set("hello".into());
    new.cache = 7;

    let mut state = old.clone();
    let undo = Reply::of(&new).apply(&mut state);
    assert_eq!(state, new);
    let patches = Reply::patches(&undo, &state).unwrap().unwrap();
    let append = Patch::Append { keep: 0, tail: vec![json!("hello")] };
    let expected = [("lastReply", Patch::Set(json!("hello"))), ("allMessages", append)];
    assert_eq!(patches, expected);

    let mut document = serde_json::to_value(&old).unwrap();
    for (key, patch) in patches {
        patch.apply(document.get_mut(key).unwrap_or(&mut Value::Null)).unwrap();
    }
    assert_eq!(serde_json::from_value::<Talk>(document).unwrap(), Talk { cache: 0, ..new });
}

#[test]
fn a_commit_that_changes_nothing_has_no_patches() {
    let mut state = Talk { last_reply: Slot::set("hello".into()), ..Talk::default() };
    let undo = Reply::of(&state).apply(&mut state);
    assert_eq!(Reply::patches(&undo, &state).unwrap().unwrap(), []);

    let undo = <nothing as Action>::Writes::of(&state).apply(&mut state);
    assert_eq!(<nothing as Action>::Writes::patches(&undo, &state).unwrap().unwrap(), []);
}

#[test]
fn a_value_that_json_cannot_hold_names_its_field() {
    let mut state = Talk { last_reply: Slot::set("hello".into()), ..Talk::default() };
    let mut writes = Reply::of(&state);
    writes.mood = f64::INFINITY;
    let undo = writes.apply(&mut state);
    let failed = Reply::patches(&undo, &state).unwrap().unwrap_err();
    assert_eq!(failed.to_string(), "the field `mood` cannot be written as JSON");
    assert_eq!(failed.source.to_string(), "JSON has no number for inf");
}
