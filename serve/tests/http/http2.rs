//! HTTP/2 by prior knowledge: the same responses as over HTTP/1.1.

use crate::client::{Served, Stream, kinds, problem, serve, serve_with};
use burdock::log::MemoryLog;
use reqwest::{Client, Version};
use serde_json::json;

fn clients() -> [(Version, Client); 2] {
    let http2 = Client::builder().http2_prior_knowledge().build().unwrap();
    [(Version::HTTP_11, Client::new()), (Version::HTTP_2, http2)]
}

fn port(served: &Served) -> &str {
    served.url.rsplit(':').next().unwrap()
}

#[tokio::test]
async fn cross_origin_requests_are_rejected_over_both_protocols() {
    let served =
        serve_with(MemoryLog::new(), |server| server.allow_origin("https://Good.example:443"))
            .await;
    for (version, client) in clients() {
        for (host, origin, status) in [
            ("127.0.0.1", "http://127.0.0.1", 200),
            ("localhost", "http://localhost", 200),
            ("localhost", "http://LOCALHOST", 200),
            ("localhost", "http://127.0.0.1", 403),
            ("localhost", "http://evil.example", 403),
            ("localhost", "null", 403),
        ] {
            let url = format!("http://{host}:{}/sessions", port(&served));
            let origin = match origin {
                "null" => origin.to_owned(),
                origin => format!("{origin}:{}", port(&served)),
            };
            let answer = client.get(&url).header("origin", &origin).send().await.unwrap();
            let found = (answer.version(), answer.status().as_u16());
            assert_eq!(found, (version, status), "{version:?} {host} {origin}");
        }
        let url = format!("{}/sessions", served.url);
        let good = client.get(&url).header("origin", "https://good.example").send().await.unwrap();
        assert_eq!(good.headers()["access-control-allow-origin"], "https://good.example");
    }
}

#[tokio::test]
async fn foreign_hosts_are_rejected_on_loopback_over_both_protocols() {
    let served = serve().await;
    let address = served.url.strip_prefix("http://").unwrap().parse().unwrap();
    for prior_knowledge in [false, true] {
        let client = Client::builder().resolve("evil.example", address);
        let client = if prior_knowledge { client.http2_prior_knowledge() } else { client };
        let url = format!("http://evil.example:{}/health", port(&served));
        let answer = client.build().unwrap().get(url).send().await.unwrap();
        assert_eq!(problem(answer).await, (421, "foreign_host".into()), "{prior_knowledge}");
    }
    // with an absolute URI as target, and with two hosts
    for (target, host, status) in [
        ("http://evil.example/health", "localhost", 400),
        ("http://evil.example/health", "evil.example", 421),
        ("http://localhost/health", "localhost", 200),
        ("/health", "localhost\r\nhost: evil.example", 400),
        ("/health", "LocalHost", 200),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = crate::client::until_closed(served.raw(request).await).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{target} {host}: {answer}");
    }
}

#[tokio::test]
async fn runs_and_streams_share_one_connection() {
    let served = serve().await;
    let [_, (_, client)] = clients();
    let run = |session: &str, text: &str| {
        let url = format!("{}/sessions/{session}/runs", served.url);
        client.post(url).json(&json!({ "text": text })).send()
    };
    let mut waiting = Vec::new();
    for session in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let mut stream = Stream::of(run(session, "one wait! two").await.unwrap());
        stream.until("item").await;
        waiting.push(stream);
    }
    let other = Stream::of(run("z", "three").await.unwrap()).rest().await;
    assert!(kinds(&other).contains(&"THREE".to_owned()));
    served.gate.0.add_permits(8);
    for stream in waiting {
        assert_eq!(kinds(&stream.rest().await).last().unwrap(), "run_paused");
    }
}
