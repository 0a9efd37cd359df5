//! Questions and expected answers as data, and properties of all answers.

use super::{Offline, Pace};
use crate::{
    Answer, Chunk, Message, Model, ModelError, Reason, Request, ToolChoice, ToolDefinition,
};
use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use std::time::Duration;

const CODE: &str = "Reply with code only.";
const QUESTION: &str = "Answer the question.";

type Result<T = ()> = std::result::Result<T, ModelError>;

/// Sends the prompts one after the other in one session and returns the answers.
async fn ask(preamble: &str, prompts: &[&str]) -> Result<Vec<String>> {
    let model = Offline::with_pace(Pace::Instant);
    let mut history = Vec::new();
    let mut answers = Vec::new();
    for prompt in prompts {
        history.push(Message::user(*prompt));
        let request = Request::new(history.clone()).system(preamble);
        let answer = model.chat(request).whole().await?.text;
        history.push(Message::assistant(&answer));
        answers.push(answer);
    }
    Ok(answers)
}

async fn check(preamble: &str, prompts: &[&str], expected: &str) -> Result {
    let answers = ask(preamble, prompts).await?;
    let last = answers.last().map_or("", String::as_str);
    assert!(last.contains(expected), "{prompts:?}: `{last}` lacks `{expected}`");
    Ok(())
}

#[tokio::test]
async fn offline_responder_answers_the_question() -> Result {
    let table: &[(&str, &[&str], &str)] = &[
        (CODE, &["write code for fizzbuzz"], "```rust\nfn main() {\n    for n in 1..=100"),
        (CODE, &["Reverse a string, please"], "fn reverse(text: &str)"),
        (CODE, &["check whether a number is prime"], "fn primes"),
        (CODE, &["rename all files of a list by date"], "fn rename_all_file_list("),
        (CODE, &["loop"], "fn do_loop()"),
        (CODE, &["???"], "fn as_you_wish()"),
        (QUESTION, &["write code for factorials"], "fn factorial"),
        (QUESTION, &["what is a monad?"], "`Option` and `and_then`"),
        (QUESTION, &["what is a monad?", "what are monads?"], "Forget the burritos"),
        (QUESTION, &["Explain ownership", "ownership?", "ownership!"], "heard this from me before"),
        (QUESTION, &["Tell me about state machines"], "current one"),
        (QUESTION, &["Write a limerick"], "burdock once clung"),
        (QUESTION, &["Write a limerick about tea!"], "A rhyme about tea? I'm offline"),
        (QUESTION, &["hello"], "Hello!"),
        (QUESTION, &["my name is ada.", "Hi"], "Hello, Ada!"),
        (QUESTION, &["my name is ada.", "What is my name?"], "You are Ada"),
        (QUESTION, &["what's my name"], "not told me"),
        (QUESTION, &["what is a trait?", "what did I ask before?"], "\"what is a trait?\""),
        (QUESTION, &["what did I ask before?"], "Nothing yet"),
        (QUESTION, &["what is 3 * 4"], "3 * 4 = 12."),
        (QUESTION, &["What is (1.5 + 2)*-4?"], "= -14."),
        (QUESTION, &["how much is 7 divided by 2 minus 1"], "7 / 2 - 1 = 2.5."),
        (QUESTION, &["0.1 + 0.2"], "= 0.3."),
        (QUESTION, &["2^3^2"], "= 512."),
        (QUESTION, &["0 * -1"], "= 0."),
        (QUESTION, &["1/0"], "no value"),
        (QUESTION, &["Why are you ignoring my cat?"], "Why am I ignoring your cat?"),
        (QUESTION, &["I feel lost"], "How long have you felt lost?"),
        (QUESTION, &["zebras", "zebras"], "still offline"),
        (QUESTION, &["zebras"], "--features providers"),
        (QUESTION, &["…"], "offline"),
    ];
    for (preamble, prompts, expected) in table {
        check(preamble, prompts, expected).await?;
    }
    Ok(())
}

#[tokio::test]
async fn different_prompts_get_different_answers() -> Result {
    let code = ask(CODE, &["write code for fizzbuzz"]).await?;
    let question = ask(QUESTION, &["what is a monad?", "write a limerick"]).await?;
    assert_ne!(code.first(), question.first());
    assert_ne!(question.first(), question.get(1));
    assert!(code.iter().all(|code| code.starts_with("```rust\n") && code.ends_with("\n```")));
    Ok(())
}

