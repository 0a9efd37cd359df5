//! The example with a real provider: the `LiteLLM` proxy, before a server that triages, calls tools and answers.

use burdock_servers::{Answer, KEY, LiteLlm, Upstream};
use serde_json::{Value, json};
use std::{
    error::Error,
    io::Write,
    process::{Command, Stdio},
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Answers as a model would: the triage without tools, then calls, then an answer to their results.
fn answer(request: &Value) -> Answer {
    let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let last = messages.last().unwrap_or(&Value::Null);
    if request.get("tools").is_none() {
        let triage =
            json!({ "topic": "refund", "urgency": 4, "summary": "A refund of two orders." });
        return Answer::Text(triage.to_string());
    }
    if last["role"] == "tool" {
        return Answer::Text("17 is refunded. 18 is on its way: wait for it.".to_owned());
    }
    Answer::Calls(vec![
        ("c1", "refund", json!({ "order": 17 })),
        ("c2", "refund", json!({ "order": "18" })),
    ])
}

#[test]
fn two_parallel_calls_through_a_real_proxy() -> Result {
    let upstream = Upstream::start(answer)?;
    let models = format!(
        "  - model_name: agent\n    litellm_params: {{ model: openai/agent, api_key: unused, api_base: \"{}\" }}",
        upstream.url
    );
    let proxy = LiteLlm::start(&models, env!("CARGO_TARGET_TMPDIR"))?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_support"))
        .args(["--prices", "1/2"])
        .env("BURDOCK_BASE_URL", &proxy.url)
        .env("BURDOCK_MODEL", "agent")
        .env("OPENAI_API_KEY", KEY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no pipe")?.write_all(b"Please refund 17 and 18.\n")?;
    let output = child.wait_with_output()?;
    let (shown, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    assert!(output.status.success() && errors.is_empty(), "{shown}{errors}");
    let mut rest = shown.as_str();
    for part in [
        "[topic: refund, urgency: 4, summary: A refund of two orders.]",
        "→ refund (order: 17)",
        "→ refund (order: 18)",
        "17 is refunded. 18 is on its way: wait for it.",
        // of the triage and both turns
        "(33 tokens read, 21 written, $0.0001)",
    ] {
        let Some((_, after)) = rest.split_once(part) else {
            return Err(format!("`{part}` is missing or out of order:\n{shown}").into());
        };
        rest = after;
    }
    assert!(shown.contains("← refund: {\"number\":17"), "{shown}");
    assert!(shown.contains("✗ refund: error: order 18 is on its way"), "{shown}");
    assert_eq!(upstream.requests().len(), 3);
    Ok(())
}
