//! Requests of prompts.

use super::{Result, say, story, write_story, written};
use burdock_llm::{
    Message, Offline, Options, Pace, Partial, PromptError, Request, Role, Scripted, prompt,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// Greet {name}, aged {age}.
///
///     {"name": {name:json}, "literally": "{{name}}", "other": { name }}
///
/// {name} likes {likes:json}.
#[prompt(system = "You speak to {name}.", options = Options { max_tokens: Some(9), ..Options::default() })]
async fn greet(
    /// The person at the door.
    name: &str,
    age: u8,
    /// Their likes,
    /// in some order.
    likes: &[&str],
) -> String;

#[tokio::test(start_paused = true)]
async fn doc_comment_is_the_prompt_with_its_arguments() -> Result {
    let llm = Scripted::new([say("Hello")]);
    greet("\"Ada\"", 36, &["sums"]).temperature(0.5).on(&llm).await?;
    let text = "Greet \"Ada\", aged 36.\n\n\
        \x20   {\"name\": \"\\\"Ada\\\"\", \"literally\": \"{name}\", \"other\": { name }}\n\n\
        \"Ada\" likes [\n  \"sums\"\n].\n\n\
        name: The person at the door.\nlikes: Their likes, in some order.";
    let request = Request::prompt(text).system("You speak to \"Ada\".").max_tokens(9);
    assert_eq!(llm.requests(), [request.temperature(0.5)]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn call_sets_options_that_the_attribute_did_not() -> Result {
    let llm = Scripted::new([say("Hello")]);
    let history = [Message::user("Hi"), Message::assistant("Yes?")];
    greet("Ada", 36, &[])
        .messages(history.clone())
        .system("Be brief.")
        .max_tokens(5)
        .on(&llm)
        .await?;
    let request = llm.requests().remove(0);
    assert_eq!(request.messages[..2], history);
    assert_eq!(request.messages[2].role, Role::User);
    let Options { system, max_tokens, .. } = request.options;
    assert_eq!((system.as_deref(), max_tokens), (Some("Be brief."), Some(5)));

    greet("Ada", 36, &[]).options(Options::default()).system("").on(&llm).await?;
    assert_eq!(llm.requests()[1].options, Options::default());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn schema_is_structured_output_if_the_model_supports_it_and_otherwise_text() -> Result {
    let text = written(&story());
    let prompted = Scripted::new([say(&text)]);
    write_story("a dragon", 3).on(&prompted).await?;
    let request = prompted.requests().remove(0);
    assert_eq!(request.options.schema, None);
    let prompt = &request.messages[0].text;
    assert!(
        prompt.starts_with("Write a short story about a dragon, in at most 3 chapters.\n\nAvoid")
    );
    assert!(prompt.contains("JSON Schema") && prompt.contains(r#""rating""#), "{prompt}");

    let structured = Scripted::new([say(&text)]).accepting_schemas();
    write_story("a dragon", 3).on(&structured).await?;
    let request = structured.requests().remove(0);
    let schema = request.options.schema.ok_or("there is no schema")?;
    assert_eq!(schema.name, "write_story");
    assert_eq!(schema.schema["properties"]["rating"]["description"], "From 1 to 5.");
    assert!(request.messages[0].text.ends_with("Avoid clichés."));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn text_has_no_schema() -> Result {
    let llm = Scripted::new([say("Hello")]).accepting_schemas();
    greet("Ada", 36, &[]).on(&llm).await?;
    assert_eq!(llm.requests()[0].options.schema, None);
    Ok(())
}

struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it is secret"))
    }
}

/// Read {it:json}.
#[prompt]
async fn read(it: Unwritable) -> String;

#[tokio::test(start_paused = true)]
async fn argument_that_cannot_be_serialized_is_an_error_before_anything_is_sent() {
    let llm = Scripted::new([say("Hello")]);
    let error = read(Unwritable).system("a").on(&llm).await.unwrap_err();
    let expected = PromptError::Argument { name: "it", reason: "it is secret".into() };
    assert_eq!(error, expected);
    assert!(llm.requests().is_empty());
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Partial)]
struct Drawing {
    name: Option<String>,
    shapes: Vec<Shape>,
    tags: BTreeMap<String, u8>,
}

/// Draw something.
#[prompt]
async fn draw() -> Drawing;

/// Draw some.
#[prompt]
async fn draw_some() -> Vec<Drawing>;

#[tokio::test]
async fn offline_responder_fills_any_schema() -> Result {
    let llm = Offline::with_pace(Pace::Instant);
    let drawing = draw().on(&llm).await?;
    assert!(drawing.name.is_some_and(|name| name.contains("no model wrote")));
    assert_eq!((drawing.shapes.len(), drawing.tags.len()), (2, 2));
    assert_eq!(draw_some().on(&llm).await?.len(), 2);
    assert_eq!(write_story("a dragon", 3).on(&llm).await?.chapters.len(), 2);
    Ok(())
}

/** Count to {number}.
 *
 *  - slowly
 *  - {{aloud}}
 */
#[prompt]
async fn count(number: u8) -> String;

/**
Sort:
* {first}
* {second}
*/
#[prompt]
async fn sort(first: u8, second: u8) -> String;

#[tokio::test(start_paused = true)]
async fn margin_of_a_block_comment_is_not_in_the_prompt() -> Result {
    let llm = Scripted::new([say("so")]);
    count(3).on(&llm).await?;
    sort(2, 1).on(&llm).await?;
    let prompts = llm.requests().into_iter().map(|request| request.messages[0].text.clone());
    let expected = ["Count to 3.\n\n - slowly\n - {aloud}", "Sort:\n* 2\n* 1"];
    assert_eq!(prompts.collect::<Vec<_>>(), expected);
    Ok(())
}

struct Unshowable;

impl std::fmt::Display for Unshowable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}

/// Read {it}.
#[prompt]
async fn read_aloud(it: Unshowable) -> String;

#[tokio::test(start_paused = true)]
async fn argument_whose_display_fails_is_an_error_before_anything_is_sent() {
    let llm = Scripted::new([say("Hello")]);
    let error = read_aloud(Unshowable).on(&llm).await.unwrap_err();
    assert!(matches!(&error, PromptError::Argument { name: "it", .. }), "{error:?}");
    assert!(llm.requests().is_empty());
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
enum Expr {
    Add { left: Box<Expr>, right: Box<Expr> },
    Not(Box<Expr>),
    Number(i32),
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Share {
    #[schemars(range(max = 1.0))]
    share: f64,
    sum: Expr,
}

/// Compute.
#[prompt]
async fn compute() -> Share;

#[tokio::test]
async fn offline_responder_ends_recursive_variants() -> Result {
    let llm = Offline::with_pace(Pace::Instant);
    let Share { share, .. } = compute().on(&llm).await?;
    assert!(share <= 1.0);
    Ok(())
}
