//! The suite that every log passes, with handles that share nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use burdock::log::{Log, LogError};
use burdock_postgres::{ConnectError, Options};
use burdock_testkit::Subject;
use futures::future::BoxFuture;
use std::{error::Error as _, sync::Arc};
use tokio::runtime::{Builder, Runtime};

use support::Server;

/// One schema of the server; the logs live in a runtime that goes on beside the cases.
struct Postgres {
    options: Options,
    runtime: Runtime,
}

impl Default for Postgres {
    fn default() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { options: Server::shared().options().connections(4), runtime }
    }
}

impl Subject for Postgres {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let connecting = self.runtime.spawn(self.options.clone().connect());
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
}

burdock_testkit::conformance!(Postgres::default());
