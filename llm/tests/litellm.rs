//! A provider against a third-party server: the `LiteLLM` proxy, with mock models, and before a server that calls tools.

#[path = "common/story.rs"]
mod story;

use burdock_llm::{
    Change, Chunk, Grown, Message, Model, ModelError, Provider, Reason, Request, SchemaMode,
    ToolChoice, paired, tool, tools,
};
use burdock_servers::{Answer, KEY, LiteLlm, Upstream};
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::{collections::BTreeMap, error::Error};
use story::{Story, write_story};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const TEXT: &str = "Hello from a mock model.";

const STORY: &str =
    r#"{"title": "Fire", "chapters": [{"heading": "Smoke"}, {"heading": "Ash"}], "rating": 4}"#;

const MODELS: &str = r#"
  - model_name: small
    litellm_params: { model: openai/small, api_key: unused, mock_response: "@TEXT@" }
  - model_name: story
    litellm_params: { model: openai/story, api_key: unused, mock_response: '@STORY@' }
  - model_name: limited
    litellm_params: { model: openai/limited, api_key: unused, mock_response: litellm.RateLimitError }
"#;

fn proxy() -> Result<LiteLlm> {
    let models = MODELS.replace("@TEXT@", TEXT).replace("@STORY@", STORY);
    LiteLlm::start(&models, env!("CARGO_TARGET_TMPDIR"))
}

fn model(proxy: &LiteLlm, name: &str) -> Result<Provider> {
    Ok(Provider::at(&proxy.url, name, Some(KEY))?)
}

#[tokio::test]
async fn real_server_streams_with_usage_and_its_errors_are_parsed() -> Result {
    let proxy = proxy()?;
    let history = [Message::user("Hi"), Message::assistant("Yes?"), Message::user("Greet me")];
    let answer = model(&proxy, "small")?.chat(Request::new(history).system("Be polite."));
    let chunks: Vec<Chunk> = answer.try_collect().await?;
    let deltas: Vec<&str> = chunks.iter().filter_map(Chunk::text).collect();
    assert!(deltas.len() > 3, "{deltas:?}");
    assert_eq!(deltas.concat(), TEXT);
    let Some(Chunk::End(end)) = chunks.last() else { return Err("there is no end".into()) };
    assert_eq!(end.reason, Reason::Complete);
    assert!(end.usage.input_tokens.is_some_and(|tokens| tokens > 0), "{end:?}");
    assert!(end.usage.output_tokens.is_some_and(|tokens| tokens > 0), "{end:?}");
    assert!(end.usage.first_delta.is_some(), "{end:?}");

    for (name, expected) in [("none", 400), ("limited", 429)] {
        let error = model(&proxy, name)?.chat(Request::prompt("Hi")).whole().await.err();
        let Some(ModelError::Refused { status, .. }) = error else {
            return Err(format!("{name} answers: {error:?}").into());
        };
        assert_eq!(status, expected, "{name}: {error:?}");
        assert_eq!(error.is_some_and(|error| error.is_retryable()), expected == 429);
    }

    // the proxy keeps working after a reader has disconnected
    let mut left = model(&proxy, "small")?.chat(Request::prompt("Hi"));
    assert!(left.next().await.is_some());
    drop(left);
    assert_eq!(model(&proxy, "small")?.chat(Request::prompt("Hi")).whole().await?.text, TEXT);
    Ok(())
}

#[tokio::test]
async fn prompt_has_the_same_value_and_usage_streamed_and_whole() -> Result {
    let proxy = proxy()?;
    let prompted = model(&proxy, "story")?;
    let structured = model(&proxy, "story")?.schema_mode(SchemaMode::Structured);
    for llm in [prompted, structured] {
        let (whole, response) = write_story("a dragon", 3).on(&llm).with_response().await?;
        assert_eq!(whole, serde_json::from_str::<Story>(STORY)?);

        let mut answer = write_story("a dragon", 3).on(&llm).stream();
        let mut titles = Vec::new();
        while let Some(change) = answer.next().await {
            let change: Change<Story> = change?;
            assert!(change.path().segments().len() < 4);
            titles.extend(answer.partial().title.clone());
        }
        titles.dedup();
        assert!(titles.len() > 1, "the title grows: {titles:?}");
        assert_eq!(answer.finish().await?, whole);
        let streamed = answer.response();
        assert_eq!((&streamed.text, streamed.reason), (&response.text, Reason::Complete));
        let tokens = |usage: burdock_llm::Usage| (usage.input_tokens, usage.output_tokens);
        assert_eq!(tokens(streamed.usage), tokens(response.usage));
        assert!(response.usage.output_tokens.is_some_and(|tokens| tokens > 0), "{response:?}");
    }
    Ok(())
}

