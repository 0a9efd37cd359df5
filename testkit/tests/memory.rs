//! The log in memory passes the suite.

use burdock::log::{Log, LogError, MemoryLog};
use burdock_testkit::Subject;
use futures::future::BoxFuture;
use std::sync::Arc;

#[derive(Default)]
struct Memory(MemoryLog);

impl Subject for Memory {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let log: Arc<dyn Log> = Arc::new(self.0.clone());
        Box::pin(async { Ok(log) })
    }
}

burdock_testkit::conformance!(Memory::default());
