//! Connections that are kept for the next one who needs them.
//!
//! A pool of our own and not the driver's, because that one sends a ping with every use, cannot drop
//! the connections that a restart of the server left dead, and hides why no connection came about.

use crate::error::{Fault, NoAnswer};
use burdock::log::LogError;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// A connection that was idle for longer may have been forgotten by something on the way.
const FRESH: Duration = Duration::from_mins(1);

pub(crate) struct Pool {
    driver: PgConnectOptions,
    size: u32,
    permits: Semaphore,
    idle: Mutex<Idle>,
}

struct Idle {
    connections: Vec<(PgConnection, Instant)>,
    /// Counts up when a connection dies: those of before are dead too, probably.
    generation: u64,
}

/// A connection that is in use. It is closed unless it is given back.
pub(crate) struct Lease<'p> {
    pub(crate) connection: PgConnection,
    generation: u64,
    pool: &'p Pool,
    _permit: SemaphorePermit<'p>,
}

impl Pool {
    pub(crate) fn new(driver: PgConnectOptions, size: u32, first: PgConnection) -> Self {
        let permits = Semaphore::new(size as usize);
        let idle = Idle { connections: vec![(first, Instant::now())], generation: 0 };
        Self { driver, size, permits, idle: Mutex::new(idle) }
    }

    pub(crate) async fn lease(&self, limit: Duration) -> Result<Lease<'_>, Fault> {
        let deadline = Instant::now() + limit;
        let permit = match timeout_at(deadline, self.permits.acquire()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Fault::Lasting(LogError::Closed)),
            Err(_) => return Err(NoAnswer::Busy(limit).into()),
        };
        let (idle, generation) = {
            let mut idle = self.idle();
            (idle.pop(), idle.generation)
        };
        let connection = match idle {
            Some(connection) => connection,
            None => match timeout_at(deadline, self.driver.connect()).await {
                Ok(connected) => connected.map_err(Fault::of)?,
                Err(_) => return Err(NoAnswer::Silent(limit).into()),
            },
        };
        Ok(Lease { connection, generation, pool: self, _permit: permit })
    }

    /// Waits for those who use connections, and closes.
    pub(crate) async fn close(&self) {
        let everything = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(everything);
        let connections = std::mem::take(&mut self.idle().connections);
        for (connection, _) in connections {
            // a goodbye is a courtesy
            let _ = connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    /// The one that was used last.
    fn pop(&mut self) -> Option<PgConnection> {
        let oldest = Instant::now().checked_sub(FRESH);
        self.connections.retain(|(_, since)| Some(*since) > oldest);
        self.connections.pop().map(|(connection, _)| connection)
    }
}

impl Lease<'_> {
    pub(crate) fn give_back(self) {
        let mut idle = self.pool.idle();
        if idle.generation == self.generation {
            idle.connections.push((self.connection, Instant::now()));
        }
    }

    /// The connection died: those that were made before are not used any more.
    pub(crate) fn give_up(self) {
        let dead = {
            let mut idle = self.pool.idle();
            if idle.generation != self.generation {
                return;
            }
            idle.generation += 1;
            std::mem::take(&mut idle.connections)
        };
        drop(dead);
    }
}
