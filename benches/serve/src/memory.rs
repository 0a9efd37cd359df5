//! What stays in memory: for each session that is open and idle, and for each reader that waits.

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
    // a crash of the machine matters to nobody here
    let options = SqliteLog::options().synchronous(Synchronous::Normal);
    let log = options.open(folder.path().join("log")).await.unwrap();
    let address = client::serve(graph::server_of(log).router()).await;
    println!("{:<40} {:>8.2}", "an idle session", idle(address).await);
    let address = client::serve(graph::server().router()).await;
    println!("{:<40} {:>8.2}", "an idle session and its log in memory", idle(address).await);
    println!("{:<40} {:>8.2}", "a reader and its client", readers(address).await);
}

/// Has sessions run, and leaves them.
async fn idle(address: SocketAddr) -> f64 {
    // what is made once
    client::ask(client::connect(address).await, "warm", 10).await;
    let before = resident();
    for session in 0..SESSIONS {
        client::ask(client::connect(address).await, &format!("idle-{session}"), 1).await;
    }
    each(before, resident(), SESSIONS)
}

/// Reads such sessions to their end, and waits for more.
async fn readers(address: SocketAddr) -> f64 {
    let before = resident();
    let mut readers = Vec::new();
    for reader in 0..READERS {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let session = reader % SESSIONS;
        let request =
            format!("GET /sessions/idle-{session}/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut begun = [0; 64];
        assert!(stream.read(&mut begun).await.unwrap() > 0);
        readers.push(stream);
    }
    // both ends of the connection are in this process
    each(before, resident(), READERS)
}

fn each(before: u64, after: u64, count: usize) -> f64 {
    after.saturating_sub(before) as f64 / count as f64
}

/// The resident memory of this process in KiB, where the system tells.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
