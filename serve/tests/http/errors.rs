//! Errors with request ids, headers of all responses, and the trace output.

use crate::{
    client::{Stream, problem, serve, serve_with},
    graph::{Echo, EchoResources, Gate},
};
use burdock::log::{Claim, Log, LogError, MemoryLog, SessionId};
use burdock_serve::Server;
use burdock_sqlite::SqliteLog;
use burdock_tests::faulty::{Call, Fate, FaultyLog};
use serde_json::{Value, json};
use std::{cell::RefCell, io, sync::Once, time::Duration};
use tower::ServiceExt as _;
use tracing::Level;

thread_local! {
    /// The trace output of a test. Each test runs on its own thread.
    static TRACE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Installs a subscriber that writes to the output of the current thread. A subscriber per test would not work,
/// because the interest in a callsite is cached for all threads.
fn trace() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let fmt = tracing_subscriber::fmt().with_writer(|| ThreadWriter).with_ansi(false);
        fmt.with_max_level(Level::WARN).init();
        tracing::callsite::rebuild_interest_cache();
    });
}

fn traced() -> String {
    TRACE.with_borrow(|trace| String::from_utf8(trace.clone()).unwrap())
}

struct ThreadWriter;

impl io::Write for ThreadWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TRACE.with_borrow_mut(|trace| trace.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_error_has_the_id_of_its_request() {
    let served =
        serve_with(MemoryLog::new(), |server| server.bearer_token("s3cret").max_body(100)).await;
    let get = |path: &str| served.client.get(format!("{}{path}", served.url));
    let authorized = |path: &str| get(path).bearer_auth("s3cret");
    let post =
        || served.client.post(format!("{}/sessions/a/runs", served.url)).bearer_auth("s3cret");
    for (request, status) in [
        (get("/sessions"), 401),
        (authorized("/sessions").header("origin", "https://evil.example"), 403),
        (authorized("/health").header("host", "evil.example"), 421),
        (authorized("/nothing"), 404),
        (authorized("/sessions/none"), 404),
        (authorized("/sessions/none/runs"), 405),
        (authorized("/sessions?limit=x"), 400),
        (post().json(&json!({ "text": "x".repeat(200) })), 413),
        (post().json(&json!({ "text": 1 })), 422),
    ] {
        let answer = request.try_clone().unwrap().send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(answer.status(), status);
        let body: Value = answer.json().await.unwrap();
        assert_eq!((body["request_id"].as_str(), id.len()), (Some(&*id), 32), "{body}");
        let answer = request.header("x-request-id", "from-the-proxy").send().await.unwrap();
        assert_eq!(answer.headers()["x-request-id"], "from-the-proxy");
        assert_eq!(answer.json::<Value>().await.unwrap()["request_id"], "from-the-proxy");
    }
    let success =
        authorized("/health").header("x-request-id", "from-the-proxy").send().await.unwrap();
    assert_eq!(success.headers()["x-request-id"], "from-the-proxy");
}

#[tokio::test]
async fn internal_error_and_its_trace_have_the_request_id() {
    trace();
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "hi").await).rest().await;
    log.fail_with(Call::Info, LogError::Closed);
    let failed = served.client.get(format!("{}/sessions/a", served.url));
    let failed = failed.header("x-request-id", "r-17").send().await.unwrap();
    let (status, body) = (failed.status(), failed.json::<Value>().await.unwrap());
    assert_eq!((status.as_u16(), &body["request_id"]), (500, &json!("r-17")), "{body}");
    let text = traced();
    let line = text.lines().find(|line| line.contains("r-17")).unwrap_or_else(|| panic!("{text}"));
    for part in ["ERROR", "a request failed", "request_id=\"r-17\"", "path=\"/sessions/a\""] {
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test]
async fn panic_of_the_program_is_an_internal_error() {
    trace();
    let served = serve().await;
    let answer = served.post("/sessions/a/chat", &json!({ "prompt": "panic!" })).await;
    let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!((status.as_u16(), &body["code"]), (500, &json!("internal")), "{body}");
    assert!(!body.to_string().contains("secret"));
    let id = body["request_id"].as_str().unwrap();
    let text = traced();
    assert!(text.lines().any(|line| line.contains("panicked") && line.contains(id)), "{text}");
    assert_eq!(served.get("/sessions").await.status(), 200);
}

