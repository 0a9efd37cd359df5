//! The example offline: in the terminal, killed and continued, and over HTTP with a scripted model.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use burdock::{
    Log, Outcome,
    log::{EntryKind, MemoryLog, Offset, SessionId},
    run::SessionView,
    runtime::TokioRuntime,
};
use burdock_llm::{Grown, Offline, Pace, Reason, Role, Script, Scripted, ToolCall, Usage, paired};
use burdock_serve::Server;
use burdock_sqlite::SqliteLog;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use support::{
    graph::{Support, SupportInputs, SupportResources, TURNS},
    shop::Shop,
    state::Desk,
    triage::Topic,
};

/// The program in the terminal, offline regardless of the environment.
fn support(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_support"));
    for name in [
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "BURDOCK_MODEL",
        "BURDOCK_BASE_URL",
    ] {
        command.env_remove(name);
    }
    command.env("BURDOCK_PACE", "instant").args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn run(args: &[&str], lines: &str) -> String {
    let mut child = support(args);
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that these parts occur in this order.
fn assert_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("`{part}` is missing or out of order:\n{text}");
        };
        rest = after;
    }
}

#[test]
fn tools_are_called_and_refunds_follow_the_rules_of_the_shop() {
    let prompts = "Where is the parcel of order 18?\nPlease refund order 18.\n\
                   Please refund order 17.\nLet me talk to a human!\n";
    let shown = run(&["--prices", "0.15/0.6"], prompts);
    let expected = [
        "[topic: orders, urgency: 3",
        "→ track_parcel (order: 18)\n",
        "  track_parcel: asking Bramble Post\n",
        "← track_parcel: Thistle Express has it",
        " tokens read, ",
        " written, $0.000",
        "[topic: refund",
        "✗ refund: error: order 18 is on its way",
        "→ refund (order: 17)\n",
        "← refund: {\"number\":17,",
        "\"status\":\"refunded\"}",
        "[topic: person",
        "A colleague will write to you today.",
    ];
    assert_order(&shown, &expected);
}

#[tokio::test]
async fn a_process_that_is_killed_while_a_tool_runs_continues_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("support.db");
    let args = ["--db", db.to_str().unwrap(), "--session", "ada"];

    let mut killed = support(&args);
    let mut prompts = killed.stdin.take().unwrap();
    prompts.write_all(b"Where is the parcel of order 18?\n").unwrap();
    let mut lines = BufReader::new(killed.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "  track_parcel: asking Thistle Express"));
    killed.kill().unwrap();
    killed.wait().unwrap();

    let shown = run(&args, "Which orders does grace@example.org have?\n");
    let expected = [
        "(continues at use_tools)",
        "→ track_parcel (order: 18)",
        "← track_parcel: Thistle Express has it",
        "→ find_orders (email: grace@example.org)",
    ];
    assert_order(&shown, &expected);

    // the session has one result for each call, and the steps before the kill ran once
    let log: Arc<dyn Log> = Arc::new(SqliteLog::open(&db).await.unwrap());
    let session = SessionId::new("ada").unwrap();
    let view = SessionView::<Support>::latest(&log, &session).await.unwrap();
    let desk = view.state;
    let history: Vec<_> = desk.history.iter().cloned().collect();
    assert_eq!(paired(history.clone()), history);
    assert_eq!(history.iter().filter(|message| message.role == Role::Tool).count(), 2);
    assert_eq!(desk.tickets.iter().map(|ticket| ticket.prompt).collect::<Vec<_>>(), [0, 1]);
    let records = log.read(&session, Offset(0), 1000).await.unwrap();
    let kinds = records.iter().map(|record| record.entry(&session).unwrap().kind);
    let starts = kinds.filter(|kind| matches!(kind, EntryKind::RunStarted { .. })).count();
    assert_eq!(starts, 2);
}

