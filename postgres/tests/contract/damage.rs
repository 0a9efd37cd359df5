use crate::support::{
    Server,
    entries::{append, id},
};
use burdock::log::{Claim, Log, LogError, Offset};
use burdock_postgres::PostgresLog;

async fn ten_entries(schema: &str) -> PostgresLog {
    let log = Server::shared().options_of(schema).connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    log.append(append(&id("s"), opened.epoch, 0, 10)).await.unwrap();
    log
}

/// Checks that the entries before the damage can be read, and that the damage is reported.
async fn assert_damaged(log: &PostgresLog, at: u64, why: &str) {
    let before = log.read(&id("s"), Offset::ZERO, 100).await.unwrap();
    assert_eq!(before.len() as u64, at);
    match log.read(&id("s"), Offset(at), 100).await {
        Err(LogError::Damaged { offset, reason, .. }) => {
            assert_eq!((offset, reason.as_str()), (Offset(at), why));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn changed_entries_are_damaged() {
    let log = ten_entries("bent").await;
    let server = Server::shared();
    server.sql("UPDATE bent.entries SET json = '{\"n\":5} ' WHERE \"offset\" = 5").await;
    assert_damaged(&log, 5, "checksum mismatch").await;
}

#[tokio::test]
async fn missing_entries_in_the_middle_are_damaged() {
    let log = ten_entries("holed").await;
    Server::shared().sql("DELETE FROM holed.entries WHERE \"offset\" = 3").await;
    assert_damaged(&log, 3, "the entry is missing").await;
    assert_eq!(log.read(&id("s"), Offset(4), 100).await.unwrap().len(), 6);
}

#[tokio::test]
async fn missing_entries_at_the_end_are_damaged() {
    let log = ten_entries("cut").await;
    Server::shared().sql("DELETE FROM cut.entries WHERE \"offset\" >= 8").await;
    assert_damaged(&log, 8, "the entry is missing").await;
}

#[tokio::test]
async fn missing_tables_are_reported() {
    let log = ten_entries("gone").await;
    Server::shared().sql("DROP SCHEMA gone CASCADE").await;
    let error = log.info(&id("s")).await.unwrap_err();
    assert_eq!(error.to_string(), "the log cannot be stored: the tables of the log do not exist");
}
