//! Timeouts and limits of connections.

use crate::client::{Served, Stream, kinds, serve_on, until_closed};
use axum::{Router, body::Body, routing::get};
use burdock::log::MemoryLog;
use burdock_serve::ListenOptions;
use futures_util::{
    StreamExt as _,
    future::join_all,
    stream::{self, FuturesUnordered},
};
use reqwest::Client;
use serde_json::json;
use std::{convert::Infallible, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn short() -> ListenOptions {
    let time = Duration::from_millis(100);
    ListenOptions::new()
        .header_timeout(time)
        .body_timeout(time)
        .idle_timeout(time)
        .write_timeout(time)
}

async fn serve(options: ListenOptions) -> Served {
    serve_on(options, MemoryLog::new(), |server| server).await
}

#[tokio::test]
async fn silent_connections_are_closed_and_streams_are_not() {
    let served = serve(short()).await;
    let mut reader = Stream::of(served.run("a", "one wait! two").await);
    reader.until("item").await;
    let get = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let post = "POST /sessions/b/runs HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 100\r\n\r\n{\"te";
    let half_chunk = "POST /sessions/b/runs HTTP/1.1\r\nhost: localhost\r\n\
                      content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{\"te";
    let silent = [
        ("nothing", &b""[..], ""),
        ("half a request line", b"GET /hea", ""),
        ("half of the headers", b"GET /health HTTP/1.1\r\nhost: loc", ""),
        ("half a body", post.as_bytes(), "body_timeout"),
        ("half a chunk", half_chunk.as_bytes(), "body_timeout"),
        ("a request and then silence", get.as_bytes(), "HTTP/1.1 200"),
        ("half a second request", &[get.as_bytes(), b"GET /hea"].concat(), "HTTP/1.1 200"),
        ("the preface of HTTP/2", PREFACE, ""),
        ("half of the preface", &PREFACE[..10], ""),
        ("half a frame of headers", &[PREFACE, b"\0\0\x05\x01\x04\0\0\0\x01\x82"].concat(), ""),
    ];
    for (kind, bytes, expected) in silent {
        let answer = until_closed(served.raw(bytes).await).await;
        assert!(answer.contains(expected), "{kind}: {answer}");
        // on a new connection, because an idle one may be closed just when it is used
        let health = Client::new().get(format!("{}/health", served.url)).send().await.unwrap();
        assert_eq!(health.status(), 200, "{kind}");
    }
    served.gate.0.add_permits(1);
    assert!(kinds(&reader.rest().await).ends_with(&["run_paused".into()]));
}

fn endless(dropped: &CancellationToken) -> Router {
    let dropped = dropped.clone();
    let body = move || async move {
        let chunks = stream::unfold(dropped.drop_guard(), |guard| async move {
            Some((Ok::<_, Infallible>(vec![b'x'; 1 << 16]), guard))
        });
        Body::from_stream(chunks)
    };
    Router::new().route("/", get(body))
}

#[tokio::test]
async fn connection_whose_client_reads_nothing_is_closed() {
    for client in [Client::builder(), Client::builder().http2_prior_knowledge()] {
        let dropped = CancellationToken::new();
        let bound = short().bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let url = format!("http://{}/", bound.address());
        let server = tokio::spawn(bound.serve(endless(&dropped), std::future::pending()));
        let answer = client.build().unwrap().get(url).send().await.unwrap();
        dropped.cancelled().await;
        drop(answer);
        server.abort();
        assert!(server.await.unwrap_err().is_cancelled());
    }
}

/// The transfer of the response takes longer than the idle timeout.
#[tokio::test]
async fn slow_reader_receives_the_whole_response() {
    let options = short().write_timeout(Duration::from_secs(10));
    let bound = options.bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = bound.address();
    let large = || async { vec![b'x'; 8 << 20] };
    let routes = Router::new().route("/", get(large));
    let server = tokio::spawn(bound.serve(routes, std::future::pending()));
    let mut reader = TcpStream::connect(address).await.unwrap();
    reader.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let (mut bytes, mut read) = (vec![0; 1 << 18], 0);
    // as fast as a slow network
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    while read < 8 << 20 {
        pace.tick().await;
        let more = reader.read(&mut bytes).await.unwrap();
        assert_ne!(more, 0, "closed after {read} bytes");
        read += more;
    }
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn new_connection_at_the_limit_replaces_one_that_waits_for_its_client() {
    let served = serve(ListenOptions::new().max_connections(4)).await;
    let mut reader = Stream::of(served.run("a", "one wait! two").await);
    reader.until("item").await;
    let silent = join_all((0..20).map(|_| served.raw(b"GET /hea"))).await;
    for _ in 0..3 {
        // a new client, and so a new connection
        assert_eq!(
            Client::new().get(format!("{}/health", served.url)).send().await.unwrap().status(),
            200
        );
    }
    // those that were replaced
    let closed: FuturesUnordered<_> = silent.into_iter().map(until_closed).collect();
    assert_eq!(closed.take(17).collect::<Vec<_>>().await.len(), 17);
    served.gate.0.add_permits(1);
    assert!(kinds(&reader.rest().await).ends_with(&["run_paused".into()]));
}

#[tokio::test]
async fn new_connection_at_the_limit_waits_if_none_waits_for_its_client() {
    let served = serve(ListenOptions::new().max_connections(2)).await;
    let mut readers = Vec::new();
    for session in ["a", "b"] {
        let client = Client::new();
        let run = client.post(format!("{}/sessions/{session}/runs", served.url));
        let run = run.json(&json!({ "text": "one wait! two" })).send().await.unwrap();
        let mut reader = Stream::of(run);
        reader.until("item").await;
        readers.push(reader);
    }
    let mut third = served.raw(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    served.gate.0.add_permits(2);
    for reader in readers {
        assert!(kinds(&reader.rest().await).ends_with(&["run_paused".into()]));
    }
    let mut answer = [0; 12];
    third.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn shutdown_closes_idle_and_silent_connections() {
    let served = serve(ListenOptions::new()).await;
    let silent = [&b""[..], b"GET /hea", PREFACE];
    let silent = join_all(silent.map(|bytes| served.raw(bytes))).await;
    assert_eq!(served.get("/health").await.status(), 200);
    served.shut_down().await;
    join_all(silent.into_iter().map(until_closed)).await;
}
