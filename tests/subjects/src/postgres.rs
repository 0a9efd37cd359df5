//! `PostgresLog` as a subject.

use crate::server::Server;
use burdock::log::{Log, LogError};
use burdock_postgres::{ConnectError, Options};
use burdock_testkit::Subject;
use futures::future::BoxFuture;
use std::{
    error::Error as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};

/// One schema of a server. The logs use a runtime that runs independently of the cases.
pub struct Postgres {
    options: Options,
    runtime: Mutex<Runtime>,
    /// The server, if no other subject uses it, so that it may crash.
    server: Option<Server>,
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl Postgres {
    pub fn shared() -> Self {
        let options = Server::shared().options().max_connections(4);
        Self { options, runtime: Mutex::new(runtime()), server: None }
    }

    pub fn alone() -> Self {
        let server = Server::start();
        Self { options: server.options(), runtime: Mutex::new(runtime()), server: Some(server) }
    }
}

impl Subject for Postgres {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let connecting = self.runtime.lock().unwrap().spawn(self.options.clone().connect());
        Box::pin(async {
            match connecting.await.unwrap() {
                Ok(log) => Ok(Arc::new(log) as Arc<dyn Log>),
                Err(ConnectError::Log(error)) => Err(error),
                Err(error) => panic!("{error}: {:?}", error.source()),
            }
        })
    }

    fn reopen(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        Some(self.log())
    }

    /// Crashes the server, and drops the runtime, whose logs would otherwise reconnect.
    fn crash(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        let server = self.server.as_ref()?;
        server.crash();
        std::mem::replace(&mut *self.runtime.lock().unwrap(), runtime()).shutdown_background();
        server.restart();
        Some(self.log())
    }

    fn case_timeout(&self) -> Duration {
        Duration::from_mins(3)
    }
}
