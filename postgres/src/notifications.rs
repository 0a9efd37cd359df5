//! Notifications between processes about the progress of sessions.
//!
//! A notification inside the append would hold a lock of the whole server during the flush. It is sent
//! afterwards instead, for many sessions at once, over a separate connection. If it is lost, waiters are
//! delayed by at most one polling interval.

use crate::{
    Options,
    database::Database,
    waiters::{Progress, SessionKey, Waiters},
};
use sqlx::{
    ConnectOptions as _, PgConnection, PgPool, Row as _,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    select,
    sync::{Notify, watch},
    time::{sleep, timeout},
};

/// Minimum interval between notifications of a process.
const MIN_INTERVAL: Duration = Duration::from_millis(5);

/// Maximum size of a payload; the limit of the server is 8000 bytes.
const MAX_PAYLOAD: usize = 7800;

/// Time limit for connecting and for sending.
const TIMEOUT: Duration = Duration::from_secs(5);

const RECONNECT_DELAY: Duration = Duration::from_millis(250);

/// Notifications to be sent.
#[derive(Default)]
pub(crate) struct Outbox {
    /// The latest progress of each session.
    pending: Mutex<BTreeMap<SessionKey, Progress>>,
    changed: Notify,
}

impl Outbox {
    pub(crate) fn push(&self, key: SessionKey, progress: Progress) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(key, progress);
        self.changed.notify_one();
    }

    fn take(&self) -> BTreeMap<SessionKey, Progress> {
        std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The stop signal of the tasks, sent by dropping the sender. Pending notifications are still sent.
pub(crate) type Stop = watch::Receiver<()>;

async fn stopped(stop: &mut Stop) {
    while stop.changed().await.is_ok() {}
}

/// Sends notifications to other processes.
pub(crate) async fn send(
    outbox: Arc<Outbox>,
    database: Arc<Database>,
    driver: PgConnectOptions,
    channel: String,
    mut stop: Stop,
) {
    let mut connection = None;
    loop {
        let more = select! {
            () = outbox.changed.notified() => true,
            () = stopped(&mut stop) => false,
        };
        let pending = outbox.take();
        if !pending.is_empty() {
            let sending = notify(&mut connection, &driver, &database, &channel, &pending);
            match timeout(TIMEOUT, sending).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(%error, "failed to send notifications");
                    connection = None;
                }
                Err(_) => connection = None,
            }
        }
        if !more {
            return;
        }
        let _ = timeout(MIN_INTERVAL, stopped(&mut stop)).await;
    }
}

async fn notify(
    connection: &mut Option<PgConnection>,
    driver: &PgConnectOptions,
    database: &Database,
    channel: &str,
    pending: &BTreeMap<SessionKey, Progress>,
) -> Result<(), sqlx::Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(driver.connect().await?),
    };
    let statement = sqlx::query(database.statements.notify());
    statement.bind(channel).bind(encode(pending)).execute(connection).await?;
    Ok(())
}

/// Encodes notifications: `key:next` for each session, `key:` for a deleted one.
fn encode(pending: &BTreeMap<SessionKey, Progress>) -> Vec<String> {
    let mut payloads = vec![String::new()];
    for (SessionKey(key), progress) in pending {
        let mut word = match progress {
            Progress::Next(next) => format!("{key}:{next}"),
            Progress::Deleted => format!("{key}:"),
        };
        match payloads.last_mut() {
            Some(last) if last.len() + word.len() < MAX_PAYLOAD => {
                // writing to a string cannot fail
                let _ = write!(last, "{}{word}", if last.is_empty() { "" } else { " " });
            }
            _ => payloads.push(std::mem::take(&mut word)),
        }
    }
    payloads
}

/// Decodes notifications. Ignores other text, since every client of the server can send notifications.
fn decode(payload: &str) -> impl Iterator<Item = (SessionKey, Progress)> + '_ {
    payload.split(' ').filter_map(|word| {
        let (key, next) = word.split_once(':')?;
        let progress = match next {
            "" => Progress::Deleted,
            next => Progress::Next(next.parse().ok()?),
        };
        Some((SessionKey(key.parse().ok()?), progress))
    })
}

/// Receives notifications of other processes, and polls the database, while there are waiters.
pub(crate) async fn receive(
    waiters: Arc<Waiters>,
    database: Arc<Database>,
    driver: PgConnectOptions,
    options: Options,
    mut stop: Stop,
) {
    select! {
        () = waiters.first_waiter.notified() => {}
        () = stopped(&mut stop) => return,
    }
    // the listener of the driver needs a pool; this one has a single connection
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(TIMEOUT)
        .connect_lazy_with(driver);
    select! {
        () = listen(&waiters, &pool, &options.schema) => {}
        () = poll(&waiters, &database, options.poll_interval) => {}
        () = stopped(&mut stop) => {}
    }
    // an attempt to connect may be in progress
    let _ = timeout(RECONNECT_DELAY, pool.close()).await;
}

async fn listen(waiters: &Waiters, pool: &PgPool, channel: &str) {
    loop {
        if let Err(error) = listen_once(waiters, pool, channel).await {
            tracing::debug!(%error, "failed to receive notifications");
        }
        sleep(RECONNECT_DELAY).await;
    }
}

async fn listen_once(waiters: &Waiters, pool: &PgPool, channel: &str) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    // earlier notifications were missed
    waiters.stale.notify_one();
    while let Some(notification) = listener.try_recv().await? {
        for (key, progress) in decode(notification.payload()) {
            match progress {
                Progress::Next(_) => waiters.notify(key, progress),
                // a deletion is final, and every client of the server can send this notification
                Progress::Deleted => waiters.stale.notify_one(),
            }
        }
    }
    Ok(())
}

/// Reads the progress of the sessions that have waiters from the database.
async fn poll(waiters: &Waiters, database: &Database, interval: Duration) {
    loop {
        if waiters.keys().is_empty() {
            waiters.first_waiter.notified().await;
        }
        let _ = timeout(interval, waiters.stale.notified()).await;
        let keys = waiters.keys();
        let numbers: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let build_query = || sqlx::query(database.statements.progress_of()).bind(&numbers);
        // waiters keep waiting while the database is unavailable
        if let Ok(rows) = database.rows(0, build_query).await {
            let next = |row: &sqlx::postgres::PgRow| {
                Some((SessionKey(row.try_get(0).ok()?), row.try_get::<i64, _>(1).ok()?))
            };
            let found: BTreeMap<SessionKey, i64> = rows.iter().filter_map(next).collect();
            for key in keys {
                waiters.notify(
                    key,
                    match found.get(&key) {
                        Some(next) => Progress::Next(next.cast_unsigned()),
                        None => Progress::Deleted,
                    },
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_round_trip_and_invalid_words_are_ignored() {
        let pending: BTreeMap<_, _> = (0..2000)
            .map(|key| {
                let progress =
                    if key % 7 == 0 { Progress::Deleted } else { Progress::Next(1 << 50) };
                (SessionKey(key), progress)
            })
            .collect();
        let payloads = encode(&pending);
        assert!(payloads.len() > 1 && payloads.iter().all(|payload| payload.len() < 8000));
        assert_eq!(
            payloads.iter().flat_map(|payload| decode(payload)).collect::<BTreeMap<_, _>>(),
            pending
        );
        assert_eq!(
            decode("hello 1:x x:1 3:4 :").collect::<Vec<_>>(),
            [(SessionKey(3), Progress::Next(4))]
        );
    }
}
