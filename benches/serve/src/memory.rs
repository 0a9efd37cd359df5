//! Memory per idle open session, and per waiting reader.

use crate::{client, graph};
use burdock_sqlite::{SqliteLog, Synchronous};
use std::{fs, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const SESSIONS: usize = 20_000;
const READERS: usize = 2_000;

pub async fn measure() {
    println!("\nmemory of the process, KiB each");
    let folder = tempfile::tempdir().unwrap();
    // durability across system crashes is not needed
    let options = SqliteLog::options().synchronous(Synchronous::Normal);
    let log = options.open(folder.path().join("log")).await.unwrap();
    let address = client::serve(graph::server_of(log).router()).await;
    println!("{:<40} {:>8.2}", "an idle session", idle(address).await);
    let address = client::serve(graph::server().router()).await;
    println!("{:<40} {:>8.2}", "an idle session and its log in memory", idle(address).await);
    println!("{:<40} {:>8.2}", "a reader and its client", readers(address).await);
}

/// Runs sessions, and leaves them idle.
async fn idle(address: SocketAddr) -> f64 {
    // warm up: memory that is allocated once
    client::ask(client::connect(address).await, "warm", 10).await;
    let before = resident();
    for session in 0..SESSIONS {
        client::ask(client::connect(address).await, &format!("idle-{session}"), 1).await;
    }
    each(before, resident(), SESSIONS)
}

/// Reads idle sessions to their end, and waits for more events.
async fn readers(address: SocketAddr) -> f64 {
    let before = resident();
    let mut readers = Vec::new();
    for reader in 0..READERS {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let session = reader % SESSIONS;
        let request =
            format!("GET /sessions/idle-{session}/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 64];
        assert!(stream.read(&mut head).await.unwrap() > 0);
        readers.push(stream);
    }
    // both ends of the connection are in this process
    each(before, resident(), READERS)
}

fn each(before: u64, after: u64, count: usize) -> f64 {
    after.saturating_sub(before) as f64 / count as f64
}

/// Returns the resident memory of this process in KiB, if the system reports it.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
