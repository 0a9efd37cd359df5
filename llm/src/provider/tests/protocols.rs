//! Answers as each protocol sends them: text and two calls of one function, with ids of their own, their growth and the
//! usage; and structured output, which grows as a typed value.

use super::{
    ask,
    relayed::{any, provider},
    server::{Result, Server},
};
use crate::{Answer, Chunk, Grown, Model, Reason, SchemaMode, ToolCallDelta, prompt};
use futures_util::{StreamExt, stream};
use genai::adapter::AdapterKind::{self, Anthropic, Gemini, Ollama, OpenAI, OpenAIResp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeSet, io::Write};

/// A recorded answer.
struct Recording {
    kind: AdapterKind,
    content_type: &'static str,
    body: &'static str,
    /// Whether the arguments arrive in pieces.
    is_piecewise: bool,
}

const SSE: &str = "text/event-stream";

const RECORDINGS: [Recording; 5] = [
    Recording {
        kind: OpenAI,
        content_type: SSE,
        is_piecewise: true,
        body: r#"data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"Let me look."},"finish_reason":null}]}

data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"find","arguments":""}}]},"finish_reason":null}]}

data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]},"finish_reason":null}]}

data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Rome\"}"}}]},"finish_reason":null}]}

data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"find","arguments":"{\"city\":\"Oslo\"}"}}]},"finish_reason":null}]}

data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: {"id":"1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}

data: [DONE]

"#,
    },
    Recording {
        kind: Anthropic,
        content_type: SSE,
        is_piecewise: true,
        body: r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"small","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":2}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me look."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"find","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Rome\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_2","name":"find","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Oslo\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":20}}

event: message_stop
data: {"type":"message_stop"}

"#,
    },
    Recording {
        kind: Gemini,
        content_type: SSE,
        is_piecewise: false,
        body: r#"data: {"candidates":[{"content":{"parts":[{"text":"Let me look."}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13},"modelVersion":"small","responseId":"r1"}

data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"find","args":{"city":"Rome"}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"find","args":{"city":"Oslo"}}}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":20,"totalTokenCount":30},"modelVersion":"small","responseId":"r1"}

"#,
    },
    Recording {
        kind: Ollama,
        content_type: "application/x-ndjson",
        is_piecewise: false,
        body: r#"{"model":"small","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Let me look."},"done":false}
{"model":"small","created_at":"2026-01-01T00:00:01Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"find","arguments":{"city":"Rome"}}},{"function":{"name":"find","arguments":{"city":"Oslo"}}}]},"done":false}
{"model":"small","created_at":"2026-01-01T00:00:02Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":10,"eval_count":20}
"#,
    },
    Recording {
        kind: OpenAIResp,
        content_type: SSE,
        is_piecewise: true,
        body: r#"event: response.created
data: {"type":"response.created","response":{"id":"resp_1","object":"response","model":"small","status":"in_progress","output":[]},"sequence_number":0}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[],"role":"assistant"},"sequence_number":1}

event: response.content_part.added
data: {"type":"response.content_part.added","item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]},"sequence_number":2}

event: response.output_text.delta
data: {"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Let me look.","sequence_number":3}

event: response.output_text.done
data: {"type":"response.output_text.done","item_id":"msg_1","output_index":0,"content_index":0,"text":"Let me look.","sequence_number":4}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Let me look.","annotations":[]}]},"sequence_number":5}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":1,"item":{"id":"fc_1","type":"function_call","status":"in_progress","call_id":"call_1","name":"find","arguments":""},"sequence_number":6}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":"{\"city\":","sequence_number":7}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":"\"Rome\"}","sequence_number":8}

event: response.function_call_arguments.done
data: {"type":"response.function_call_arguments.done","item_id":"fc_1","output_index":1,"arguments":"{\"city\":\"Rome\"}","sequence_number":9}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":1,"item":{"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"find","arguments":"{\"city\":\"Rome\"}"},"sequence_number":10}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":2,"item":{"id":"fc_2","type":"function_call","status":"in_progress","call_id":"call_2","name":"find","arguments":""},"sequence_number":11}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","item_id":"fc_2","output_index":2,"delta":"{\"city\":\"Oslo\"}","sequence_number":12}

