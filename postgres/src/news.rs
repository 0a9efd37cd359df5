//! What one process tells the others: which sessions have come how far.
//!
//! A notification inside of the append would hold a lock of the whole server over the flush, so it is
//! sent afterwards, for many sessions at once, by a connection of its own. When it is lost, whoever
//! waits is late by one interval of polling.

use crate::{
    Options,
    database::Database,
    hub::{Hub, Key, Reach},
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

/// No more often than this does a process notify the others.
const EVERY: Duration = Duration::from_millis(5);

/// How large a notification may be; the server takes 8000 bytes.
const LARGEST: usize = 7800;

/// How long a notification may take to be sent.
const PATIENCE: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(250);

/// What is to be told.
#[derive(Default)]
pub(crate) struct News {
    /// The newest counts; `Deleted` stays.
    told: Mutex<BTreeMap<Key, Reach>>,
    there: Notify,
}

impl News {
    pub(crate) fn tell(&self, key: Key, reach: Reach) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(key, reach);
        self.there.notify_one();
    }

    fn take(&self) -> BTreeMap<Key, Reach> {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends when the sender is gone, after it has told what was left.
pub(crate) type Stop = watch::Receiver<()>;

async fn stopped(stop: &mut Stop) {
    while stop.changed().await.is_ok() {}
}

/// Sends what is to be told to other processes.
pub(crate) async fn send(
    news: Arc<News>,
    database: Arc<Database>,
    driver: PgConnectOptions,
    channel: String,
    mut stop: Stop,
) {
    let mut connection = None;
    loop {
        let more = select! {
            () = news.there.notified() => true,
            () = stopped(&mut stop) => false,
        };
        let told = news.take();
        if !told.is_empty() {
            let sending = notify(&mut connection, &driver, &database, &channel, &told);
            match timeout(PATIENCE, sending).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a notification was not sent");
                    connection = None;
                }
                Err(_) => connection = None,
            }
        }
        if !more {
            return;
        }
        let _ = timeout(EVERY, stopped(&mut stop)).await;
    }
}

async fn notify(
    connection: &mut Option<PgConnection>,
    driver: &PgConnectOptions,
    database: &Database,
    channel: &str,
    told: &BTreeMap<Key, Reach>,
) -> Result<(), sqlx::Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(driver.connect().await?),
    };
    let statement = sqlx::query(database.statements.notify());
    statement.bind(channel).bind(write(told)).execute(connection).await?;
    Ok(())
}

/// `key:next` for each session, `key:` for one that was deleted.
fn write(told: &BTreeMap<Key, Reach>) -> Vec<String> {
    let mut payloads = vec![String::new()];
    for (Key(key), reach) in told {
        let mut word = match reach {
            Reach::Next(next) => format!("{key}:{next}"),
            Reach::Deleted => format!("{key}:"),
        };
        match payloads.last_mut() {
            Some(last) if last.len() + word.len() < LARGEST => {
                // a text takes everything
                let _ = write!(last, "{}{word}", if last.is_empty() { "" } else { " " });
            }
            _ => payloads.push(std::mem::take(&mut word)),
        }
    }
    payloads
}

/// What does not look like news, which anybody on the server may send, is passed over.
fn read(payload: &str) -> impl Iterator<Item = (Key, Reach)> + '_ {
    payload.split(' ').filter_map(|word| {
        let (key, next) = word.split_once(':')?;
        let reach = match next {
            "" => Reach::Deleted,
            next => Reach::Next(next.parse().ok()?),
        };
        Some((Key(key.parse().ok()?), reach))
    })
}

/// Hears what other processes tell, and looks by itself in between, while somebody waits.
pub(crate) async fn hear(
    hub: Arc<Hub>,
    database: Arc<Database>,
    driver: PgConnectOptions,
    options: Options,
    mut stop: Stop,
) {
    select! {
        () = hub.wanted.notified() => {}
        () = stopped(&mut stop) => return,
    }
    // the driver's listener wants a pool; this one has a single connection
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(driver);
    select! {
        () = listen(&hub, &pool, &options.schema) => {}
        () = look(&hub, &database, options.poll) => {}
        () = stopped(&mut stop) => {}
    }
    // an attempt to connect may be in progress
    let _ = timeout(PAUSE, pool.close()).await;
}

async fn listen(hub: &Hub, pool: &PgPool, channel: &str) {
    loop {
        if let Err(error) = listen_once(hub, pool, channel).await {
            tracing::debug!(%error, "notifications are not heard");
        }
        sleep(PAUSE).await;
    }
}

async fn listen_once(hub: &Hub, pool: &PgPool, channel: &str) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    // what was told before this moment
    hub.doubted.notify_one();
    while let Some(notification) = listener.try_recv().await? {
        for (key, reach) in read(notification.payload()) {
            match reach {
                Reach::Next(_) => hub.tell(key, reach),
                // an end is final, and anybody on the server may say so
                Reach::Deleted => hub.doubted.notify_one(),
            }
        }
    }
    Ok(())
}

/// Asks the database how far the sessions are that somebody waits for.
async fn look(hub: &Hub, database: &Database, interval: Duration) {
    loop {
        if hub.keys().is_empty() {
            hub.wanted.notified().await;
        }
        let _ = timeout(interval, hub.doubted.notified()).await;
        let keys = hub.keys();
        let numbers: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let asking = || sqlx::query(database.statements.places()).bind(&numbers);
        // who waits goes on waiting when the database is away
        if let Ok(rows) = database.rows(0, asking).await {
            let place = |row: &sqlx::postgres::PgRow| {
                Some((Key(row.try_get(0).ok()?), row.try_get::<i64, _>(1).ok()?))
            };
            let places: BTreeMap<Key, i64> = rows.iter().filter_map(place).collect();
            for key in keys {
                hub.tell(
                    key,
                    match places.get(&key) {
                        Some(next) => Reach::Next(next.cast_unsigned()),
                        None => Reach::Deleted,
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
    fn what_is_written_is_read_back_and_other_words_are_passed_over() {
        let told: BTreeMap<_, _> = (0..2000)
            .map(|key| (Key(key), if key % 7 == 0 { Reach::Deleted } else { Reach::Next(1 << 50) }))
            .collect();
        let payloads = write(&told);
        assert!(payloads.len() > 1 && payloads.iter().all(|payload| payload.len() < 8000));
        assert_eq!(
            payloads.iter().flat_map(|payload| read(payload)).collect::<BTreeMap<_, _>>(),
            told
        );
        assert_eq!(read("hello 1:x x:1 3:4 :").collect::<Vec<_>>(), [(Key(3), Reach::Next(4))]);
    }
}