/// A model that triages a prompt, calls two tools at once, and answers.
fn scripted() -> Scripted {
    let usage = |input| Usage { input_tokens: Some(input), ..Usage::default() };
    let triage = json!({ "topic": "refund", "urgency": 4, "summary": "A refund of 17 and 18." });
    let call = |id: &str, order: u64| ToolCall::new(id, "refund", json!({ "order": order }));
    let calls = Script::new()
        .say("One moment.")
        .write_call(0, call("a", 17), [r#"{"order""#, ": 17}"])
        .call(call("b", 18));
    Scripted::new([
        Script::new().say(triage.to_string()).end(Reason::Complete, usage(100)),
        calls.end(Reason::Complete, usage(10)),
        Script::new().say("17 is refunded, 18 is not.").end(Reason::Complete, usage(1)),
    ])
}

fn shop() -> Arc<Shop> {
    let mut shop = Shop::default();
    shop.delay = Duration::ZERO;
    Arc::new(shop)
}

#[tokio::test]
async fn chat_clients_receive_the_triage_the_calls_and_the_usage() {
    let llm = scripted();
    let server = Server::builder(MemoryLog::new(), move |_| {
        Support::app().resources(SupportResources { llm: Arc::new(llm.clone()), shop: shop() })
    });
    let server = server.build();
    let bound = burdock_serve::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = format!("http://{}/sessions/ada/chat", bound.address());
    tokio::spawn(bound.serve(server.chat_router(), std::future::pending()));

    let client = reqwest::Client::new();
    let prompt = json!({ "prompt": "Refund 17 and 18." });
    let started: Value =
        client.post(&address).json(&prompt).send().await.unwrap().json().await.unwrap();
    let from = started["cursor"].as_str().unwrap();
    let events = client.get(format!("{address}/events?until=run&from={from}")).send();
    let events = events.await.unwrap().text().await.unwrap();
    let events = events.lines().filter_map(|line| line.strip_prefix("data: "));
    let items: Vec<Value> = events
        .map(|data| serde_json::from_str(data).unwrap())
        .filter(|event: &Value| event["type"] == "item")
        .collect();
    assert!(items.iter().all(|item| item["text"].is_string() && item.get("item").is_none()));
    let of =
        |part: &str| -> Vec<&Value> { items.iter().filter_map(|item| item.get(part)).collect() };
    assert!(
        of("value")
            .iter()
            .all(|value| value["name"] == "triage" && value["change"]["path"].is_array())
    );
    let kinds = |id: &str| -> Vec<&str> {
        let calls = of("call").into_iter().filter(|call| call["id"] == id);
        calls.filter_map(|call| call["type"].as_str()).collect()
    };
    for id in ["a", "b"] {
        assert_eq!(kinds(id), ["written", "started", "finished"]);
    }
    let mut written = Grown::<Value>::new();
    for call in of("call").into_iter().filter(|call| call["type"] == "changed") {
        written.apply(&serde_json::from_value(call["change"].clone()).unwrap()).unwrap();
    }
    assert_eq!(written.partial(), Some(&json!({ "order": 17 })));

    let chat: Value = client.get(&address).send().await.unwrap().json().await.unwrap();
    let messages = chat["messages"].as_array().unwrap();
    let texts: Vec<&Value> = messages.iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["Refund 17 and 18.", "", "One moment.", "17 is refunded, 18 is not."]);
    let triage = &messages[1]["values"][0];
    assert_eq!((&triage["name"], &triage["value"]["urgency"]), (&json!("triage"), &json!(4)));
    let results: Vec<&Value> = messages[2]["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["result"]["status"])
        .collect();
    assert_eq!(results, ["succeeded", "failed"]);
    // of the triage and both turns
    assert_eq!(chat["note"], "111 tokens read, 0 written");
}

#[tokio::test(start_paused = true)]
async fn turns_of_the_model_are_bounded() {
    let call = ToolCall::new("1", "find_orders", json!({ "email": "ada@example.org" }));
    let triage = json!({ "topic": "other", "urgency": 1, "summary": "?" }).to_string();
    let llm = Scripted::by(move |request| {
        // the triage has no tools
        match request.options.tools.as_slice() {
            [] => Script::new().say(triage.clone()),
            _ => Script::new().call(call.clone()),
        }
    });
    let resources = SupportResources { llm: Arc::new(llm.clone()), shop: shop() };
    let mut app = Support::app().resources(resources).build().await.unwrap();
    let end = app.run(SupportInputs { prompt: "Orders?".into() }).await.unwrap();
    assert!(matches!(end.outcome(), Outcome::Paused(_)));
    assert_eq!((end.state().turns, llm.requests().len()), (TURNS, 1 + TURNS as usize));
    // the customer is not left without an answer
    let last = end.state().history.iter().next_back().unwrap();
    assert_eq!(last.text, "A colleague will write to you today.");
    assert_eq!(end.state().triage.get().map(|triage| triage.topic), Some(Topic::Other));
}

#[tokio::test(start_paused = true)]
async fn each_event_may_be_the_last_one_before_a_crash() {
    let prompt = || SupportInputs { prompt: "Please refund order 17.".into() };
    let app = |log: &Arc<dyn Log>| {
        let llm = Arc::new(Offline::with_pace(Pace::Instant));
        let app = Support::app().resources(SupportResources { llm, shop: shop() });
        app.runtime(TokioRuntime).id("ada").log(Arc::clone(log)).build()
    };
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut whole = app(&log).await.unwrap();
    let whole = whole.run(prompt()).await.unwrap().state().clone();
    for count in 0.. {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
        let mut first = app(&log).await.unwrap();
        let mut events = first.run(prompt()).events();
        let mut seen = 0;
        while seen < count && events.next().await.is_some() {
            seen += 1;
        }
        let is_over = seen < count;
        drop(events);
        drop(first);
        let mut second = app(&log).await.unwrap();
        if matches!(second.position(), burdock::Position::Unfinished(_)) {
            second.resume().await.unwrap();
        } else if seen == 0 {
            second.run(prompt()).await.unwrap();
        }
        // the usage of answers that were given twice is counted once: only what was committed counts
        let usage = |desk: &Desk| (desk.usage.input_tokens, desk.usage.output_tokens);
        assert_eq!(usage(second.state()), usage(&whole), "after {count} events");
        assert_eq!(second.state().history, whole.history, "after {count} events");
        if is_over {
            assert!(count > 20, "there are items of each step");
            break;
        }
    }
}

#[test]
fn the_page_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("support.db");
    let mut child = support(&["--serve", "--port", "0", "--db", db.to_str().unwrap()]);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find(|line| line.starts_with("http://")).unwrap();
    let host = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = std::net::TcpStream::connect(&host).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
}