event: response.function_call_arguments.done
data: {"type":"response.function_call_arguments.done","item_id":"fc_2","output_index":2,"arguments":"{\"city\":\"Oslo\"}","sequence_number":13}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":2,"item":{"id":"fc_2","type":"function_call","status":"completed","call_id":"call_2","name":"find","arguments":"{\"city\":\"Oslo\"}"},"sequence_number":14}

event: response.completed
data: {"type":"response.completed","response":{"id":"resp_1","object":"response","model":"small","status":"completed","output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Let me look.","annotations":[]}]},{"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"find","arguments":"{\"city\":\"Rome\"}"},{"id":"fc_2","type":"function_call","status":"completed","call_id":"call_2","name":"find","arguments":"{\"city\":\"Oslo\"}"}],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":0},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":30}},"sequence_number":15}

"#,
    },
];

#[tokio::test]
async fn calls_arrive_through_each_protocol() -> Result {
    let any = any()?;
    for Recording { kind, content_type, body, is_piecewise } in RECORDINGS {
        let server = Server::start(move |stream| {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n")?;
            write!(stream, "content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        })?;
        let items: Vec<_> = provider(&any, kind, &server.url).chat(ask()).collect().await;
        let deltas: Vec<ToolCallDelta> = items
            .iter()
            .filter_map(|item| match item {
                Ok(Chunk::ToolCallDelta(delta)) => Some(delta.clone()),
                _ => None,
            })
            .collect();
        let whole = Answer::new(stream::iter(items)).whole().await?;
        assert_eq!(whole.text, "Let me look.", "{kind}");
        assert_eq!(whole.end.reason, Reason::Complete, "{kind}");
        let usage = whole.end.usage;
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(10), Some(20)), "{kind}");
        let calls: Vec<_> =
            whole.tool_calls.iter().map(|call| (&*call.name, call.arguments.clone())).collect();
        let expected = [("find", json!({ "city": "Rome" })), ("find", json!({ "city": "Oslo" }))];
        assert_eq!(calls, expected, "{kind}");
        let ids: BTreeSet<&str> = whole.tool_calls.iter().map(|call| &*call.id).collect();
        assert!(ids.len() == 2 && !ids.contains(""), "{kind}: {ids:?}");
        let signatures = if kind == Gemini { vec!["c2ln".to_owned()] } else { Vec::new() };
        assert_eq!(whole.tool_calls[0].signatures, signatures, "{kind}");
        for (index, city) in [(0, "Rome"), (1, "Oslo")] {
            let own = || deltas.iter().filter(|delta| delta.index == index);
            let name: String = own().map(|delta| &*delta.name).collect();
            let text: String = own().map(|delta| &*delta.arguments).collect();
            assert_eq!(name, "find", "{kind}: {deltas:?}");
            assert_eq!(text, format!(r#"{{"city":"{city}"}}"#), "{kind}: {deltas:?}");
        }
        let pieces = deltas.iter().filter(|delta| delta.index == 0).count();
        assert_eq!(pieces > 1, is_piecewise, "{kind}: {deltas:?}");
    }
    Ok(())
}

/// A trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, crate::Partial)]
#[partial(crate = crate)]
struct Trip {
    city: String,
    nights: u32,
}

/// Plan a trip.
#[prompt(crate = crate)]
async fn plan() -> Trip;

/// The text of the answer, in pieces.
const PIECES: [&str; 4] = [r#"{"city": "Ro"#, r#"me", "nig"#, r#"hts": 1"#, "2}"];

/// A protocol that streams text: what is around the pieces, how each of them is written, and where its requests have
/// the schema; `None` if the schema is in the prompt.
struct Structured {
    kind: AdapterKind,
    content_type: &'static str,
    head: &'static str,
    piece: fn(&Value) -> String,
    tail: &'static str,
    schema: Option<&'static str>,
}

const STRUCTURED: [Structured; 5] = [
    Structured {
        kind: OpenAI,
        content_type: SSE,
        head: "",
        piece: |text| {
            format!(
                r#"data: {{"id":"1","object":"chat.completion.chunk","choices":[{{"index":0,"delta":{{"content":{text}}},"finish_reason":null}}]}}"#
            ) + "\n\n"
        },
        tail: r#"data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}

data: [DONE]

"#,
        schema: Some("/response_format/json_schema/schema"),
    },
    Structured {
        kind: Anthropic,
        content_type: SSE,
        head: r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"small","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":2}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

"#,
        piece: |text| {
            format!(
                "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":{text}}}}}\n\n"
            )
        },
        tail: r#"event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":20}}

event: message_stop
data: {"type":"message_stop"}

"#,
        schema: Some("/output_config/format/schema"),
    },
    Structured {
        kind: Gemini,
        content_type: SSE,
        head: "",
        piece: |text| {
            format!(
                r#"data: {{"candidates":[{{"content":{{"parts":[{{"text":{text}}}],"role":"model"}},"index":0}}],"usageMetadata":{{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13}},"modelVersion":"small"}}"#
            ) + "\n\n"
        },
        tail: r#"data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":20,"totalTokenCount":30},"modelVersion":"small"}

"#,
        schema: Some("/generationConfig/responseJsonSchema"),
    },
    Structured {
        kind: Ollama,
        content_type: "application/x-ndjson",
        head: "",
        piece: |text| {
            format!(
                r#"{{"model":"small","created_at":"2026-01-01T00:00:00Z","message":{{"role":"assistant","content":{text}}},"done":false}}"#
            ) + "\n"
        },
        tail: "{\"model\":\"small\",\"created_at\":\"2026-01-01T00:00:02Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":10,\"eval_count\":20}\n",
        schema: None,
    },
    Structured {
        kind: OpenAIResp,
        content_type: SSE,
        head: r#"event: response.created
data: {"type":"response.created","response":{"id":"resp_1","object":"response","model":"small","status":"in_progress","output":[]},"sequence_number":0}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[],"role":"assistant"},"sequence_number":1}

