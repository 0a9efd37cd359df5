//! Stored fixtures of states that earlier versions of a program wrote.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "tests")]

use burdock::{log::Document, prelude::*, state::MigrateError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::error::Error;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: String,
    pub text: String,
}

#[derive(State, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[state(version = 3, migrate = [from_1, later::from_2])]
#[serde(deny_unknown_fields)]
pub struct Talk {
    pub messages: Vector<Message>,
    pub count: u32,
}

/// Renames `history` to `messages`.
fn from_1(mut talk: Document) -> Result<Document, &'static str> {
    let history = talk.remove("history").ok_or("it has no `history`")?;
    talk.insert("messages".into(), history);
    Ok(talk)
}

mod later {
    use super::{Document, Error, Value, json};
    use std::fmt;

    #[derive(Debug)]
    pub struct NoRole(Value);

    impl fmt::Display for NoRole {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "the message {} has no role", self.0)
        }
    }

    impl Error for NoRole {}

    /// Gives messages roles.
    pub fn from_2(mut talk: Document) -> Result<Document, NoRole> {
        for message in talk.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten()
        {
            let parts = message.as_str().and_then(|text| text.split_once(": "));
            let (role, text) = parts.ok_or_else(|| NoRole(message.clone()))?;
            *message = json!({ "role": role, "text": text });
        }
        Ok(talk)
    }
}

const FIXTURES: [(u32, &str); 3] = [
    (1, include_str!("../fixtures/talk/v1.json")),
    (2, include_str!("../fixtures/talk/v2.json")),
    (3, include_str!("../fixtures/talk/v3.json")),
];

fn read(version: u32, document: Document) -> Result<Talk, Box<dyn Error>> {
    let document = Talk::migrate(version, document)?;
    Ok(serde_json::from_value(Value::Object(document))?)
}

#[test]
fn every_recorded_version_migrates_to_the_current_one() {
    let message = |role: &str, text: &str| Message { role: role.into(), text: text.into() };
    let messages = Vector::from([message("user", "hello"), message("assistant", "hi")]);
    assert_eq!(Talk::VERSION as usize, FIXTURES.len(), "a version has no fixture");
    for (version, json) in FIXTURES {
        let talk = read(version, serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(talk, Talk { messages: messages.clone(), count: 2 }, "version {version}");
    }
}

#[test]
fn newer_versions_and_version_zero_are_rejected() {
    for found in [4, 0, u32::MAX] {
        let error = Talk::migrate(found, Document::new()).unwrap_err();
        assert!(matches!(error, MigrateError::UnknownVersion { known: 3, .. }));
        let text = "and this program knows versions up to 3";
        assert_eq!(error.to_string(), format!("the state has version {found}, {text}"));
    }
}

#[test]
fn the_error_of_a_migration_has_its_version_and_source() {
    let of = |value: Value| value.as_object().cloned().unwrap();
    for (version, document, from, source) in [
        (1, json!({}), 1, "it has no `history`"),
        (1, json!({ "history": [7] }), 2, "the message 7 has no role"),
        (2, json!({ "messages": ["hello"] }), 2, r#"the message "hello" has no role"#),
    ] {
        let error = Talk::migrate(version, of(document)).unwrap_err();
        let message = format!("the state cannot be migrated from version {from}");
        assert_eq!(error.to_string(), message);
        assert_eq!(error.source().unwrap().to_string(), source);
    }
}

#[test]
fn the_version_of_a_state_defaults_to_1() {
    #[derive(State, Clone, Serialize, Deserialize)]
    struct Plain {
        count: u32,
    }
    assert_eq!((Plain::VERSION, Plain::MIGRATIONS.len()), (1, 0));
    let document = json!({ "count": 7 }).as_object().cloned().unwrap();
    assert_eq!(Plain::migrate(1, document.clone()).unwrap(), document);
    assert!(Plain::migrate(2, document).is_err());
}
