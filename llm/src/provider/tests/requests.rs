//! Requests to a provider, and the calls in its answers.

use super::server::{KEY, Result, Server, answer, send, start_answer};
use crate::{Chunk, Message, Model, Provider, Request, ToolCall, ToolChoice, ToolDefinition};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    sync::mpsc,
};

async fn sent(request: Request) -> Result<Value> {
    let server = Server::start(answer)?;
    server.model()?.chat(request).whole().await?;
    let received = server.received().await?;
    assert!(received.head.starts_with("post /v1/chat/completions "));
    assert!(received.head.contains(&format!("authorization: bearer {KEY}")));
    Ok(serde_json::from_str(&received.body)?)
}

#[tokio::test]
async fn conversation_is_sent_without_empty_messages() -> Result {
    let history = [
        Message::user("Hi"),
        Message::assistant(""),
        Message::assistant("Yes?"),
        Message::user("Greet me"),
    ];
    let mut request = Request::new(history).system("Be polite.").max_tokens(9).temperature(0.5);
    request.options.stop_sequences.push("END".to_owned());
    let body = sent(request).await?;
    assert_eq!(body["model"], "small");
    assert_eq!(body["stream"], true);
    assert_eq!(body["max_tokens"], 9);
    assert_eq!(body["temperature"], 0.5);
    assert_eq!(body["stop"], json!(["END"]));
    let expected = json!([
        { "role": "system", "content": "Be polite." },
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "Yes?" },
        { "role": "user", "content": "Greet me" },
    ]);
    assert_eq!(body["messages"], expected);
    Ok(())
}

#[tokio::test]
async fn key_is_sent_without_its_line_feed() -> Result {
    for (key, expected) in [("sk-1\n", "authorization: bearer sk-1\r\n"), (" ", "bearer none\r\n")]
    {
        let server = Server::start(answer)?;
        Provider::at(&server.url, "small", Some(key))?.chat(super::ask()).whole().await?;
        let head = server.received().await?.head;
        assert!(head.contains(expected), "{head}");
    }
    Ok(())
}

