//! Graphs whose actions run children.

use crate::{
    client::{Received, Stream, kinds, problem},
    graph::{Gate, Word},
};
use burdock::{
    Context,
    log::{EntryKind, Log, MemoryLog, Offset, Record, SessionFilter, SessionId},
    prelude::*,
};
use burdock_serve::{ListenOptions, Server, SessionError};
use reqwest::{Client, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{sync::oneshot, task::JoinHandle};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Finding {
    #[state(public)]
    text: String,
}

/// Yields two words, and waits between them if the question says so.
#[streaming_action(state = Finding, writes(text), yields(Word))]
async fn search(
    #[input] question: String,
    #[resource] gate: &Gate,
    #[context] cx: &Context,
) -> Result<Writes> {
    yield_!(Word { text: format!("{question} 1") });
    if question.ends_with('?') {
        tokio::select! {
            permit = gate.0.acquire() => permit.map_err(burdock::ActionError::from)?.forget(),
            () = cx.stopped() => {}
        }
    }
    yield_!(Word { text: format!("{question} 2") });
    Ok(Writes { text: format!("secret of {question}") })
}

#[action(state = Finding, reads(text), writes(text))]
async fn check(finding: Reads<'_>) -> Result<Writes> {
    Ok(Writes { text: format!("{}, checked", finding.text) })
}

graph! {
    pub Searching(Finding) {
        inputs { question: String }
        resources { gate: Gate }
        yields Word;
        nodes { search, check }
        start search;
        search -> check;
        check -> end;
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    #[state(public)]
    done: u64,
    findings: Vec<String>,
}

#[streaming_action(state = Report, reads(done), writes(done, findings), yields(Word))]
async fn investigate(
    report: Reads<'_>,
    #[input] questions: &Vec<String>,
    #[context] cx: &Context,
    #[graph] searching: Sub<'_, Searching>,
) -> Result<Writes> {
    cx.once("call", async { Ok::<_, burdock::ActionError>("secret result".to_owned()) }).await?;
    let starts = questions
        .iter()
        .map(|question| (question.clone(), SearchingInputs { question: question.clone() }));
    let mut runs = searching.each(starts).at_most(1);
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { item, .. } = event? {
            yield_!(item);
        }
    }
    let findings = runs.into_ends().map(|(_, end)| end.into_state().text).collect();
    Ok(Writes { done: report.done + 1, findings })
}

graph! {
    pub Investigating(Report) {
        inputs { questions: Vec<String> }
        resources { gate: Gate }
        yields Word;
        nodes { investigate }
        start investigate;
        investigate -> pause;
    }
}

pub struct Served {
    pub url: String,
    pub gate: Gate,
    client: Client,
    log: Arc<dyn Log>,
    server: Server<Investigating>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

pub async fn serve(log: impl Log) -> Served {
    let log: Arc<dyn Log> = Arc::new(log);
    let gate = Gate::default();
    let resources = gate.clone();
    let app = move |_: &SessionId| {
        Investigating::app().resources(InvestigatingResources { gate: resources.clone() })
    };
    let server = Server::builder(Arc::clone(&log), app).build();
    let bound = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("http://{}", bound.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let stopping = server.shutdown_on(async { drop(stopped.await) });
    let routes = server.router();
    let task = tokio::spawn(async move { bound.serve(routes, stopping).await.unwrap() });
    Served { url, gate, client: Client::new(), log, server, stop, task }
}

impl Served {
    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(format!("{}{path}", self.url)).json(body).send().await.unwrap()
    }

    async fn delete(&self, path: &str) -> Response {
        self.client.delete(format!("{}{path}", self.url)).send().await.unwrap()
    }

    async fn run(&self, session: &str, questions: &[&str]) -> Response {
        let body = json!({ "questions": questions });
        self.post(&format!("/sessions/{session}/runs"), &body).await
    }

    async fn resume(&self, session: &str) -> Vec<Received> {
        let resumed = self.post(&format!("/sessions/{session}/resume"), &json!(null)).await;
        Stream::of(resumed).rest().await
    }

    pub async fn shut_down(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}

pub async fn children(log: &Arc<dyn Log>) -> Vec<String> {
    let filter = SessionFilter { prefix: "~".into(), ..SessionFilter::default() };
    let children = log.sessions(filter).await.unwrap();
    children.into_iter().map(|child| child.id.as_str().to_owned()).collect()
}

async fn records(log: &Arc<dyn Log>, session: &str) -> Vec<Record> {
    log.read(&SessionId::stored(session).unwrap(), Offset::ZERO, 1_000).await.unwrap()
}

pub async fn findings(log: &Arc<dyn Log>, session: &str) -> Value {
    let id = SessionId::new(session).unwrap();
    let view = burdock::log::RawSessionView::latest(log, &id).await.unwrap();
    view.snapshot.state["findings"].clone()
}

pub const FINDINGS: [&str; 2] = ["secret of a, checked", "secret of b?, checked"];

/// The run of the questions `a` and `b?`.
const RUN: [&str; 8] =
    ["run_started", "step_started", "a 1", "a 2", "b? 1", "b? 2", "step_committed", "run_paused"];

#[tokio::test]
async fn readers_receive_forwarded_items_and_no_entries_about_calls_and_children() {
    let served = serve(MemoryLog::new()).await;
    served.gate.0.add_permits(1);
    let events = Stream::of(served.run("anna", &["a", "b?"]).await).rest().await;
    assert_eq!(kinds(&events), RUN);
    let text: String = events.iter().map(|event| event.data.to_string()).collect();
    assert!(!text.contains("secret") && !text.contains('~'), "{text}");

    // each entry is a cursor, also one that readers do not receive
    let id = SessionId::new("anna").unwrap();
    let mut hidden = 0;
    for record in records(&served.log, "anna").await {
        let kind = record.entry(&id).unwrap().kind;
        hidden += usize::from(matches!(
            kind,
            EntryKind::CallRecorded { .. }
                | EntryKind::ChildStarted { .. }
                | EntryKind::ChildEnded { .. }
        ));
        let offset = |event: &&Received| {
            let cursor: burdock::log::Cursor = event.id.as_ref().unwrap().parse().unwrap();
            cursor.offset > record.offset
        };
        let rest: Vec<_> = events.iter().filter(offset).cloned().collect();
        let path = format!("/sessions/anna/events?until=run&from={}", record.cursor());
        let response = served.get(&path).await;
        if rest.is_empty() {
            assert_eq!(response.status(), 204);
        } else {
            assert_eq!(Stream::of(response).rest().await, rest, "{}", record.json);
        }
    }
    assert_eq!(hidden, 5);
}

#[tokio::test]
async fn a_stop_reaches_the_child_and_a_resume_continues_it() {
    let served = serve(MemoryLog::new()).await;
    let mut run = Stream::of(served.run("anna", &["a", "b?"]).await);
    run.until("item").await;
    loop {
        if run.until("item").await.last().unwrap().data["item"]["text"] == "b? 1" {
            break;
        }
    }
    assert_eq!(served.post("/sessions/anna/stop", &json!(null)).await.status(), 204);
    // the step of the parent is abandoned, because its child has stopped
    assert_eq!(kinds(&run.rest().await).last().unwrap(), "run_cancelled");
    let started = children(&served.log).await;
    assert_eq!(started.len(), 2);

    let resumed = kinds(&served.resume("anna").await);
    let expected = ["run_resumed", "items_superseded", "step_started", "a 1", "a 2", "b? 1"];
    assert_eq!(resumed[..6], expected, "{resumed:?}");
    assert_eq!(resumed.last().unwrap(), "run_paused");
    assert_eq!(findings(&served.log, "anna").await, json!(FINDINGS));
    assert_eq!(children(&served.log).await, started);
}

#[tokio::test]
async fn children_continue_without_readers() {
    let served = serve(MemoryLog::new()).await;
    let mut run = Stream::of(served.run("anna", &["a", "b?"]).await);
    let seen = run.until("item").await;
    drop(run);
    served.gate.0.add_permits(1);
    let from = seen.last().unwrap().id.clone().unwrap();
    let path = format!("/sessions/anna/events?until=run&from={from}");
    let rest = Stream::of(served.get(&path).await).rest().await;
    assert_eq!(kinds(&seen).into_iter().chain(kinds(&rest)).collect::<Vec<_>>(), RUN);
}

#[tokio::test]
async fn a_shutdown_stops_children_and_the_next_server_continues_them() {
    let log = MemoryLog::new();
    let served = serve(log.clone()).await;
    let mut run = Stream::of(served.run("anna", &["a", "b?"]).await);
    while run.until("item").await.last().unwrap().data["item"]["text"] != "b? 1" {}
    let shared = Arc::clone(&served.log);
    let started = children(&shared).await;
    served.shut_down().await;
    for session in started.iter().map(String::as_str).chain(["anna"]) {
        let last = records(&shared, session).await.pop().unwrap();
        let kind = last.entry(&SessionId::stored(session).unwrap()).unwrap().kind;
        let expected = match session {
            "anna" => "run_cancelled",
            ended if *ended == *started[0] => "run_ended",
            _ => "run_stopped",
        };
        assert_eq!(kind.name(), expected, "{session}");
    }

    let served = serve(log).await;
    assert_eq!(kinds(&served.resume("anna").await).last().unwrap(), "run_paused");
    assert_eq!(findings(&served.log, "anna").await, json!(FINDINGS));
    assert_eq!(children(&served.log).await, started);
}

#[tokio::test]
async fn deleting_a_session_stops_and_deletes_its_children() {
    let served = serve(MemoryLog::new()).await;
    for session in ["anna", "bob"] {
        let mut run = Stream::of(served.run(session, &["a", "b?"]).await);
        while run.until("item").await.last().unwrap().data["item"]["text"] != "b? 1" {}
    }
    let fork = served.post("/sessions/anna/fork", &json!({ "session": "copy" })).await;
    assert_eq!(fork.status(), 201);
    assert_eq!(children(&served.log).await.len(), 4);
    // while it runs
    assert_eq!(served.delete("/sessions/anna").await.status(), 204);
    let left = children(&served.log).await;
    assert_eq!(left.len(), 2);
    assert_eq!(problem(served.delete("/sessions/anna").await).await.0, 404);
    served.gate.0.add_permits(2);
    // the fork has the end of the first child, and starts the second one again
    assert_eq!(kinds(&served.resume("copy").await).last().unwrap(), "run_paused");
    assert_eq!(findings(&served.log, "copy").await, json!(FINDINGS));
    assert_eq!(children(&served.log).await.len(), 3);
    assert_eq!(served.delete("/sessions/bob").await.status(), 204);
    assert_eq!(served.delete("/sessions/copy").await.status(), 204);
    assert_eq!(children(&served.log).await, [] as [&str; 0]);
}

#[tokio::test]
async fn children_cannot_be_addressed() {
    let log = MemoryLog::new();
    let served = serve(log.clone()).await;
    Stream::of(served.run("anna", &["a"]).await).rest().await;
    let child = children(&served.log).await.pop().unwrap();
    let before = records(&served.log, &child).await;
    let reserved = "ids that start with `~` are reserved for children";

    // also not by a server of the child's graph
    let gate = Gate::default();
    let app =
        move |_: &SessionId| Searching::app().resources(SearchingResources { gate: gate.clone() });
    let searches = Server::builder(log, app).build();
    let bound = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let of_child = format!("http://{}", bound.address());
    tokio::spawn(bound.serve(searches.router(), std::future::pending::<()>()));
    let listed = served.client.get(format!("{of_child}/sessions")).send().await.unwrap();
    assert_eq!(listed.json::<Value>().await.unwrap()["sessions"], json!([]));

    let inputs = json!({ "questions": ["a"], "question": "a" });
    for url in [&served.url, &of_child] {
        for id in [child.as_str(), &child.replace('~', "%7E"), "~new", "~"] {
            for (method, path, body) in [
                ("GET", "", None),
                ("DELETE", "", None),
                ("GET", "/events", None),
                ("POST", "/runs", Some(&inputs)),
                ("POST", "/resume", Some(&Value::Null)),
                ("POST", "/reopen", Some(&Value::Null)),
                ("POST", "/stop", Some(&Value::Null)),
                ("POST", "/fork", Some(&json!({ "session": "copy" }))),
            ] {
                let method = method.parse().unwrap();
                let request = served.client.request(method, format!("{url}/sessions/{id}{path}"));
                let request = body.map_or(request.try_clone().unwrap(), |body| request.json(body));
                let response = request.send().await.unwrap();
                assert_eq!(response.status(), 400, "{id}{path}");
                let problem: Value = response.json().await.unwrap();
                assert_eq!(problem["code"], "invalid_id");
                assert!(problem["detail"].as_str().unwrap().contains(reserved), "{problem}");
            }
        }
        for query in ["prefix=~", "prefix=~1", "prefix=%7E", "after=~", "after=%7E1:1.2"] {
            let list = format!("{url}/sessions?{query}");
            let response = served.client.get(list).send().await.unwrap();
            assert_eq!(problem(response).await, (400, "invalid_query".into()));
        }
    }
    let fork = served.post("/sessions/anna/fork", &json!({ "session": "~copy" })).await;
    assert_eq!(problem(fork).await, (400, "invalid_id".into()));
    let handle = served.server.session(&child).unwrap_err();
    assert!(matches!(handle, SessionError::InvalidId(_)) && handle.to_string().contains(reserved));
    let handle = served.server.session("anna").unwrap();
    assert!(matches!(handle.fork(None, &child).await, Err(SessionError::InvalidId(_))));
    assert_eq!(records(&served.log, &child).await, before);
}

#[tokio::test]
async fn graph_has_the_graphs_of_its_children() {
    let served = serve(MemoryLog::new()).await;
    let graph: Value = served.get("/graph").await.json().await.unwrap();
    let children = json!([{ "name": "searching", "graph": "Searching" }]);
    assert_eq!(graph["nodes"][0]["graphs"], children);
    assert_eq!(graph["graphs"], json!([Searching::TOPOLOGY.json()]));
    for path in ["/graph.mmd", "/graph.dot"] {
        let text = served.get(path).await.text().await.unwrap();
        assert!(text.contains("searching: Searching") && text.contains("\"check\""), "{text}");
    }
}