#[tokio::test]
async fn error_of_a_stream_is_traced_with_the_request_id() {
    trace();
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let text = json!({ "text": "one wait! two" });
    assert_eq!(served.post("/sessions/a/runs?stream=false", &text).await.status(), 202);
    let events = served.get("/sessions/a/events").await;
    let id = events.headers()["x-request-id"].to_str().unwrap().to_owned();
    let mut events = Stream::of(events);
    events.until("item").await;
    log.fail_with(Call::Read, LogError::Closed);
    served.gate.0.add_permits(1);
    let error = events.until("error").await.pop().unwrap();
    assert_eq!(error.data["code"], "internal");
    let text = traced();
    assert!(
        text.lines().any(|line| line.contains("a request failed") && line.contains(&id)),
        "{text}"
    );
}

#[tokio::test]
async fn request_cannot_forge_lines_of_the_trace_or_of_a_response() {
    trace();
    let log = FaultyLog::new(MemoryLog::new());
    // such ids were valid in earlier versions
    let old = SessionId::stored("old\n\u{1b}[31m\u{202e}").unwrap();
    log.open(&old, Claim::default()).await.unwrap();
    let served = serve_with(log.clone(), |server| server).await;
    let odd = "x%0aERROR%20forged%1b%5b31m%e2%80%ae";
    log.fail_with(Call::Info, LogError::Closed);
    assert_eq!(served.get(&format!("/sessions/{odd}")).await.status(), 500);
    log.fail_with(Call::Info, LogError::Closed);
    let old = "old%0a%1b%5b31m%e2%80%ae";
    assert_eq!(served.get(&format!("/sessions/{old}")).await.status(), 500);
    let answers = [
        served.get(&format!("/sessions/{odd}")).await,
        served.run(odd, "hi").await,
        served.get(&format!("/sessions/a/events?from={odd}")).await,
        served.get(&format!("/sessions?limit={odd}")).await,
        served.post("/sessions/a/runs", &json!({ "\n\u{1b}\u{202e}": 1 })).await,
        served.post("/sessions/a/runs", &json!({ "x".repeat(100_000): 1 })).await,
    ];
    for answer in answers {
        let body = answer.text().await.unwrap();
        let detail = serde_json::from_str::<Value>(&body).unwrap()["detail"].clone();
        let detail = detail.as_str().unwrap();
        assert!(!detail.contains(['\n', '\u{1b}', '\u{202e}']), "{detail:?}");
        assert!(detail.len() < 1_000, "{detail}");
    }
    let text = traced();
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    assert!(text.lines().all(|line| line.contains("request_id=")), "{text}");
}

#[tokio::test]
async fn ids_that_cannot_be_in_a_path_or_are_invisible_are_rejected() {
    let served = serve().await;
    // without the normalization of dots in paths
    let raw = async |path: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: 13\r\n\r\n{{\"text\":\"hi\"}}"
        );
        crate::client::until_closed(served.raw(request).await).await
    };
    for id in [".", "..", "%2e", "%2E%2e", "a%0ab", "%1b", "%E2%80%AE", "%e2%80%8b", "%7f", "a%00b"]
    {
        let answer = raw(&format!("/sessions/{id}/runs")).await;
        assert!(
            answer.starts_with("HTTP/1.1 400") && answer.contains("invalid_id"),
            "{id}: {answer}"
        );
    }
    Stream::of(served.run("a", "hi").await).rest().await;
    for id in [".", "..", "b\n", "\u{202e}"] {
        let fork = served.post("/sessions/a/fork", &json!({ "session": id })).await;
        assert_eq!(problem(fork).await, (400, "invalid_id".into()), "{id:?}");
    }
    let list: Value = served.get("/sessions").await.json().await.unwrap();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn full_log_is_an_insufficient_storage_error() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "hi").await).rest().await;
    log.fates([Fate::Full]);
    let full = served.run("a", "more").await;
    assert_eq!(problem(full).await, (507, "insufficient_storage".into()));
    // reads still succeed
    assert_eq!(served.get("/sessions/a").await.status(), 200);
}

#[tokio::test]
async fn full_file_is_an_insufficient_storage_error_until_a_deletion() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::options().max_bytes(400_000).open(folder.path().join("log.db"));
    let served = serve_with(log.await.unwrap(), |server| server).await;
    let large = json!({ "text": "x".repeat(20_000) });
    let run = async |session: &str| {
        let path =
            format!("/sessions/{session}/runs?stream=false&if_running=wait&if_unfinished=restart");
        served.post(&path, &large).await
    };
    let mut sessions = (0..).map(|number| format!("s{number}"));
    let full = loop {
        let answer = run(&sessions.next().unwrap()).await;
        if answer.status() != 202 {
            break answer;
        }
    };
    assert_eq!(problem(full).await, (507, "insufficient_storage".into()));
    assert_eq!(served.get("/sessions/s0").await.status(), 200);
    assert_eq!(served.get("/ready").await.status(), 200);
    let delete = served.client.delete(format!("{}/sessions/s0", served.url)).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    assert_eq!(run("s1").await.status(), 202);
}