"#,
        piece: |text| {
            format!(
                "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":{text},\"sequence_number\":3}}\n\n"
            )
        },
        tail: r#"event: response.completed
data: {"type":"response.completed","response":{"id":"resp_1","object":"response","model":"small","status":"completed","output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"{\"city\": \"Rome\", \"nights\": 12}","annotations":[]}]}],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":0},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":30}},"sequence_number":15}

"#,
        schema: Some("/text/format/schema"),
    },
];

#[tokio::test]
async fn structured_output_grows_through_each_protocol() -> Result {
    let any = any()?;
    for Structured { kind, content_type, head, piece, tail, schema } in STRUCTURED {
        let pieces: String = PIECES.iter().map(|text| piece(&json!(text))).collect();
        let body = format!("{head}{pieces}{tail}");
        let server = Server::start(move |stream| {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n")?;
            write!(stream, "content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        })?;
        let llm = provider(&any, kind, &server.url).schema_mode(SchemaMode::Structured);
        let mut answer = plan().on(&llm).stream();
        let (mut grown, mut cities) = (Grown::<Trip>::new(), Vec::new());
        while let Some(change) = answer.next().await {
            grown.apply(&change?)?;
            let trip = grown.partial().ok_or("no value")?;
            assert!(trip.nights.is_none_or(|nights| nights == 12), "{kind}: {trip:?}");
            cities.extend(trip.city.clone());
        }
        cities.dedup();
        assert_eq!(cities, ["Ro", "Rome"], "{kind}");
        let expected = Trip { city: "Rome".into(), nights: 12 };
        assert_eq!(answer.finish().await?, expected, "{kind}");
        let usage = answer.response().usage;
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(10), Some(20)), "{kind}");

        let sent = server.received().await?.body;
        let request: Value = serde_json::from_str(&sent)?;
        match schema {
            Some(place) => {
                let schema =
                    request.pointer(place).ok_or_else(|| format!("{kind}: {request:#}"))?;
                assert_eq!(schema["properties"]["city"]["type"], "string", "{kind}");
            }
            None => assert!(sent.contains(r#"\"nights\""#), "{kind}: {sent}"),
        }
    }
    Ok(())
}
