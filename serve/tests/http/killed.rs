//! A server whose process is killed while a child runs.

use crate::{
    children::{FINDINGS, children, findings, serve},
    client::{Received, Stream, kinds},
};
use burdock::log::Log;
use burdock_sqlite::SqliteLog;
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    env,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

/// The environment variable of a server process with the path of its log.
const FILE: &str = "BURDOCK_TEST_SERVED_FILE";

/// The environment variable of a server process with the number of permits of its gate.
const PERMITS: &str = "BURDOCK_TEST_PERMITS";

/// The server process: this test program again. It serves until it is killed or its input ends.
#[tokio::test]
async fn server_process_serves_a_file() {
    let Ok(file) = env::var(FILE) else { return };
    let served = serve(SqliteLog::open(file).await.unwrap()).await;
    served.gate.0.add_permits(env::var(PERMITS).unwrap().parse().unwrap());
    eprintln!("> {}", served.url);
    let ended = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
    ended.await.unwrap().unwrap();
    served.shut_down().await;
}

struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(file: &Path, permits: usize) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "killed::server_process_serves_a_file", "--nocapture"])
            .env(FILE, file)
            .env(PERMITS, permits.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.map(Result::unwrap).find_map(|line| Some(line.strip_prefix("> ")?.into()));
        Self { child, url: url.unwrap() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn children_continue_after_their_process_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.db");
    let client = Client::new();
    let process = Process::start(&file, 0);
    let url = format!("{}/sessions/anna", process.url);
    let questions = json!({ "questions": ["a", "b?"] });
    let run = client.post(format!("{url}/runs")).json(&questions).send().await.unwrap();
    let mut run = Stream::of(run);
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last: &Received| last.data["item"]["text"] != "b? 1") {
        seen.extend(run.until("item").await);
    }
    drop(process);

    let process = Process::start(&file, 1);
    let url = format!("{}/sessions/anna", process.url);
    let from = seen.last().unwrap().id.clone().unwrap();
    let follow = client.get(format!("{url}/events?from={from}")).send().await.unwrap();
    let resumed = client.post(format!("{url}/resume")).json(&Value::Null).send().await.unwrap();
    let resumed = Stream::of(resumed).rest().await;
    let expected = ["a 1", "a 2", "b? 1", "b? 2", "step_committed", "run_paused"];
    assert!(kinds(&resumed).ends_with(&expected.map(String::from)), "{resumed:?}");
    assert_eq!(Stream::of(follow).until("run_paused").await.last(), resumed.last());
    drop(process);

    let log: Arc<dyn Log> = Arc::new(SqliteLog::open(&file).await.unwrap());
    assert_eq!(findings(&log, "anna").await, json!(FINDINGS));
    assert_eq!(children(&log).await.len(), 2);
}
