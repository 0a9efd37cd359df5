//! Sessions of other graphs in the same log, and sessions that no longer fit the graph.

use crate::{
    client::{Served, Stream, kinds, problem, serve_with},
    graph::{Gate, Talk, Word, hear, speak},
};
use burdock::{
    log::{EntryKind, Log, MemoryLog, Offset, SessionId, SessionInfo},
    prelude::*,
};
use reqwest::{Method, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The state of another program. Its private field has the name of a public field of `Echo`.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Diary {
    pub texts: Vector<String>,
}

#[action(state = Diary, reads(texts), writes(texts))]
async fn note(diary: Reads<'_>, #[input] text: String) -> Result<Writes> {
    let mut texts = diary.texts.clone();
    texts.push_back(text);
    Ok(Writes { texts })
}

graph! {
    pub Diaries(Diary) {
        inputs { text: String }
        nodes { hear: note }
        start hear;
        hear -> pause;
    }
}

graph! {
    /// `Echo` under its former name.
    pub Parrot(Talk) {
        inputs { text: String }
        resources { gate: Gate }
        yields Word;
        nodes { hear, speak }
        start hear;
        hear -> speak;
        speak -> pause hear;
    }
}

/// An even earlier version: a field has another type, and there is another node.
mod first {
    use super::*;

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Talk {
        #[state(public)]
        pub texts: u64,
        pub secret: u32,
    }

    #[action(state = Talk, writes(texts))]
    async fn count(#[input] number: u64) -> Result<Writes> {
        Ok(Writes { texts: number })
    }

    graph! {
        pub Parrot(Talk) {
            inputs { number: u64 }
            nodes { hear: count, nod: count }
            start hear;
            hear -> if state.texts == 1 { pause nod } else { pause hear };
            nod -> pause hear;
        }
    }
}

fn id(id: &str) -> SessionId {
    SessionId::new(id).unwrap()
}

async fn info(log: &MemoryLog, session: &str) -> SessionInfo {
    log.info(&id(session)).await.unwrap()
}

async fn request(served: &Served, method: &str, path: &str, body: &Value) -> Response {
    let request = served.client.request(
        Method::from_bytes(method.as_bytes()).unwrap(),
        format!("{}/sessions/{path}", served.url),
    );
    let request = if method == "POST" { request.json(body) } else { request };
    request.send().await.unwrap()
}

#[tokio::test]
async fn sessions_of_another_graph_are_not_found() {
    let log = MemoryLog::new();
    let mut diary = Diaries::app().id("a/diary").log(log.clone()).build().await.unwrap();
    diary.run(DiariesInputs { text: "private".into() }).await.unwrap();
    diary.flush().await.unwrap();
    let before = info(&log, "a/diary").await;
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("own", "hi").await).rest().await;

    let (none, text) = (json!(null), json!({ "text": "hi" }));
    let (prompt, fork) = (json!({ "prompt": "hi" }), json!({ "session": "forked" }));
    let unknown = (404, "unknown_session");
    for (method, path, body, expected) in [
        ("GET", "", &none, unknown),
        ("GET", "/events", &none, unknown),
        ("GET", "/events?until=run", &none, unknown),
        ("GET", "/events?from=1.0&until=run", &none, unknown),
        ("GET", "/chat", &none, unknown),
        ("GET", "/chat/events", &none, unknown),
        ("POST", "/resume", &none, unknown),
        ("POST", "/reopen", &none, unknown),
        ("POST", "/stop", &none, unknown),
        ("POST", "/fork", &fork, unknown),
        ("DELETE", "", &none, unknown),
        ("POST", "/runs", &text, (409, "other_graph")),
        ("POST", "/runs?if_running=stop", &text, (409, "other_graph")),
        ("POST", "/runs?if_unfinished=restart&stream=false", &text, (409, "other_graph")),
        ("POST", "/chat", &prompt, (409, "other_graph")),
    ] {
        let response = request(&served, method, &format!("a%2Fdiary{path}"), body).await;
        let (status, code) = problem(response).await;
        assert_eq!((status, code.as_str()), expected, "{method} {path}");
    }
    for (header, expected) in
        [("if-match", "precondition_failed"), ("if-none-match", "session_exists")]
    {
        let run = served.client.post(format!("{}/sessions/a%2Fdiary/runs", served.url));
        let run = run.header(header, "*").json(&text).send().await.unwrap();
        assert_eq!(problem(run).await, (412, expected.into()), "{header}");
    }
    let taken = request(&served, "POST", "own/fork", &json!({ "session": "a/diary" })).await;
    assert_eq!(problem(taken).await, (412, "session_exists".into()));
    for (path, list) in
        [("/sessions", "sessions"), ("/chats", "chats"), ("/sessions?prefix=a", "sessions")]
    {
        let listed: Value = served.get(path).await.json().await.unwrap();
        let ids: Vec<_> =
            listed[list].as_array().unwrap().iter().map(|one| &one["session"]).collect();
        let expected = if path.contains("prefix") { vec![] } else { vec!["own"] };
        assert_eq!(ids, expected, "{path}");
        assert_eq!(listed.get("next"), None, "{path}");
    }
    assert_eq!(info(&log, "a/diary").await, before, "the session was claimed or written");
    assert!(log.info(&id("forked")).await.is_err());
    diary.run(DiariesInputs { text: "more".into() }).await.unwrap();
    assert_eq!(diary.close().await.unwrap().texts.len(), 2);
}