#[tokio::test]
async fn tools_calls_and_their_results_are_sent() -> Result {
    let call = ToolCall::new("c1", "add", json!({ "a": 1, "b": 2 }));
    let history = [
        Message::user("1 + 2?"),
        Message::assistant("").with_tool_calls([call.clone()]),
        Message::tool(&call, "3"),
    ];
    let schema = json!({ "type": "object", "properties": { "a": { "type": "number" } } });
    let body =
        sent(Request::new(history).tool(ToolDefinition::new("add", "Adds.", schema))).await?;
    assert_eq!(body["tools"][0]["function"]["name"], "add");
    assert_eq!(body["tools"][0]["function"]["description"], "Adds.");
    let messages = &body["messages"];
    let call = &messages[1]["tool_calls"][0];
    assert_eq!((&call["id"], &call["function"]["name"]), (&json!("c1"), &json!("add")));
    assert_eq!(call["function"]["arguments"], r#"{"a":1,"b":2}"#);
    assert_eq!(messages[2]["role"], "tool");
    assert_eq!(messages[2]["tool_call_id"], "c1");
    assert_eq!(messages[2]["content"], "3");
    Ok(())
}

#[tokio::test]
async fn a_choice_is_sent_with_tools_only() -> Result {
    let add = || ToolDefinition::new("add", "Adds.", json!({ "type": "object" }));
    for (choice, expected) in [
        (ToolChoice::Auto, json!("auto")),
        (ToolChoice::None, json!("none")),
        (ToolChoice::Required, json!("required")),
        (
            ToolChoice::Tool("add".into()),
            json!({ "type": "function", "function": { "name": "add" } }),
        ),
    ] {
        let request = || Request::prompt("1 + 2?").tool_choice(choice.clone());
        assert_eq!(sent(request().tool(add())).await?["tool_choice"], expected);
        assert_eq!(sent(request()).await?.get("tool_choice"), None);
    }
    Ok(())
}

#[tokio::test]
async fn a_history_is_sent_with_one_result_for_each_call() -> Result {
    let calls = [ToolCall::new("c1", "add", json!({})), ToolCall::new("c2", "add", json!({}))];
    let history = [
        Message::tool(&calls[0], "before any call"),
        Message::user("1 + 2?"),
        Message::assistant("").with_tool_calls(calls.clone()),
        Message::tool(&calls[1], "3"),
        Message::user("Are you there?"),
    ];
    let body = sent(Request::new(history)).await?;
    let messages = body["messages"].as_array().ok_or("no messages")?;
    let sent: Vec<_> = messages
        .iter()
        .map(|message| (message["role"].as_str(), message["tool_call_id"].as_str()))
        .collect();
    let expected = [
        (Some("user"), None),
        (Some("assistant"), None),
        (Some("tool"), Some("c1")),
        (Some("tool"), Some("c2")),
        (Some("user"), None),
    ];
    assert_eq!(sent, expected);
    assert_eq!(
        messages[2]["content"],
        "error: the call was interrupted, and may have had an effect"
    );
    Ok(())
}

#[tokio::test]
async fn arguments_are_sent_back_as_an_object() -> Result {
    for (arguments, expected) in [
        (Value::Null, "{}"),
        (json!(""), "{}"),
        (json!({}), "{}"),
        (json!({ "a": null }), r#"{"a":null}"#),
        (json!("a = 1"), r#"{"arguments":"a = 1"}"#),
        (json!([1]), r#"{"arguments":[1]}"#),
    ] {
        let call = ToolCall::new("c1", "now", arguments);
        let history = [
            Message::user("What time is it?"),
            Message::assistant("").with_tool_calls([call.clone()]),
            Message::tool(&call, "noon"),
        ];
        let body = sent(Request::new(history)).await?;
        let call = &body["messages"][1]["tool_calls"][0];
        assert_eq!(call["function"]["arguments"], expected);
    }
    Ok(())
}

#[tokio::test]
async fn calls_arrive_complete_and_in_order_before_the_end() -> Result {
    let server = Server::start(|stream| {
        start_answer(stream)?;
        let part = |calls: Value| json!({ "choices": [{ "delta": { "tool_calls": calls } }] });
        let start_call = |index, id: &str, name: &str| {
            json!({ "index": index, "id": id, "type": "function",
                    "function": { "name": name, "arguments": "" } })
        };
        let more = |index, text: &str| json!({ "index": index, "function": { "arguments": text } });
        send(stream, &part(json!([start_call(0, "c1", "add")])))?;
        send(stream, &part(json!([more(0, r#"{"a""#)])))?;
        send(stream, &part(json!([more(0, ":1}"), start_call(1, "c2", "sub")])))?;
        send(stream, &part(json!([more(1, "no json")])))?;
        send(stream, &json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] }))?;
        stream.write_all(b"data: [DONE]\n\n")
    })?;
    let whole = server.model()?.chat(super::ask()).whole().await?;
    let call = |id: &str, name: &str, arguments: Value| ToolCall::new(id, name, arguments);
    let expected = [call("c1", "add", json!({ "a": 1 })), call("c2", "sub", json!("no json"))];
    assert_eq!(whole.tool_calls, expected);
    assert_eq!(whole.end.reason, crate::Reason::Complete);
    assert!(whole.text.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_call_grows_while_the_model_writes_it() -> Result {
    let (show, shown) = mpsc::channel::<()>();
    let server = Server::start(move |stream| {
        start_answer(stream)?;
        let part = |function: Value| json!({ "choices": [{ "delta": { "tool_calls": [{ "index": 0, "function": function }] } }] });
        send(stream, &part(json!({ "name": "add", "arguments": "" })))?;
        for piece in [r#"{"a""#, ":1}"] {
            // the client has seen everything before
            shown.recv().map_err(|_| io::ErrorKind::Other)?;
            send(stream, &part(json!({ "arguments": piece })))?;
        }
        shown.recv().map_err(|_| io::ErrorKind::Other)?;
        send(stream, &json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] }))?;
        stream.write_all(b"data: [DONE]\n\n")
    })?;
    let mut answer = server.model()?.chat(super::ask());
    let mut seen = Vec::new();
    while let Some(chunk) = answer.next().await {
        match chunk? {
            Chunk::ToolCallDelta(delta) => {
                seen.push(delta.name + &delta.arguments);
                show.send(())?;
            }
            Chunk::ToolCall(call) => seen.push(call.arguments.to_string()),
            other => assert!(matches!(other, Chunk::End(_)), "{other:?}"),
        }
    }
    assert_eq!(seen, ["add", r#"{"a""#, ":1}", r#"{"a":1}"#]);
    Ok(())
}
