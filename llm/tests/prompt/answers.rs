//! Answer types, and invalid answers.

use super::{Result, Story, say, story, write_story, written};
use burdock_llm::{PromptError, Reason, Script, Scripted, Usage, prompt, prompt::Prompt};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use std::{collections::BTreeMap, fmt::Debug, time::Duration};

/// Say something.
#[prompt]
async fn text() -> String;

/// Say something, or nothing.
#[prompt]
async fn optional() -> Option<String>;

/// List some.
#[prompt]
async fn list() -> Vec<u32>;

/// How many?
#[prompt]
async fn number() -> u8;

/// Is it?
#[prompt]
async fn yes_or_no() -> bool;

/// Count them.
#[prompt]
async fn map() -> BTreeMap<String, i64>;

#[derive(Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mood {
    Dark,
    Light,
}

/// How is it?
#[prompt]
async fn mood() -> Mood;

/// A type with a schema and without a partial form.
#[derive(Debug, PartialEq, Deserialize, schemars::JsonSchema)]
struct Plain {
    name: String,
}

/// Name it.
#[prompt]
async fn plain() -> Plain;

/// Parses an answer in all four ways, and compares the results.
async fn check<T>(prompt: fn() -> Prompt<T>, text: &str, wrapped: &str, expected: T) -> Result
where
    T: DeserializeOwned + Debug + PartialEq,
{
    let prompted = Scripted::new([say(text)]);
    let structured = Scripted::new([say(wrapped)]).accepting_schemas();
    for llm in [prompted, structured] {
        assert_eq!(prompt().on(&llm).await?, expected, "{text}");
        let mut answer = prompt().on(&llm).stream();
        let mut value = serde_json::Value::Null;
        let mut is_complete = false;
        while let Some(change) = answer.next().await {
            let change = change?;
            assert!(!is_complete, "{change:?} follows the end of {text}");
            is_complete = change.path().is_root() && *change.edit() == burdock_json::Edit::Complete;
            burdock_json::apply(&mut value, change.untyped())?;
        }
        assert!(is_complete, "{text}");
        assert_eq!(serde_json::from_value::<T>(value)?, expected, "{text}");
        assert_eq!(answer.finish().await?, expected, "{text}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn every_type_with_a_schema_is_an_answer() -> Result {
    check(text, "Hello, \"Ada\"", "Hello, \"Ada\"", "Hello, \"Ada\"".to_owned()).await?;
    check(text, "", "", String::new()).await?;
    check(optional, "null", r#"{"value": null}"#, None).await?;
    check(optional, r#""so""#, r#"{"value": "so"}"#, Some("so".to_owned())).await?;
    check(list, "[1, 23]", r#"{"value": [1, 23]}"#, vec![1, 23]).await?;
    check(number, " 12", r#"{"value": 12}"#, 12).await?;
    check(yes_or_no, "true", r#"{"value": true}"#, true).await?;
    check(mood, r#""light""#, r#"{"value": "light"}"#, Mood::Light).await?;
    let counted = BTreeMap::from([("a".to_owned(), -1)]);
    check(map, r#"{"a": -1}"#, r#"{"a": -1}"#, counted).await?;
    let named = Plain { name: "Bur".into() };
    check(plain, r#"{"name": "Bur"}"#, r#"{"name": "Bur"}"#, named).await
}

/// Returns the error, which must be the same awaited and streamed.
async fn error_of<T: Debug>(prompt: impl Fn() -> Prompt<T>, script: &Script) -> PromptError {
    let llm = Scripted::new([script.clone()]);
    let awaited = prompt().on(&llm).await.unwrap_err();
    let mut answer = prompt().on(&llm).stream();
    let mut streamed = None;
    while let Some(change) = answer.next().await {
        match change {
            Ok(_) => assert!(streamed.is_none(), "an error is the last item"),
            Err(error) => streamed = Some(error),
        }
    }
    assert_eq!(streamed.as_ref(), Some(&awaited));
    assert_eq!(answer.finish().await.unwrap_err(), awaited);
    assert_eq!(answer.finish().await.unwrap_err(), awaited);
    assert!(answer.next().await.is_none());
    awaited
}

#[tokio::test(start_paused = true)]
async fn answers_that_do_not_fit_are_errors_with_the_path() {
    let deep = format!(r#"{{"title": "t", "chapters": {}"#, "[".repeat(10_000));
    let half = r#"{"title": "Fire", "chapters": [{"heading": "#;
    for (answer, place, part) in [
        ("I would rather not.", "", "expected"),
        ("", "", "expected"),
        (r#"{"title": 3.5, "chapters": {}}"#, "chapters[0]", "`heading`"),
        (r#"{"title": "t", "chapters": [{"heading": []}]}"#, "chapters[0].heading", "string"),
        (r#"{"title": "t", "chapters": [], "rating": 300}"#, "rating", "300"),
        (r#"{"title": "t", "chapters": []}"#, "", "rating"),
        (half, "chapters[0]", "the end of the answer"),
        (&deep, "chapters[0]", "object"),
        ("[1, 2]", "", "object"),
        ("42", "", "object"),
    ] {
        let error = error_of(|| write_story("a dragon", 3), &say(answer)).await;
        let message = error.to_string();
        let PromptError::Mismatch { path, text, offset, .. } = &error else {
            panic!("{answer}: {error:?}");
        };
        assert!(path.to_string().starts_with(place), "{answer}: {message}");
        assert!(message.contains(part), "{answer}: {message}");
        assert!(answer.starts_with(text), "the text so far: {text}");
        assert!(*offset <= answer.len(), "{message}");
        assert!(error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn first_of_two_values_is_used_and_the_second_is_a_repair() -> Result {
    let text = format!("Here it is:\n```json\n{0}\n```\nOr this:\n{0}", json!(story()));
    let llm = Scripted::new([say(&text)]);
    let (value, response) = write_story("a dragon", 3).on(&llm).with_response().await?;
    assert_eq!(value, story());
    assert!(!response.repairs.is_empty());
    assert_eq!(response.text, text);
    Ok(())
}

/// Count the dragons.
#[prompt]
async fn count() -> u32;

#[tokio::test(start_paused = true)]
async fn truncated_answer_is_incomplete_unless_its_value_is_complete() -> Result {
    let whole = written(&story());
    let (cut, ends) = (&whole[..whole.len() - 1], [Reason::Limit, Reason::Filtered]);
    let scripts = ends.map(|reason| (reason, say(cut).end(reason, Usage::default())));
    for (reason, script) in scripts.into_iter().chain([(Reason::Truncated, say(cut).cut())]) {
        let error = error_of(|| write_story("a dragon", 3), &script).await;
        let expected = PromptError::Incomplete { reason, text: cut.to_owned() };
        assert_eq!(error, expected);
        assert_eq!(error.is_retryable(), reason == Reason::Truncated);
        // the partial value stays readable
        let llm = Scripted::new([script]);
        let mut answer = write_story("a dragon", 3).on(&llm).stream();
        assert!(answer.finish().await.is_err());
        assert_eq!(answer.partial().title.as_deref(), Some("Fire"));
    }
    let script = say(&whole).cut();
    let value: Story = write_story("a dragon", 3).on(&Scripted::new([script])).await?;
    assert_eq!(value, story());
    // neither a number outside of brackets nor a text has an end marker
    let error = error_of(count, &say("12").cut()).await;
    assert_eq!(error, PromptError::Incomplete { reason: Reason::Truncated, text: "12".into() });
    assert_eq!(count().on(&Scripted::new([say("12")])).await?, 12);
    let error = error_of(text, &say("Once upon").cut()).await;
    assert!(matches!(error, PromptError::Incomplete { reason: Reason::Truncated, .. }));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn long_answer_is_an_error_with_the_limit() -> Result {
    let tick = Duration::from_millis(1);
    let endless = Script::new().endless("word ", tick);
    let error = error_of(|| text().at_most(1000), &endless).await;
    assert_eq!(error, PromptError::TooLong { limit: 1000 });
    let endless = Script::new().say(r#"{"title": ""#).endless("word ", tick);
    let error = error_of(|| write_story("a dragon", 3).at_most(1000), &endless).await;
    assert_eq!(error, PromptError::TooLong { limit: 1000 });
    let endless = Script::new().endless("", tick);
    let error = error_of(|| write_story("a dragon", 3).at_most(1000), &endless).await;
    assert_eq!(error, PromptError::TooLong { limit: 1000 });
    // a complete value is used, regardless of the text after it
    let chatty = Script::new().say(written(&story())).endless(" and", tick);
    let llm = Scripted::new([chatty]);
    assert_eq!(write_story("a dragon", 3).at_most(1000).on(&llm).await?, story());

    let huge = "a".repeat(10 << 20);
    let llm = Scripted::new([Script::new().say(&*huge)]);
    assert_eq!(text().on(&llm).await.unwrap_err(), PromptError::TooLong { limit: 8 << 20 });
    assert_eq!(text().at_most(16 << 20).on(&llm).await?.len(), 10 << 20);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn error_of_the_model_is_the_error_of_the_prompt() {
    let error = error_of(text, &Script::new().refuse(401)).await;
    assert!(matches!(&error, PromptError::Model(_)) && !error.is_retryable(), "{error:?}");
    assert!(!error.into_action().is_retryable());
    let error = error_of(text, &Script::new().refuse(503)).await;
    assert!(error.into_action().is_retryable());
}

#[tokio::test(start_paused = true)]
async fn stop_ends_the_answer_and_keeps_the_partial_value() -> Result {
    let llm = Scripted::new([Script::new().say(r#"{"title": "Fi"#).silence()]);
    let stop = tokio::time::sleep(Duration::from_secs(1));
    let mut answer = write_story("a dragon", 3).on(&llm).until(stop).stream();
    let error = answer.finish().await.unwrap_err();
    assert!(matches!(error, PromptError::Incomplete { reason: Reason::Cancelled, .. }));
    assert_eq!(answer.partial().title.as_deref(), Some("Fi"));
    assert_eq!(answer.response().reason, Reason::Cancelled);
    // also before the first poll
    let stop = async {};
    let mut answer = write_story("a dragon", 3).on(&llm).until(stop).stream();
    assert!(answer.next().await.is_some_and(|change| change.is_err()));
    assert_eq!(answer.response().attempts, 0);
    // but not after the last token of a value
    let whole = Script::new().say(written(&story())).silence();
    let stop = tokio::time::sleep(Duration::from_secs(1));
    let llm = Scripted::new([whole]);
    assert_eq!(write_story("a dragon", 3).on(&llm).until(stop).await?, story());
    Ok(())
}

/// A type that fits its schema but that `Deserialize` may reject.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Even {
    #[serde(deserialize_with = "even")]
    #[schemars(with = "u32")]
    number: u32,
}

fn even<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<u32, D::Error> {
    let number = u32::deserialize(from)?;
    if number % 2 == 0 { Ok(number) } else { Err(serde::de::Error::custom("it is odd")) }
}

/// Give me an even one.
#[prompt]
async fn even_number() -> Even;

#[tokio::test(start_paused = true)]
async fn error_of_deserialize_has_its_path_and_can_be_retried() -> Result {
    let error = error_of(even_number, &say(r#"{"number": 3}"#)).await;
    let PromptError::Refused { path, reason, .. } = &error else { panic!("{error:?}") };
    assert_eq!((path.as_str(), reason.contains("it is odd")), ("number", true));
    let llm = Scripted::new([say(r#"{"number": 3}"#), say(r#"{"number": 4}"#)]);
    assert_eq!(even_number().retries(1).on(&llm).await?.number, 4);
    Ok(())
}