#[tokio::test]
async fn chunks_are_words_that_add_up_to_the_whole_answer() -> Result {
    for (preamble, prompt) in
        [(CODE, "sort"), (QUESTION, "write a limerick"), (QUESTION, "a  b \n c")]
    {
        let model = Offline::with_pace(Pace::Instant);
        let (deltas, _) = model.chat(Request::prompt(prompt).system(preamble)).transcribe();
        let chunks: Vec<String> = deltas.try_collect().await?;
        assert_eq!(chunks.concat(), super::answer(preamble, &[], prompt));
        assert!(chunks.len() > 5);
        assert!(chunks.iter().all(|chunk| chunk.split_whitespace().count() == 1));
    }
    Ok(())
}

#[tokio::test]
async fn history_without_a_user_message_is_an_error() {
    let request = Request::new([Message::assistant("Hello!")]);
    let mut answer = Offline::default().chat(request);
    let refused = answer.next().await;
    assert!(
        matches!(refused, Some(Err(error)) if error == ModelError::NothingAsked && !error.is_retryable())
    );
    assert!(answer.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn end_has_the_usage() -> Result {
    let whole = Offline::default().chat(Request::prompt("hello there")).whole().await?;
    assert_eq!(whole.end.reason, Reason::Complete);
    let usage = whole.end.usage;
    assert_eq!(usage.input_tokens, Some(2));
    assert!(usage.output_tokens.is_some_and(|count| count > 5));
    assert_eq!(usage.first_delta, Some(Duration::from_millis(245)));
    Ok(())
}

#[test]
fn responder_works_under_any_executor() -> Result {
    let answer = Offline::default().chat(Request::prompt("3 * 4"));
    let whole = futures::executor::block_on(answer.whole())?;
    assert!(whole.text.starts_with("3 * 4 = 12."), "{whole:?}");
    Ok(())
}

#[test]
fn pauses_vary_and_are_longer_at_punctuation() {
    let pause = |index, before| Pace::Natural.pause(index, before);
    assert!(pause(3, "word. ") > pause(3, "word, "));
    assert!(pause(3, "word, ") > pause(3, "words "));
    assert_ne!(pause(3, "word "), pause(4, "word "));
    assert_eq!(pause(3, "word "), pause(3, "word "));
    assert_eq!(Pace::Instant.pause(3, "word. "), None);
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let prompt = format!("{}1 + 1", "(".repeat(100_000));
    assert!(super::answer(QUESTION, &[], &prompt).contains("offline"));
    let prompt = format!("{}1 + 1", "-".repeat(100_000));
    assert!(super::answer(QUESTION, &[], &prompt).contains("offline"));
}

#[test]
fn answer_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: T) {}
    is_send(Offline::default().chat(Request::prompt("hello")));
    is_send::<Option<Answer>>(None);
    is_send(async { Offline::default().chat(Request::prompt("")).next().await });
    is_send::<Option<Chunk>>(None);
}

#[tokio::test]
async fn a_tool_is_called_by_keywords_and_its_result_is_passed_on() -> Result {
    let tool = |name: &str, description: &str, property: &str, kind: &str| {
        let schema = json!({
            "type": "object", "properties": { property: { "type": kind } }, "required": [property],
        });
        ToolDefinition::new(name, description, schema)
    };
    let request = |prompt: &str| {
        Request::prompt(prompt)
            .tool(tool("find_orders", "Finds the orders of a customer.", "email", "string"))
            .tool(tool("refund", "Refunds an order.", "order", "integer"))
    };
    let model = Offline::with_pace(Pace::Instant);
    for (prompt, expected) in [
        (
            "Which orders does ada@example.org have?",
            Some(("find_orders", json!({ "email": "ada@example.org" }))),
        ),
        ("Please refund order 17.", Some(("refund", json!({ "order": 17 })))),
        ("What is a monad?", None),
    ] {
        let whole = model.chat(request(prompt)).whole().await?;
        let calls = whole.tool_calls.iter();
        let called = calls.map(|call| (&*call.name, call.arguments.clone())).next();
        assert_eq!(called, expected, "{prompt}");
    }
    for (choice, expected) in [
        (ToolChoice::None, None),
        (ToolChoice::Required, Some("find_orders")),
        (ToolChoice::Tool("refund".into()), Some("refund")),
        (ToolChoice::Tool("other".into()), None),
    ] {
        let whole = model.chat(request("What is a monad?").tool_choice(choice)).whole().await?;
        assert_eq!(whole.tool_calls.first().map(|call| &*call.name), expected);
    }

    let mut request = request("Please refund order 17.");
    let whole = model.chat(request.clone()).whole().await?;
    let call = whole.tool_calls[0].clone();
    request.messages.extend([whole.into(), Message::tool(&call, "refunded 17")]);
    let whole = model.chat(request).whole().await?;
    assert!(whole.tool_calls.is_empty());
    assert!(whole.text.starts_with("`refund` returned: refunded 17\n"), "{}", whole.text);
    Ok(())
}
