//! Typed prompts: schemas in requests, and connections that are closed early.

use super::server::{KEY, Result, Server, answer, say, start_answer};
use crate::{Model, PromptError, Provider, Request, ResponseSchema, SchemaMode, prompt};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    io::Write,
    sync::mpsc,
    time::{Duration, Instant},
};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Story {
    title: String,
    pages: u8,
    note: Option<String>,
}

/// Write a short story.
#[prompt(crate = crate)]
async fn write_story() -> Story;

/// Name some numbers.
#[prompt(crate = crate)]
async fn numbers() -> Vec<u8>;

/// Sends a text in one event, and waits for the client to close the connection.
fn serve(text: &'static str) -> Result<Server> {
    Server::start(move |stream| {
        start_answer(stream)?;
        say(stream, text)?;
        stream.write_all(b"data: [DONE]\n\n")
    })
}

#[tokio::test]
async fn schema_is_in_the_request_if_the_server_supports_it() -> Result {
    let story = r#"{"title": "Fire", "pages": 4, "note": null}"#;
    let expected = Story { title: "Fire".into(), pages: 4, note: None };
    let server = serve(story)?;
    let model = server.model()?.schema_mode(SchemaMode::Structured);
    assert_eq!(write_story().on(&model).await?, expected);
    let body: Value = serde_json::from_str(&server.received().await?.body)?;
    let format = &body["response_format"];
    assert_eq!(
        (&format["type"], &format["json_schema"]["strict"]),
        (&json!("json_schema"), &json!(true))
    );
    let schema = &format["json_schema"]["schema"];
    assert_eq!(format["json_schema"]["name"], "write_story");
    assert_eq!(schema["additionalProperties"], false);
    let required = schema["required"].as_array().map(Vec::len);
    assert_eq!(required, Some(3), "{schema}");
    assert_eq!(schema["properties"]["pages"]["maximum"], 255, "{schema}");
    assert!(schema["properties"]["pages"].get("format").is_none(), "{schema}");

    // a server with the OpenAI protocol may not support schemas
    let server = serve(story)?;
    assert_eq!(write_story().on(&server.model()?).await?, expected);
    let body = server.received().await?.body;
    assert!(!body.contains("response_format") && body.contains("JSON Schema"), "{body}");
    Ok(())
}

#[tokio::test]
async fn answer_that_is_not_an_object_is_wrapped_and_unwrapped() -> Result {
    let server = serve(r#"{"value": [1, 2]}"#)?;
    let model = server.model()?.schema_mode(SchemaMode::Structured);
    assert_eq!(numbers().on(&model).await?, [1, 2]);
    let body: Value = serde_json::from_str(&server.received().await?.body)?;
    let schema = &body["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["properties"]["value"]["type"], "array");
    Ok(())
}

#[tokio::test]
async fn schema_that_the_provider_cannot_express_is_described_in_the_prompt() -> Result {
    let map = ResponseSchema::new(
        "map",
        json!({ "type": "object", "additionalProperties": { "type": "string" } }),
    );
    let object = ResponseSchema::new("object", json!({ "type": "object" }));
    for (name, accepts) in [
        ("gpt-5.4-mini", [false, true]),
        ("claude-haiku-4-5", [false, true]),
        ("gemini-3.5-flash-lite", [true, true]),
        ("ollama::gemma", [false, false]),
        ("command-r", [false, false]),
    ] {
        let model = Provider::named(name, Some(KEY))?;
        assert_eq!([&map, &object].map(|schema| model.accepts_schema(schema)), accepts, "{name}");
        let model = model.schema_mode(SchemaMode::Prompted);
        assert!(!model.accepts_schema(&object), "{name}");
    }
    assert!(Provider::at("https://api.openai.com/v1", "small", None)?.accepts_schema(&object));
    // even if it is requested, it is not sent
    let server = Server::start(answer)?;
    let request = Request::prompt("Hi").schema(object);
    server.model()?.chat(request).whole().await?;
    assert!(!server.received().await?.body.contains("response_format"));
    Ok(())
}

/// Sends the start of an answer, reports the time, and continues until the client disconnects.
fn serve_endless(first: &'static str) -> Result<(Server, mpsc::Receiver<Instant>)> {
    let (sender, sent) = mpsc::channel();
    let server = Server::start(move |stream| {
        start_answer(stream)?;
        say(stream, first)?;
        // the test may not wait for it
        let _ = sender.send(Instant::now());
        Ok(())
    })?;
    Ok((server, sent))
}

#[tokio::test]
async fn mismatch_closes_the_connection_within_100_ms() -> Result {
    let (server, sent) = serve_endless(r#"{"title": "Fire", "pages": ["#)?;
    let error = write_story().on(&server.model()?).await.err().ok_or("it fits")?;
    let PromptError::Mismatch { path, .. } = &error else { return Err(error.into()) };
    assert_eq!(path.to_string(), "pages");
    let (sent, received) = (sent.recv()?, server.received().await?);
    assert!(received.closed);
    let took = received.at.saturating_duration_since(sent);
    assert!(took < Duration::from_millis(100), "{took:?}");
    Ok(())
}

#[tokio::test]
async fn dropped_stream_closes_the_connection_within_100_ms() -> Result {
    let (server, _sent) = serve_endless(r#"{"title": "Fire"#)?;
    let model = server.model()?;
    let mut answer = write_story().on(&model).stream();
    while !matches!(answer.next().await, Some(Ok(change)) if !change.path().is_root()) {}
    let dropped = Instant::now();
    drop(answer);
    let received = server.received().await?;
    assert!(received.closed);
    let took = received.at.saturating_duration_since(dropped);
    assert!(took < Duration::from_millis(100), "{took:?}");
    Ok(())
}

/// A term.
#[derive(Debug, Deserialize, JsonSchema)]
enum Term {
    Number(i32),
    Not {
        /// The negated term.
        of: Box<Term>,
    },
}

/// Name a term.
#[prompt(crate = crate)]
async fn term() -> Term;

#[tokio::test]
async fn reference_with_a_description_to_its_own_type_is_sent() -> Result {
    let server = serve(r#"{"value": {"Not": {"of": {"Number": 1}}}}"#)?;
    let model = server.model()?.schema_mode(SchemaMode::Structured);
    let Term::Not { of } = term().on(&model).await? else { return Err("another term".into()) };
    assert!(matches!(*of, Term::Number(1)));
    let body: Value = serde_json::from_str(&server.received().await?.body)?;
    let schema = &body["response_format"]["json_schema"]["schema"];
    let not = &schema["$defs"]["Answer"]["anyOf"][1]["properties"]["Not"];
    let expected =
        json!({ "description": "The negated term.", "anyOf": [{ "$ref": "#/$defs/Answer" }] });
    assert_eq!(not["properties"]["of"], expected, "{schema}");
    Ok(())
}
