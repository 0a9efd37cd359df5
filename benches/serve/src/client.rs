//! A minimal HTTP client.

use axum::Router;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Serves routes on a new port until the process ends.
pub async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes.into_make_service()).await.unwrap() });
    address
}

pub async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Requests tokens and reads to the end; returns the time to the first token.
pub async fn ask(mut stream: TcpStream, session: &str, tokens: u64) -> Duration {
    let body = format!("{{\"tokens\":{tokens}}}");
    let start = Instant::now();
    post(&mut stream, session, &body).await;
    let (mut text, mut first) = (Vec::with_capacity(64 << 10), None);
    while stream.read_buf(&mut text).await.unwrap() > 0 {
        if first.is_none() && contains(&text, b"word") {
            first = Some(start.elapsed());
        }
    }
    let last = format!("\"{}\"", crate::graph::token(tokens - 1));
    assert!(contains(&text, last.as_bytes()), "{}", String::from_utf8_lossy(&text));
    first.unwrap()
}

/// Sends a request for a run.
pub async fn post(stream: &mut TcpStream, session: &str, inputs: &str) {
    let request = format!(
        "POST /sessions/{session}/runs HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{inputs}",
        inputs.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
}

pub fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
