//! Every provider that `genai` supports is used through the relay.

use super::{
    super::{
        limits::Limits,
        relay::{self, Relay, Report},
        secrets::Secrets,
    },
    ask,
    server::{Result, Server, refuse},
};
use crate::{Model, ModelError, Provider, Reason};
use genai::{
    ModelIden, ModelSpec, ServiceTarget,
    adapter::AdapterKind::{self, Anthropic, Cohere, Gemini, GeminiIx, Ollama, OpenAIResp, Vertex},
    resolver::{AuthData, Endpoint},
};
use std::io::Write;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Returns a provider whose HTTP clients the others share.
pub(super) fn any() -> Result<Provider> {
    Ok(Provider::at("http://127.0.0.1:1", "small", None)?)
}

/// Returns a provider with this protocol, at this server.
pub(super) fn provider(any: &Provider, kind: AdapterKind, url: &str) -> Provider {
    let model = match kind {
        AdapterKind::Vertex => "gemini-9",
        _ => "small",
    };
    let target = ModelSpec::from_target(ServiceTarget {
        endpoint: Endpoint::from_owned(format!("{url}/")),
        auth: AuthData::from_single("none"),
        model: ModelIden::new(kind, model),
    });
    Provider { target, ..any.clone() }
}

#[tokio::test]
async fn each_adapter_reaches_its_provider_through_the_relay() -> Result {
    let any = any()?;
    for kind in AdapterKind::all() {
        let server = Server::start(|stream| refuse(stream, 418, "", "relayed"))?;
        let error = provider(&any, *kind, &server.url).chat(ask()).whole().await.err();
        match error {
            Some(ModelError::Refused { status: 418, .. }) => {}
            other => return Err(format!("{kind}: {other:?}").into()),
        }
    }
    Ok(())
}

#[tokio::test]
async fn limits_apply_to_each_protocol() -> Result {
    let any = any()?;
    // the content type of Bedrock's frames must not disable the limits of another protocol
    let types = ["text/event-stream", "application/vnd.amazon.eventstream"];
    for (kind, content_type) in
        AdapterKind::all().iter().flat_map(|kind| types.map(|content_type| (kind, content_type)))
    {
        let server = Server::start(move |stream| {
            let head = format!("content-type: {content_type}\r\nconnection: close\r\n\r\n");
            write!(stream, "HTTP/1.1 200 OK\r\n{head}")?;
            while stream.write_all(&[b'x'; 1000]).is_ok() {}
            Ok(())
        })?;
        let model = provider(&any, *kind, &server.url).line_at_most(10_000).body_at_most(1 << 20);
        let error = model.chat(ask()).whole().await.err();
        assert!(
            matches!(error, Some(ModelError::Oversized { limit: 10_000, .. })),
            "{kind}, {content_type}: {error:?}"
        );
    }
    Ok(())
}

/// Sends a body in one chunk, with or without the last chunk.
fn send_chunk(stream: &mut std::net::TcpStream, body: &str, last: &str) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    write!(stream, "{head}{:x}\r\n{body}\r\n{last}", body.len())?;
    stream.shutdown(std::net::Shutdown::Write)
}

const GEMINI: &str = r#"data: {"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"}}]}

"#;
const GEMINI_END: &str = r#"data: {"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2}}

"#;
const ANTHROPIC: &str = r#"event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

"#;
const ANTHROPIC_ERROR: &str = r#"event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}

"#;
const OLLAMA: &str = r#"{"message":{"role":"assistant","content":"Hi"},"done":false}
"#;
const OLLAMA_END: &str = r#"{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}
"#;
const RESPONSES: &str = r#"event: response.output_text.delta
data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hi"}

"#;
const RESPONSES_END: &str = r#"event: response.completed
data: {"type":"response.completed","response":{"id":"r","status":"completed","model":"small"}}

"#;
const ANTHROPIC_END: &str = r#"event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

"#;
// `genai` takes its status for a stop reason
const INTERACTIONS: &str = r#"event: interaction.status_update
data: {"status":"in_progress","event_type":"interaction.status_update"}

event: step.delta
data: {"index":0,"delta":{"type":"text","text":"Hi"},"event_type":"step.delta"}

"#;
const INTERACTIONS_END: &str = r#"event: interaction.completed
data: {"interaction":{"id":"i","status":"completed"},"event_type":"interaction.completed"}

"#;
const COHERE: &str = r#"{"is_finished":false,"event_type":"text-generation","text":"Hi"}
"#;
const COHERE_END: &str = r#"{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE"}
"#;
const END: &str = "0\r\n\r\n";

