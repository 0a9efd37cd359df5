use crate::support::{
    Server,
    entries::{append, id},
};
use burdock::log::{Claim, Log, LogError, Offset, tail};
use burdock_postgres::PostgresLog;
use sqlx::{AssertSqlSafe, Row as _};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

const HOUR: Duration = Duration::from_hours(1);

/// Waits until a connection listens on the channel.
async fn wait_for_listener(channel: &str) {
    let mut connection = Server::shared().connection().await;
    let asked = format!("LISTEN \"{channel}\"");
    loop {
        let listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE $1 || '%'";
        let row = sqlx::query(listening).bind(&asked).fetch_one(&mut connection).await.unwrap();
        if row.get::<i64, _>(0) > 0 {
            return;
        }
    }
}

/// Connects two logs to one schema and writes a session with one entry. Returns the logs and the
/// epoch.
async fn two(schema: &str, poll: Duration) -> ([PostgresLog; 2], burdock::log::Epoch) {
    let options = Server::shared().options_of(schema).poll_interval(poll);
    let logs = [options.clone().connect().await.unwrap(), options.connect().await.unwrap()];
    let opened = logs[0].open(&id("s"), Claim::default()).await.unwrap();
    logs[0].append(append(&id("s"), opened.epoch, 0, 1)).await.unwrap();
    (logs, opened.epoch)
}

#[tokio::test]
async fn tail_on_another_log_is_notified() {
    let ([writer, reader], epoch) = two("notified", HOUR).await;
    let waiting = tokio::spawn(reader.reached(&id("s"), Offset(1)));
    wait_for_listener("notified").await;
    writer.append(append(&id("s"), epoch, 1, 1)).await.unwrap();
    timeout(Duration::from_mins(1), waiting).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn tail_on_the_same_log_needs_no_notification() {
    let ([log, _], epoch) = two("alone", HOUR).await;
    let mut tail = tail(&(Arc::new(log.clone()) as Arc<dyn Log>), &id("s"), Offset(1));
    for at in 1..20 {
        let next = tail.next();
        let appending = log.append(append(&id("s"), epoch, at, 1));
        let (record, stored) = futures::future::join(next, appending).await;
        stored.unwrap();
        assert_eq!(record.unwrap().unwrap().offset, Offset(at));
    }
}

#[tokio::test]
async fn lost_notification_only_delays_a_tail() {
    let ([_, reader], epoch) = two("lost", Duration::from_millis(20)).await;
    let waiting = tokio::spawn(reader.reached(&id("s"), Offset(1)));
    // the same statement without a notification
    let appended = format!(
        "SELECT lost.append('s', {epoch}, 1, NULL, '{{item}}', '{{f}}', '{{0}}', '{{0}}', '{{1}}')"
    );
    let mut connection = Server::shared().connection().await;
    sqlx::query(AssertSqlSafe(appended)).execute(&mut connection).await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn tail_survives_a_closed_listener_connection() {
    let ([writer, reader], epoch) = two("deaf", Duration::from_millis(200)).await;
    let waiting = tokio::spawn(reader.reached(&id("s"), Offset(2)));
    wait_for_listener("deaf").await;
    let mut connection = Server::shared().connection().await;
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE query LIKE 'LISTEN \"deaf\"%'";
    let ended = sqlx::query(ended).fetch_one(&mut connection).await.unwrap();
    assert_eq!(ended.get::<i64, _>(0), 1);
    writer.append(append(&id("s"), epoch, 1, 1)).await.unwrap();
    wait_for_listener("deaf").await;
    writer.append(append(&id("s"), epoch, 2, 1)).await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn waiting_reader_is_notified_of_a_deletion() {
    let ([writer, reader], _) = two("ended", HOUR).await;
    let waiting = tokio::spawn(reader.reached(&id("s"), Offset(1)));
    wait_for_listener("ended").await;
    writer.delete(&id("s")).await.unwrap();
    let error = timeout(Duration::from_mins(1), waiting).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, LogError::NoSession { .. }), "{error:?}");
}

#[tokio::test]
async fn foreign_notifications_are_ignored() {
    let ([writer, reader], epoch) = two("noise", HOUR).await;
    let waiting = tokio::spawn(reader.reached(&id("s"), Offset(1)));
    wait_for_listener("noise").await;
    Server::shared().sql("NOTIFY noise, 'hello 1:'; NOTIFY noise; NOTIFY noise, '1:x'").await;
    writer.append(append(&id("s"), epoch, 1, 1)).await.unwrap();
    timeout(Duration::from_mins(1), waiting).await.unwrap().unwrap().unwrap();
}
