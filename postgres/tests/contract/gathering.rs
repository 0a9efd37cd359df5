use crate::support::{
    Server,
    drafts::{append, id, jsons},
};
use burdock::log::{Append, Claim, Draft, Epoch, Log, LogError, Offset, Urgency};
use burdock_postgres::{Options, PostgresLog};
use futures::future::{join, join_all};
use sqlx::{AssertSqlSafe, Row as _};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// A log whose appends that nobody waits for stay for as long as they may.
async fn patient(schema: &str) -> (PostgresLog, Epoch) {
    let options: Options = Server::shared().options_of(schema).gather(HOUR, 1000);
    let log = options.connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    (log, opened.epoch)
}

fn whenever(epoch: Epoch, at: u64) -> Append {
    append(&id("s"), epoch, at, 1).urgency(Urgency::Whenever)
}

/// How many transactions wrote the entries.
async fn transactions(schema: &str) -> i64 {
    let count = format!("SELECT count(DISTINCT xmin::text) FROM {schema}.entries");
    let mut connection = Server::shared().connection().await;
    sqlx::query(AssertSqlSafe(count)).fetch_one(&mut connection).await.unwrap().get(0)
}

#[tokio::test]
async fn an_urgent_append_takes_along_what_waits_before_it() {
    let (log, epoch) = patient("along").await;
    let waiting: Vec<_> = (0..10).map(|at| log.append(whenever(epoch, at))).collect();
    log.append(append(&id("s"), epoch, 10, 1)).await.unwrap();
    for done in join_all(waiting).await {
        done.unwrap();
    }
    assert_eq!(jsons(&log, &id("s")).await.len(), 11);
    assert_eq!(transactions("along").await, 1);
}

#[tokio::test]
async fn enough_bytes_end_the_wait() {
    let (log, epoch) = patient("enough").await;
    let mut large = whenever(epoch, 1);
    large.entries = vec![Draft::from_json("item", 0, format!("\"{}\"", "x".repeat(1000)))];
    let (first, second) = join(log.append(whenever(epoch, 0)), log.append(large)).await;
    first.and(second).unwrap();
    assert_eq!(transactions("enough").await, 1);
}

#[tokio::test]
async fn a_short_while_ends_the_wait() {
    let (log, epoch) = patient("while").await;
    let soon = append(&id("s"), epoch, 1, 1).urgency(Urgency::Within(Duration::from_millis(5)));
    let (first, second) = join(log.append(whenever(epoch, 0)), log.append(soon)).await;
    first.and(second).unwrap();
    assert_eq!(transactions("while").await, 1);
}

#[tokio::test]
async fn an_append_is_stored_whose_future_nobody_keeps() {
    let (log, epoch) = patient("kept").await;
    drop(log.append(append(&id("s"), epoch, 0, 1)));
    // the session exists once it is
    while let Err(error) = log.reached(&id("s"), Offset::ZERO).await {
        assert!(matches!(error, LogError::NoSession { .. }), "{error}");
    }
    assert_eq!(jsons(&log, &id("s")).await.len(), 1);
}

#[tokio::test]
async fn what_waits_is_stored_by_an_opening_a_release_and_the_end() {
    let (log, epoch) = patient("flushed").await;
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
async fn a_repeated_append_and_a_new_one_behind_it_are_both_done() {
    let (log, epoch) = patient("both").await;
    log.append(append(&id("s"), epoch, 0, 3)).await.unwrap();
    let (again, new) =
        join(log.append(append(&id("s"), epoch, 0, 3)), log.append(append(&id("s"), epoch, 3, 2)))
            .await;
    again.and(new).unwrap();
    assert_eq!(jsons(&log, &id("s")).await.len(), 5);
}

#[tokio::test]
async fn what_is_behind_a_failed_append_fails_with_its_own_place() {
    let (log, epoch) = patient("behind").await;
    log.append(append(&id("s"), epoch, 0, 1)).await.unwrap();
    let appends = [5, 6, 1].map(|at| log.append(append(&id("s"), epoch, at, 1)));
    for (at, result) in [5, 6, 1].into_iter().zip(join_all(appends).await) {
        match result {
            Err(LogError::Misplaced { at: told, next, .. }) => {
                assert_eq!((told, next), (Offset(at), Offset(1)));
            }
            other => panic!("{other:?}"),
        }
    }
    log.append(append(&id("s"), epoch, 1, 1)).await.unwrap();
}

#[tokio::test]
async fn a_closed_log_says_so() {
    let (log, epoch) = patient("closed").await;
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
async fn a_log_without_handles_stores_what_it_was_given_and_leaves() {
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
