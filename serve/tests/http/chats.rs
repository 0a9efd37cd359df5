//! Pages of chats, and the cost of many readers of long chats.

use crate::client::{Served, Stream, problem, serve, serve_with};
use burdock::log::{
    Append, Claim, Epoch, EpochStart, Log, LogFuture, MemoryLog, Offset, Opened, Record,
    SessionFilter, SessionId, SessionInfo,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::sync::Semaphore;

/// Sends a prompt and waits for the end of the run.
async fn send_prompt(served: &Served, id: &str, prompt: &str) {
    let started = served.post(&format!("/sessions/{id}/chat"), &json!({ "prompt": prompt })).await;
    assert_eq!(started.status(), 202);
    let accepted: Value = started.json().await.unwrap();
    let from = accepted["cursor"].as_str().unwrap();
    let path = format!("/sessions/{id}/chat/events?until=run&from={from}");
    Stream::of(served.get(&path).await).rest().await;
}

#[tokio::test]
async fn chat_is_read_in_pages_from_its_newest_messages() {
    let served = serve().await;
    for prompt in ["a", "b", "c", "d"] {
        send_prompt(&served, "x", prompt).await;
    }
    let page = async |query: &str| -> (u64, Vec<String>) {
        let chat = served.get(&format!("/sessions/x/chat{query}")).await;
        let chat: Value = chat.json().await.unwrap();
        let messages = chat["messages"].as_array().unwrap().iter();
        let texts = messages.map(|message| message["text"].as_str().unwrap().into());
        (chat["first"].as_u64().unwrap(), texts.collect())
    };
    let texts = |texts: &[&str]| texts.iter().copied().map(String::from).collect::<Vec<_>>();
    assert_eq!(page("").await, (0, texts(&["a", "A", "b", "B", "c", "C", "d", "D"])));
    assert_eq!(page("?limit=3").await, (5, texts(&["C", "d", "D"])));
    assert_eq!(page("?limit=3&before=5").await, (2, texts(&["b", "B", "c"])));
    assert_eq!(page("?limit=3&before=2").await, (0, texts(&["a", "A"])));
    assert_eq!(page("?before=0").await, (0, vec![]));
    for query in ["?limit=0", "?limit=501", "?limit=x", "?before=-1", "?before=1.5"] {
        let rejected = served.get(&format!("/sessions/x/chat{query}")).await;
        assert_eq!(problem(rejected).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn requests_for_one_chat_share_a_read() {
    let log = Counted::new();
    let served = serve_with(log.clone(), |server| server).await;
    send_prompt(&served, "x", "hi").await;
    let before = log.reads.load(SeqCst);
    log.close();
    let requests = (0..100).map(|_| served.get("/sessions/x/chat"));
    let infos = log.infos.load(SeqCst);
    let arrived = async {
        while log.infos.load(SeqCst) < infos + 100 {
            tokio::task::yield_now().await;
        }
        log.open();
    };
    let (responses, ()) = tokio::join!(join_all(requests), arrived);
    assert!(responses.iter().all(|response| response.status() == 200));
    let reads = log.reads.load(SeqCst) - before;
    assert!(reads <= 10, "{reads} reads for 100 requests");
}

#[tokio::test]
async fn at_most_four_chats_are_read_at_a_time() {
    let log = Counted::new();
    let served = serve_with(log.clone(), |server| server).await;
    for index in 0..20 {
        send_prompt(&served, &format!("x{index}"), "hi").await;
    }
    log.most.store(0, SeqCst);
    log.close();
    let list = served.get("/chats");
    let requests = (0..20).map(|index| {
        let path = format!("/sessions/x{index}/chat");
        async { served.get(&{ path }).await }
    });
    let infos = log.infos.load(SeqCst);
    let arrived = async {
        while log.infos.load(SeqCst) < infos + 20 {
            tokio::task::yield_now().await;
        }
        log.open();
    };
    let (responses, list, ()) = tokio::join!(join_all(requests), list, arrived);
    assert!(responses.iter().all(|response| response.status() == 200));
    let list: Value = list.json().await.unwrap();
    assert!(list["chats"].as_array().unwrap().iter().all(|chat| chat["title"] == "hi"));
    assert!((1..=4).contains(&log.most.load(SeqCst)), "{:?}", log.most);
    let reads = log.reads.load(SeqCst);
    let again: Value = served.get("/chats").await.json().await.unwrap();
    assert_eq!(again, list);
    assert_eq!(log.reads.load(SeqCst), reads, "titles are cached");
    served.client.delete(format!("{}/sessions/x0", served.url)).send().await.unwrap();
    send_prompt(&served, "x0", "another").await;
    let new: Value = served.get("/chats?limit=1").await.json().await.unwrap();
    assert_eq!(new["chats"][0]["title"], "another");
}

/// A log that counts calls, and whose reads wait while its gate is closed.
#[derive(Clone)]
struct Counted {
    inner: MemoryLog,
    gate: Arc<Semaphore>,
    infos: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
    reading: Arc<AtomicUsize>,
    /// Largest number of concurrent reads.
    most: Arc<AtomicUsize>,
}

impl Counted {
    fn new() -> Self {
        let counted = Self {
            inner: MemoryLog::new(),
            gate: Arc::new(Semaphore::new(0)),
            infos: Arc::default(),
            reads: Arc::default(),
            reading: Arc::default(),
            most: Arc::default(),
        };
        counted.open();
        counted
    }

    fn open(&self) {
        self.gate.add_permits(10_000);
    }

    fn close(&self) {
        self.gate.forget_permits(usize::MAX);
    }
}

impl Log for Counted {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        self.inner.open(session, claim)
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        self.inner.append(append)
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        let (counted, session) = (self.clone(), session.clone());
        counted.reads.fetch_add(1, SeqCst);
        Box::pin(async move {
            let reading = counted.reading.fetch_add(1, SeqCst) + 1;
            counted.most.fetch_max(reading, SeqCst);
            drop(counted.gate.acquire().await);
            let read = counted.inner.read(&session, from, limit).await;
            counted.reading.fetch_sub(1, SeqCst);
            read
        })
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        self.inner.reached(session, offset)
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        self.infos.fetch_add(1, SeqCst);
        self.inner.info(session)
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        self.inner.sessions(filter)
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        self.inner.epochs(session)
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        self.inner.release(session, epoch)
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        self.inner.trim(session, before)
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        self.inner.delete(session)
    }
}
