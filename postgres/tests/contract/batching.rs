use crate::support::{
    Server,
    entries::{append, id, jsons},
};
use burdock::log::{Append, Claim, Epoch, Log, LogError, NewEntry, Offset, Urgency};
use burdock_postgres::{Options, PostgresLog};
use futures::future::{join, join_all};
use sqlx::{AssertSqlSafe, Row as _};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// Creates a log that batches appends for an hour or 1000 bytes.
async fn batching(schema: &str) -> (PostgresLog, Epoch) {
    let options: Options = Server::shared().options_of(schema).batching(HOUR, 1000);
    let log = options.connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    (log, opened.epoch)
}

fn whenever(epoch: Epoch, at: u64) -> Append {
    append(&id("s"), epoch, at, 1).urgency(Urgency::Whenever)
}

/// Counts the transactions that wrote the entries.
async fn transactions(schema: &str) -> i64 {
    let count = format!("SELECT count(DISTINCT xmin::text) FROM {schema}.entries");
    let mut connection = Server::shared().connection().await;
    sqlx::query(AssertSqlSafe(count)).fetch_one(&mut connection).await.unwrap().get(0)
}

#[tokio::test]
async fn urgent_append_flushes_queued_appends() {
    let (log, epoch) = batching("along").await;
    let waiting: Vec<_> = (0..10).map(|at| log.append(whenever(epoch, at))).collect();
    log.append(append(&id("s"), epoch, 10, 1)).await.unwrap();
    for done in join_all(waiting).await {
        done.unwrap();
    }
    assert_eq!(jsons(&log, &id("s")).await.len(), 11);
    assert_eq!(transactions("along").await, 1);
}

#[tokio::test]
async fn large_batch_is_written_early() {
    let (log, epoch) = batching("enough").await;
    let mut large = whenever(epoch, 1);
    large.entries = vec![NewEntry::from_json("item", 0, format!("\"{}\"", "x".repeat(1000)))];
    let (first, second) = join(log.append(whenever(epoch, 0)), log.append(large)).await;
    first.and(second).unwrap();
    assert_eq!(transactions("enough").await, 1);
}

#[tokio::test]
async fn earliest_deadline_flushes_the_batch() {
    let (log, epoch) = batching("while").await;
    let soon = append(&id("s"), epoch, 1, 1).urgency(Urgency::Within(Duration::from_millis(5)));
    let (first, second) = join(log.append(whenever(epoch, 0)), log.append(soon)).await;
    first.and(second).unwrap();
    assert_eq!(transactions("while").await, 1);
}

#[tokio::test]
async fn append_is_stored_if_its_future_is_dropped() {
    let (log, epoch) = batching("kept").await;
    drop(log.append(append(&id("s"), epoch, 0, 1)));
    // the session exists after its first entry
    while let Err(error) = log.reached(&id("s"), Offset::ZERO).await {
        assert!(matches!(error, LogError::NoSession { .. }), "{error}");
    }
    assert_eq!(jsons(&log, &id("s")).await.len(), 1);
}

#[tokio::test]
async fn open_release_and_close_flush_queued_appends() {
    let (log, epoch) = batching("flushed").await;
    drop(log.append(whenever(epoch, 0)));
    log.release(&id("s"), epoch).await.unwrap();
    assert_eq!(jsons(&log, &id("s")).await.len(), 1);

    drop(log.append(whenever(epoch, 1)));
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    assert_eq!(opened.next, Offset(2));

    drop(log.append(whenever(opened.epoch, 2)));
    log.close().await;
    let again = Server::shared().options_of("flushed").connect().await.unwrap();
    assert_eq!(jsons(&again, &id("s")).await.len(), 3);
}

#[tokio::test]
async fn repeated_append_and_the_next_one_both_succeed() {
    let (log, epoch) = batching("both").await;
    log.append(append(&id("s"), epoch, 0, 3)).await.unwrap();
    let (again, new) =
        join(log.append(append(&id("s"), epoch, 0, 3)), log.append(append(&id("s"), epoch, 3, 2)))
            .await;
    again.and(new).unwrap();
    assert_eq!(jsons(&log, &id("s")).await.len(), 5);
}

#[tokio::test]
async fn appends_after_a_failed_one_fail_with_their_own_offsets() {
    let (log, epoch) = batching("behind").await;
    log.append(append(&id("s"), epoch, 0, 1)).await.unwrap();
    let appends = [5, 6, 1].map(|at| log.append(append(&id("s"), epoch, at, 1)));
    for (at, result) in [5, 6, 1].into_iter().zip(join_all(appends).await) {
        match result {
            Err(LogError::Misplaced { at: reported, next, .. }) => {
                assert_eq!((reported, next), (Offset(at), Offset(1)));
            }
            other => panic!("{other:?}"),
        }
    }
    log.append(append(&id("s"), epoch, 1, 1)).await.unwrap();
}

#[tokio::test]
async fn operations_on_a_closed_log_fail() {
    let (log, epoch) = batching("closed").await;
    let clone = log.clone();
    log.close().await;
    log.close().await;
    for result in [
        clone.append(append(&id("s"), epoch, 0, 1)).await,
        clone.reached(&id("s"), Offset::ZERO).await,
        clone.release(&id("s"), epoch).await,
    ] {
        assert!(matches!(result, Err(LogError::Closed)), "{result:?}");
    }
}

#[tokio::test]
async fn dropping_all_handles_stores_queued_appends_and_disconnects() {
    let server = Server::shared();
    let url = format!("{}?application_name=left", server.url());
    let log = Options::new(url).schema("left").connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    log.append(append(&id("s"), opened.epoch, 0, 1)).await.unwrap();
    let waiting = tokio::spawn(log.reached(&id("s"), Offset(1)));
    drop(log.append(whenever(opened.epoch, 1)));
    drop(log);
    waiting.await.unwrap().unwrap();

    let mut connection = server.connection().await;
    let there = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'left'";
    while sqlx::query(there).fetch_one(&mut connection).await.unwrap().get::<i64, _>(0) > 0 {}
    let other = server.options_of("left").connect().await.unwrap();
    assert_eq!(jsons(&other, &id("s")).await.len(), 2);
}