#[tokio::test]
async fn sessions_under_a_former_name_continue() {
    let log = MemoryLog::new();
    let resources = ParrotResources { gate: Gate::default() };
    let app = Parrot::app().id("a").resources(resources).log(log.clone());
    let mut parrot = app.build().await.unwrap();
    parrot.run(ParrotInputs { text: "hi".into() }).await.unwrap();
    parrot.close().await.unwrap();
    let served = serve_with(log.clone(), |server| server).await;
    let listed: Value = served.get("/sessions").await.json().await.unwrap();
    assert_eq!(listed["sessions"][0]["session"], "a");
    let shown: Value = served.get("/sessions/a").await.json().await.unwrap();
    assert_eq!(shown["state"], json!({ "texts": ["hi", "HI"] }));
    let events = Stream::of(served.run("a", "you").await).rest().await;
    assert!(kinds(&events).contains(&"YOU".to_owned()));
    assert_eq!(info(&log, "a").await.graph.as_deref(), Some("Echo"));
    let listed: Value = served.get("/sessions").await.json().await.unwrap();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn session_that_does_not_fit_is_a_conflict_and_is_not_changed() {
    let log = MemoryLog::new();
    // a state of another type, and a node that no longer exists
    for (session, number) in [("state", 4711), ("node", 1)] {
        let mut app = first::Parrot::app().id(session).log(log.clone()).build().await.unwrap();
        app.run(first::ParrotInputs { number }).await.unwrap();
        app.close().await.unwrap();
    }
    let served = serve_with(log.clone(), |server| server).await;
    for session in ["state", "node"] {
        let before = info(&log, session).await;
        assert_eq!(served.get(&format!("/sessions/{session}")).await.status(), 200);
        let (none, text) = (json!(null), json!({ "text": "hi" }));
        for (method, path, body) in [
            ("POST", "/runs", &text),
            ("POST", "/runs?if_unfinished=restart", &text),
            ("POST", "/resume", &none),
            ("POST", "/reopen", &none),
            ("POST", "/chat", &json!({ "prompt": "hi" })),
            ("GET", "/chat", &none),
        ] {
            let response = request(&served, method, &format!("{session}{path}"), body).await;
            assert_eq!(response.status(), 409, "{method} {session}{path}");
            let received = response.text().await.unwrap();
            assert!(received.contains("\"session_does_not_fit\""), "{received}");
            for private in ["4711", "nod", "hear", "Parrot"] {
                assert!(!received.contains(private), "{received}");
            }
        }
        assert_eq!(info(&log, session).await, before, "the session was claimed or written");
        let records = log.read(&id(session), Offset::ZERO, 100).await.unwrap();
        let kinds = records.iter().map(|record| record.entry(&id(session)).unwrap().kind);
        let runs = kinds.filter(|kind| matches!(kind, EntryKind::RunStarted { .. })).count();
        assert_eq!(runs, 1);
        let deleted = request(&served, "DELETE", session, &none).await;
        assert_eq!(deleted.status(), 204);
    }
}
