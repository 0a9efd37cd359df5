//! Two chatbot processes on one log, without a proxy that keeps a session on one of them.
//!
//! The log has each accepted prompt once and no refused prompt, and each stream contains only the run of its
//! own prompt.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod chatbot;
#[cfg(feature = "server-tests")]
mod postgres;

use burdock::log::{EntryKind, Log, Offset, SessionId};
use chatbot::{Answer, Chatbot};
use futures::{StreamExt as _, stream};
use std::collections::BTreeMap;

/// The number of prompts that are sent sequentially.
const IN_TURN: usize = 200;

/// The number of prompts that are sent concurrently.
const AT_ONCE: usize = 2_000;

/// The number of concurrent requests.
const OPEN: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_neither_lose_nor_duplicate_prompts() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("shared.db");
    let log = burdock_sqlite::SqliteLog::open(&db).await.unwrap();
    check(&log, db.to_str().unwrap()).await;
}

async fn check(log: &dyn Log, place: &str) {
    let processes = [Chatbot::start(place).await, Chatbot::start(place).await];
    in_turn(log, &processes).await;
    at_once(log, &processes).await;
}

async fn in_turn(log: &dyn Log, processes: &[Chatbot; 2]) {
    let sessions = stream::iter(0..20).map(|session| async move {
        let id = format!("turn-{session}");
        let mut sent = Vec::new();
        for number in 0..IN_TURN / 20 {
            let prompt = format!("prompt {session} {number}");
            let answer = processes[number % 2].say(&id, &prompt).await;
            assert_eq!(answer, Answer::Finished, "{prompt}");
            sent.push(prompt);
        }
        assert_eq!(started(log, &id).await, sent, "in the order of sending");
    });
    sessions.buffer_unordered(20).collect::<Vec<_>>().await;
}

async fn at_once(log: &dyn Log, processes: &[Chatbot; 2]) {
    let sends = stream::iter(0..AT_ONCE).map(|number| async move {
        let (session, prompt) = (format!("once-{}", number % 100), format!("prompt {number}"));
        let answer = processes[number / 100 % 2].say(&session, &prompt).await;
        (session, prompt, answer)
    });
    let answers: Vec<_> = sends.buffer_unordered(OPEN).collect().await;
    let mut accepted = BTreeMap::<String, Vec<String>>::new();
    for (session, prompt, answer) in answers {
        let accepted = accepted.entry(session).or_default();
        if answer != Answer::Refused {
            accepted.push(prompt);
        }
    }
    let (sessions, total) = (accepted.len(), accepted.values().map(Vec::len).sum::<usize>());
    assert!(total >= sessions, "{total} of {AT_ONCE} were accepted in {sessions} sessions");
    for (session, mut prompts) in accepted {
        let mut started = started(log, &session).await;
        prompts.sort();
        started.sort();
        assert_eq!(started, prompts, "{session}");
    }
}

/// Returns the prompts of all runs of a session in the log.
async fn started(log: &dyn Log, session: &str) -> Vec<String> {
    let id = SessionId::new(session).unwrap();
    let mut prompts = Vec::new();
    let mut next = Offset::ZERO;
    loop {
        let page = log.read(&id, next, 1_000).await.unwrap();
        if page.is_empty() {
            return prompts;
        }
        next = next.plus(page.len() as u64);
        for record in page {
            if let EntryKind::RunStarted { inputs, .. } = record.entry(&id).unwrap().kind {
                prompts.push(inputs["prompt"].as_str().unwrap().to_owned());
            }
        }
    }
}
