//! A connection pool.
//!
//! It replaces the pool of the driver, which pings connections before each use, cannot discard the
//! connections that a restart of the server has broken, and hides why a connection attempt failed.

use crate::error::{AttemptError, Timeout};
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

/// Maximum idle time of a connection. Network devices may have dropped older ones.
pub(crate) const MAX_IDLE: Duration = Duration::from_mins(1);

pub(crate) struct Pool {
    driver: PgConnectOptions,
    size: u32,
    permits: Semaphore,
    idle: Mutex<Idle>,
}

struct Idle {
    connections: Vec<(PgConnection, Instant)>,
    /// Incremented when a connection breaks; connections of earlier generations are probably broken,
    /// too.
    generation: u64,
}

/// A connection in use. It is closed on drop; [`release`](Self::release) returns it to the pool.
pub(crate) struct PooledConnection<'p> {
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

    pub(crate) async fn acquire(
        &self,
        limit: Duration,
    ) -> Result<PooledConnection<'_>, AttemptError> {
        let deadline = Instant::now() + limit;
        let permit = match timeout_at(deadline, self.permits.acquire()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(AttemptError::Permanent(LogError::Closed)),
            Err(_) => return Err(Timeout::Connection(limit).into()),
        };
        let (idle, generation) = {
            let mut idle = self.idle();
            (idle.pop(), idle.generation)
        };
        let connection = match idle {
            Some(connection) => connection,
            None => match timeout_at(deadline, self.driver.connect()).await {
                Ok(connected) => connected.map_err(AttemptError::from_driver)?,
                Err(_) => return Err(Timeout::Response(limit).into()),
            },
        };
        Ok(PooledConnection { connection, generation, pool: self, _permit: permit })
    }

    /// Waits until no connection is in use, then closes the pool.
    pub(crate) async fn close(&self) {
        let everything = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(everything);
        let connections = std::mem::take(&mut self.idle().connections);
        for (connection, _) in connections {
            // the server notices a closed socket, too
            let _ = connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    /// Takes the most recently used connection.
    fn pop(&mut self) -> Option<PgConnection> {
        let oldest = Instant::now().checked_sub(MAX_IDLE);
        self.connections.retain(|(_, since)| Some(*since) > oldest);
        self.connections.pop().map(|(connection, _)| connection)
    }
}

impl PooledConnection<'_> {
    /// Returns the connection to the pool.
    pub(crate) fn release(self) {
        let mut idle = self.pool.idle();
        if idle.generation == self.generation {
            idle.connections.push((self.connection, Instant::now()));
        }
    }

    /// Closes a broken connection, and all idle connections of its generation.
    pub(crate) fn discard(self) {
        let broken = {
            let mut idle = self.pool.idle();
            if idle.generation != self.generation {
                return;
            }
            idle.generation += 1;
            std::mem::take(&mut idle.connections)
        };
        drop(broken);
    }
}