#[tokio::test]
async fn readers_receive_only_the_first_line_of_an_action_error() {
    let served = serve().await;
    let events = Stream::of(served.run("a", "one lines!").await).rest().await;
    let errors: Vec<_> = events.iter().filter_map(|event| event.data["error"].as_str()).collect();
    assert_eq!(errors.len(), 2);
    for error in errors {
        assert!(error.starts_with("the first line \\u{1b}x"), "{error}");
        assert!(!error.contains("second") && error.chars().count() < 600, "{error}");
    }
}

#[tokio::test]
async fn responses_have_headers_against_caches_and_frames() {
    let served = serve().await;
    Stream::of(served.run("a", "hi").await).rest().await;
    let events = served.get("/sessions/a/events").await;
    let answers = [
        served.get("/sessions").await,
        served.get("/sessions/a").await,
        served.get("/sessions/none").await,
        served.get("/graph").await,
        served.get("/nothing").await,
        served.post("/sessions/a/stop", &json!(null)).await,
        events,
    ];
    for answer in answers {
        let headers = answer.headers();
        assert_eq!(headers["cache-control"], "no-store", "{answer:?}");
        assert_eq!(headers["content-security-policy"], "frame-ancestors 'none'", "{answer:?}");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn large_responses_are_compressed_and_streams_are_not() {
    let served = serve().await;
    Stream::of(served.run("a", &"hi ".repeat(1_000)).await).rest().await;
    let get = async |path: &str| {
        let request = served.client.get(format!("{}{path}", served.url));
        let answer = request.header("accept-encoding", "gzip").send().await.unwrap();
        let encoding = answer.headers().get("content-encoding").cloned();
        let bytes = if path.ends_with("events") { 0 } else { answer.bytes().await.unwrap().len() };
        (encoding.map(|encoding| encoding.to_str().unwrap().to_owned()), bytes)
    };
    let (encoding, bytes) = get("/sessions/a").await;
    assert!(encoding.as_deref() == Some("gzip") && bytes < 1_000, "{encoding:?} {bytes}");
    let plain = served.get("/sessions/a").await;
    assert_eq!(plain.headers().get("content-encoding"), None);
    assert!(plain.bytes().await.unwrap().len() > 3_000);
    assert_eq!(get("/health").await, (None, 2));
    // a long error is compressed as well, after the request id was added to it
    let long = json!({ "\u{202e}".repeat(1_000): 1 });
    let error = served.client.post(format!("{}/sessions/a/runs", served.url)).json(&long);
    let error = error.header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(
        (error.status().as_u16(), &error.headers()["content-encoding"]),
        (422, &"gzip".parse().unwrap())
    );
    assert_eq!(error.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
    assert_eq!(get("/sessions/a/events").await, (None, 0));
}

#[tokio::test]
async fn readiness_depends_on_the_log_and_health_does_not() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server.bearer_token("s3cret")).await;
    log.fail(Call::Sessions);
    let ready = served.get("/ready").await;
    assert_eq!(ready.headers()["retry-after"], "1");
    assert_eq!(problem(ready).await, (503, "not_ready".into()));
    assert_eq!(served.get("/health").await.text().await.unwrap(), "ok");
    // the result is cached for a second
    loop {
        let ready = served.get("/ready").await;
        if ready.status() == 200 {
            break;
        }
        assert_eq!(problem(ready).await, (503, "not_ready".into()));
    }
    served.server.shutdown().await;
    assert_eq!(problem(served.get("/ready").await).await, (503, "shutting_down".into()));
    assert_eq!(served.get("/health").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn readiness_does_not_wait_for_a_log_that_hangs() {
    let log = FaultyLog::new(MemoryLog::new());
    let app = |_: &SessionId| Echo::app().resources(EchoResources { gate: Gate::default() });
    let routes = Server::builder(log.clone(), app).build().router();
    log.hang(Call::Sessions);
    let request = axum::http::Request::get("/ready").body(axum::body::Body::empty()).unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(routes.oneshot(request).await.unwrap().status(), 503);
    assert_eq!(started.elapsed(), Duration::from_secs(2));
}