/// Orders by e-mail address.
struct Shop(Vec<(&'static str, u64)>);

/// Finds the orders of a customer.
#[tool]
async fn find_orders(
    #[resource] shop: &Shop,
    /// The customer's e-mail address.
    email: String,
) -> burdock::Result<Vec<u64>> {
    let found = shop.0.iter().filter(|(owner, _)| *owner == email);
    Ok(found.map(|(_, order)| *order).collect())
}

#[tokio::test]
async fn tools_are_called_through_a_real_proxy() -> Result {
    let upstream = Upstream::start(|request| {
        let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
        if messages.last().is_some_and(|last| last["role"] == "tool") {
            return Answer::Text("Ada has one order, Ben has none.".to_owned());
        }
        let call = |id, email: &str| (id, "find_orders", json!({ "email": email }));
        Answer::Calls(vec![call("c1", "ada@example.org"), call("c2", "ben@example.org")])
    })?;
    let models = format!(
        "  - model_name: agent\n    litellm_params: {{ model: openai/agent, api_key: unused, api_base: \"{}\" }}",
        upstream.url
    );
    let proxy = LiteLlm::start(&models, env!("CARGO_TARGET_TMPDIR"))?;
    let llm = model(&proxy, "agent")?;
    let shop = Shop(vec![("ada@example.org", 17)]);
    let tools = tools![find_orders { shop: &shop }];
    let mut request = Request::prompt("Which orders do Ada and Ben have?").tools(&tools);

    // the first answer: two calls, which grow while they are written
    let first = request.clone().tool_choice(ToolChoice::Required);
    let (deltas, transcript) = llm.chat(first).transcribe();
    let (mut chunks, mut reader) = (deltas.chunks(), tools.reader());
    let mut grown: BTreeMap<usize, (Grown<Value>, usize)> = BTreeMap::new();
    while let Some(chunk) = chunks.try_next().await? {
        let Chunk::ToolCallDelta(delta) = chunk else { continue };
        for change in reader.read(&delta) {
            assert_eq!(change.name, "find_orders");
            let (value, changes) = grown.entry(change.index).or_default();
            value.apply(&change.change)?;
            *changes += 1;
        }
    }
    let answer = transcript.take();
    assert_eq!(answer.end.reason, Reason::Complete);
    assert_eq!(answer.end.usage.output_tokens, Some(7));
    assert_eq!(answer.tool_calls.len(), 2);
    for (index, call) in answer.tool_calls.iter().enumerate() {
        let (value, changes) = &grown[&index];
        assert_eq!(value.partial(), Some(&call.arguments));
        assert!(*changes > 2, "the address arrives in pieces: {changes}");
    }

    // their results, and the second answer
    let results = tools.run(answer.tool_calls.clone()).whole().await?;
    let texts: Vec<&str> = results.iter().map(|result| result.text.as_str()).collect();
    assert_eq!(texts, ["[17]", "[]"]);
    request.messages.push(answer.into());
    request.messages.extend(results);
    assert_eq!(paired(request.messages.clone()), request.messages);
    let answer = llm.chat(request).whole().await?;
    assert_eq!(answer.text, "Ada has one order, Ben has none.");

    let requests = upstream.requests();
    assert_eq!(requests[0]["tools"][0]["function"]["name"], "find_orders");
    let schema = &requests[0]["tools"][0]["function"]["parameters"];
    assert_eq!(schema["properties"]["email"]["description"], "The customer's e-mail address.");
    assert_eq!(requests[0]["tool_choice"], "required");
    let sent = requests[1]["messages"].as_array().ok_or("no messages")?;
    let ids = |message: &Value| message["tool_call_id"].as_str().map(str::to_owned);
    let results: Vec<String> = sent.iter().filter_map(ids).collect();
    let calls: Vec<&Value> =
        sent.iter().filter_map(|message| message["tool_calls"].as_array()).flatten().collect();
    let called: Vec<&str> = calls.iter().filter_map(|call| call["id"].as_str()).collect();
    assert_eq!(results, called);
    assert_eq!(called.len(), 2);
    Ok(())
}
