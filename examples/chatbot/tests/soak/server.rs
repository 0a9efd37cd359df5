//! A chatbot process that is killed and restarted at the same address.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    process::{Child, Command},
    sync::{Mutex, watch},
};

pub struct Chatbot {
    db: PathBuf,
    port: u16,
    child: Mutex<Child>,
    /// The number of the server start that responds; 0 while none does.
    up: watch::Sender<u64>,
    /// The number of events seen by all readers.
    events: watch::Sender<u64>,
}

impl Chatbot {
    pub async fn start(db: &Path) -> Self {
        // a port that was free a moment ago
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = spawn(db, port);
        let chatbot = Self {
            db: db.to_owned(),
            port,
            child: Mutex::new(child),
            up: watch::Sender::new(0),
            events: watch::Sender::new(0),
        };
        chatbot.wait_until_up(1).await;
        chatbot
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until a server responds.
    pub async fn up(&self) {
        self.up.subscribe().wait_for(|up| *up > 0).await.unwrap();
    }

    pub fn count(&self) {
        self.events.send_modify(|events| *events += 1);
    }

    /// Waits until the readers have seen this many events.
    pub async fn seen(&self, events: u64) {
        self.events.subscribe().wait_for(|seen| *seen >= events).await.unwrap();
    }

    /// Kills the server and starts it again.
    pub async fn kill_and_start(&self) {
        let mut child = self.child.lock().await;
        let next = *self.up.borrow() + 1;
        self.up.send_replace(0);
        child.kill().await.unwrap();
        *child = spawn(&self.db, self.port);
        drop(child);
        self.wait_until_up(next).await;
    }

    pub async fn stop(&self) {
        self.child.lock().await.kill().await.unwrap();
    }

    async fn wait_until_up(&self, next: u64) {
        let client = reqwest::Client::new();
        while client.get(self.url("/health")).send().await.is_err() {
            assert!(self.child.lock().await.try_wait().unwrap().is_none(), "the chatbot has ended");
            tokio::task::yield_now().await;
        }
        self.up.send_replace(next);
    }
}

fn spawn(db: &Path, port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chatbot"))
        .arg("--db")
        .arg(db)
        .args(["--port", &port.to_string()])
        .env("BURDOCK_PACE", "instant")
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}
