//! A stop over HTTP closes the connection to the provider, through the server, the run, the action and the
//! model.

use super::chatbot::{Chatbot, Events, read_request, say};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The time limit until the provider sees the closed connection.
const WITHIN: Duration = Duration::from_millis(100);

/// The behavior of a provider after the head of its response.
type Manners = fn(&mut TcpStream);

/// A provider with the `OpenAI` protocol, for one request.
struct Provider {
    url: String,
    /// When its connection was closed.
    closed: JoinHandle<Instant>,
}

impl Provider {
    fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let closed = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let _ = read_request(&mut reader);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            let talking = thread::spawn(move || manners(&mut stream));
            // the connection ends, or is reset if data was left unread
            let ended = reader.read(&mut [0]).unwrap_or(0);
            let closed = Instant::now();
            assert_eq!(ended, 0, "no data after the request");
            talking.join().unwrap();
            closed
        });
        Self { url, closed }
    }
}

/// Stops a run in the middle of its answer; returns the time until the provider's connection was closed.
async fn stop(manners: Manners) -> Duration {
    let provider = Provider::start(manners);
    let chatbot = Chatbot::start(&provider.url).await;
    let started = chatbot.post("ada", "/chat", &json!({ "prompt": "what is a monad?" })).await;
    assert_eq!(started, StatusCode::ACCEPTED);
    let mut events = Events::of(&chatbot, "ada").await;
    events.until("item").await;

    let asked = Instant::now();
    assert!(chatbot.post("ada", "/stop", &Value::Null).await.is_success());
    let closed = tokio::task::spawn_blocking(|| provider.closed.join().unwrap()).await.unwrap();

    // the run has ended, and the shown text is kept
    events.until("run_paused").await;
    let chat: Value = chatbot.get("ada", "/chat").await.json().await.unwrap();
    assert!(chat["messages"][1]["text"].as_str().unwrap().starts_with("on "), "{chat}");
    closed.saturating_duration_since(asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_the_connection_of_an_endless_answer() {
    let took = stop(|stream| while say(stream, "on ") {}).await;
    println!("endless answer: closed {took:?} after the stop was sent");
    assert!(took < WITHIN, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_the_connection_of_a_silent_model() {
    let took = stop(|stream| assert!(say(stream, "on "))).await;
    println!("silent model: closed {took:?} after the stop was sent");
    assert!(took < WITHIN, "{took:?}");
}