#[tokio::test]
async fn answer_without_its_last_event_is_truncated_whether_closed_or_lost() -> Result {
    let any = any()?;
    for (kind, body, rest) in [
        (Anthropic, ANTHROPIC, ANTHROPIC_END),
        (Cohere, COHERE, COHERE_END),
        (Gemini, GEMINI, GEMINI_END),
        (GeminiIx, INTERACTIONS, INTERACTIONS_END),
        (Ollama, OLLAMA, OLLAMA_END),
        (OpenAIResp, RESPONSES, RESPONSES_END),
        (OpenAIResp, RESPONSES, "data: [DONE]"),
        (Vertex, GEMINI, GEMINI_END),
    ] {
        for last in [END, ""] {
            for (body, expected) in [
                (String::new(), None),
                (body.to_owned(), Some(Reason::Truncated)),
                (format!("{body}{rest}"), Some(Reason::Complete)),
            ] {
                let shown = format!("{kind}, {last:?}: {body}");
                let server = Server::start(move |stream| send_chunk(stream, &body, last))?;
                let seen = provider(&any, kind, &server.url).chat(ask()).whole().await;
                match (seen.map(|whole| whole.end.reason), expected) {
                    (Ok(reason), Some(expected)) => assert_eq!(reason, expected, "{shown}"),
                    (Err(ModelError::Connection { .. }), None) => {}
                    (other, _) => return Err(format!("{shown}: {other:?}").into()),
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn end_and_error_are_recognized_in_each_protocol() -> Result {
    let any = any()?;
    let error = r#"{"error":"out of memory"}"#;
    let cut = Ok(Reason::Truncated);
    let gave_up = |reason: &str| Err(ModelError::GaveUp { reason: reason.to_owned() });
    // the error is quoted by `genai`
    let no_text = gave_up(r#"{"finishReason":null,"usageMetadata":null}"#);
    let unread = gave_up("part of its answer could not be read");
    for (kind, body, last, expected) in [
        (Gemini, GEMINI_END.to_owned(), END, Ok(Reason::Complete)),
        (Gemini, GEMINI.to_owned(), "", cut.clone()),
        (Gemini, r#"data: {"promptFeedback":{"blockReason":"SAFETY"}}"#.to_owned(), END, no_text),
        (Gemini, "data: nonsense\n\n".to_owned(), END, unread),
        (Gemini, r#"[{"error":{"message":"quota"}}]"#.to_owned(), END, gave_up("quota")),
        (Anthropic, ANTHROPIC.to_owned(), "", cut.clone()),
        (Anthropic, format!("{ANTHROPIC}{ANTHROPIC_ERROR}"), END, gave_up("Overloaded")),
        (OpenAIResp, RESPONSES.to_owned(), "", cut.clone()),
        (OpenAIResp, format!("{RESPONSES}{ANTHROPIC_ERROR}"), END, gave_up("Overloaded")),
        (Ollama, format!("{OLLAMA}{OLLAMA_END}"), END, Ok(Reason::Complete)),
        (Ollama, OLLAMA.to_owned(), "", cut),
        (Ollama, format!("{OLLAMA}{error}"), END, gave_up("out of memory")),
    ] {
        let shown = format!("{kind}, {last:?}: {body}");
        let server = Server::start(move |stream| send_chunk(stream, &body, last))?;
        let seen = provider(&any, kind, &server.url).chat(ask()).whole().await;
        assert_eq!(seen.map(|whole| whole.end.reason), expected, "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn relay_answers_other_processes_with_an_error() -> Result {
    let relay = Relay::open(
        relay::client()?,
        "http://127.0.0.1:1/v1/",
        Limits::default(),
        Secrets::default(),
        Report::default(),
    )
    .await?;
    let address = relay.address().strip_prefix("http://").ok_or("no address")?.to_owned();
    let (host, _) = address.split_once('/').ok_or("no path")?;
    let host = host.to_owned();
    let guess = async {
        for path in ["/", "/v1/chat/completions", "/0123456789abcdef0123456789abcdef/v1/"] {
            let mut stream = TcpStream::connect(&host).await?;
            let request = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut text = String::new();
            stream.read_to_string(&mut text).await?;
            assert!(text.starts_with("HTTP/1.1 404 "), "{text}");
        }
        Ok::<_, std::io::Error>(())
    };
    tokio::select! {
        () = relay.serve() => Err("the relay ended".into()),
        guessed = guess => Ok(guessed?),
    }
}

#[tokio::test]
async fn redirect_to_another_server_is_not_followed() -> Result {
    let server =
        Server::start(|stream| refuse(stream, 307, "location: http://127.0.0.1:1/\r\n", ""))?;
    let error = server.model()?.chat(ask()).whole().await.err();
    assert!(matches!(error, Some(ModelError::Refused { status: 307, .. })), "{error:?}");
    Ok(())
}
