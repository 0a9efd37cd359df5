//! The schemas of a program's types in the document. The types only derive `JsonSchema`.

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use burdock::{log::MemoryLog, prelude::*};
use burdock_serve::{ChatMessage, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tower::ServiceExt as _;

/// A part of a book.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// The heading.
    title: String,
    words: u64,
    mood: Option<Mood>,
    /// Smaller ones.
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    Calm,
    Loud { by: i32 },
}

/// A type with the name of a schema of the server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    at: u8,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Undescribed;

mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(size: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(size)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Book {
    #[state(public)]
    parts: OrdMap<String, Part>,
    #[state(public)]
    last: Slot<Part>,
    #[state(public)]
    moods: Vector<Option<Mood>>,
    #[state(public)]
    counts: BTreeMap<u8, i64>,
    #[state(public)]
    messages: Slot<Vector<ChatMessage>>,
    #[state(public)]
    undescribed: Vector<Undescribed>,
    #[state(public)]
    #[serde(with = "as_text")]
    size: u8,
    secret: Option<Secret>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Secret;

#[streaming_action(state = Book, reads(parts), writes(parts, last), yields(Event))]
async fn write(
    book: Reads<'_>,
    #[input] part: Part,
    #[input] mood: Option<Mood>,
    #[input] undescribed: Undescribed,
) -> Result<Writes> {
    let Undescribed = undescribed;
    yield_!(Event { at: 1 });
    let part = Part { mood, ..part };
    Ok(Writes { parts: book.parts.with(part.title.clone(), part.clone()), last: part })
}

graph! {
    Writing(Book) {
        inputs { #[public] part: Part, mood: Option<Mood>, undescribed: Undescribed }
        yields Event;
        nodes { write }
        start write;
        write -> pause;
    }
}

async fn schemas() -> Value {
    let routes = Server::builder(MemoryLog::new(), |_| Writing::app()).build().router();
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let body = routes.oneshot(request).await.unwrap().into_body();
    let api: Value = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
    assert_references_resolve(&api, &api);
    api["components"]["schemas"].clone()
}

fn assert_references_resolve(part: &Value, api: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(to)) = fields.get("$ref") {
                assert!(api.pointer(to.trim_start_matches('#')).is_some(), "{to}");
            }
            for part in fields.values() {
                assert_references_resolve(part, api);
            }
        }
        Value::Array(parts) => {
            for part in parts {
                assert_references_resolve(part, api);
            }
        }
        _ => {}
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn or_null(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

#[tokio::test]
async fn inputs_items_and_public_fields_have_the_schemas_of_their_types() {
    let schemas = schemas().await;
    let (part, mood) = (reference("Part"), or_null(&reference("Mood")));
    let undescribed = json!({ "title": "Undescribed" });
    assert_eq!(
        schemas["Inputs"],
        json!({
            "type": "object", "additionalProperties": false,
            "properties": { "part": part, "mood": mood, "undescribed": undescribed },
            "required": ["part", "undescribed"],
        })
    );
    assert_eq!(schemas["PublicInputs"]["properties"], json!({ "part": part }));
    assert_eq!(schemas["Item"], reference("Event2"));
    assert_eq!(schemas["Event2"]["properties"]["at"]["maximum"], 255);
    let mut state = schemas["State"]["properties"].clone();
    let counts = state["counts"].take();
    assert_eq!(
        state,
        json!({
            "parts": { "type": "object", "additionalProperties": part },
            "last": or_null(&part),
            "moods": { "type": "array", "items": mood },
            "counts": null,
            "messages": { "type": ["array", "null"], "items": reference("ChatMessage") },
            "undescribed": { "title": "Vector<Undescribed>" },
            // serialized by custom functions
            "size": { "title": "u8" },
        })
    );
    let count = &counts["patternProperties"][r"^\d+$"];
    assert_eq!(count["type"], json!(["integer", "string"]));
    assert_eq!((&count["minimum"], &count["maximum"]), (&json!(i64::MIN), &json!(i64::MAX)));
    assert_eq!(schemas.get("Secret"), None);
}

#[tokio::test]
async fn types_of_the_program_can_be_recursive() {
    let schemas = schemas().await;
    let mut part = schemas["Part"].clone();
    let words = part["properties"]["words"].take();
    assert_eq!(
        part,
        json!({
            "type": "object",
            "description": "A part of a book.",
            "properties": {
                "title": { "type": "string", "description": "The heading." },
                "words": null,
                "mood": or_null(&reference("Mood")),
                "parts": {
                    "type": "array", "items": reference("Part"), "default": [],
                    "description": "Smaller ones.",
                },
            },
            "required": ["title", "words"],
        })
    );
    assert_eq!(words["type"], json!(["integer", "string"]));
    assert_eq!(words["maximum"], u64::MAX);
    let by = &schemas["Mood"]["oneOf"][1]["properties"]["loud"]["properties"]["by"];
    let expected = json!({
        "type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX,
    });
    assert_eq!(*by, expected);
}
