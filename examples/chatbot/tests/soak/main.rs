//! Many concurrent sessions, with stops, readers that disconnect and reconnect, and a server that is killed
//! twice.
//!
//! At the end, every reader has seen exactly the entries in the log, once and in order, and the text it
//! derived from them is the history of the chat.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod reader;
mod server;

use burdock::log::{EntryKind, Log, Offset, Record, SessionId};
use burdock_sqlite::SqliteLog;
use futures::future::join_all;
use reader::Reader;
use server::Chatbot;
use std::sync::Arc;

const SESSIONS: u64 = 500;
const KILLS: u64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_sees_its_log_after_stops_disconnects_and_kills() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("soak.db");
    let chatbot = Arc::new(Chatbot::start(&db).await);
    let talks = (0..SESSIONS).map(|number| {
        let chatbot = Arc::clone(&chatbot);
        tokio::spawn(async move {
            let mut reader = Reader::new(&chatbot, number);
            reader.talk().await;
            (
                reader.session().to_owned(),
                reader.seen().to_vec(),
                reader.messages(),
                reader.history().await,
            )
        })
    });
    let talks: Vec<_> = talks.collect();
    for kill in 1..=KILLS {
        // in the middle of the events
        chatbot.seen(kill * SESSIONS * 4).await;
        chatbot.kill_and_start().await;
    }
    let talks = join_all(talks).await;
    chatbot.stop().await;
    let log = SqliteLog::open(&db).await.unwrap();
    for talk in talks {
        let (session, seen, messages, history) = talk.unwrap();
        let records = read(&log, &SessionId::new(session.as_str()).unwrap()).await;
        assert_eq!(seen, visible(&records), "{session}: a gap or a repeat");
        assert_eq!(messages, history, "{session}: the text differs");
        assert_steps(&session, &records);
    }
}

/// Returns all entries of a session.
async fn read(log: &SqliteLog, session: &SessionId) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let page = log.read(session, Offset(records.len() as u64), 1_000).await.unwrap();
        if page.is_empty() {
            return records;
        }
        records.extend(page);
    }
}

/// Returns the ids of the entries that readers see.
fn visible(records: &[Record]) -> Vec<String> {
    let session = SessionId::new("any").unwrap();
    let is_visible = |record: &&Record| {
        let kind = record.entry(&session).unwrap().kind;
        !matches!(kind, EntryKind::SessionCreated { .. } | EntryKind::Snapshot(_))
    };
    records.iter().filter(is_visible).map(|record| record.cursor().to_string()).collect()
}

/// Checks that each step was committed exactly once.
fn assert_steps(name: &str, records: &[Record]) {
    let session = SessionId::new("any").unwrap();
    let committed =
        records.iter().filter_map(|record| match record.entry(&session).unwrap().kind {
            EntryKind::StepCommitted { step, .. } => Some(step),
            _ => None,
        });
    let committed: Vec<u64> = committed.collect();
    assert_eq!(committed, (0..committed.len() as u64).collect::<Vec<_>>(), "{name}");
}
