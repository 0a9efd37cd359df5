//! `MemoryLog` as a subject.

use burdock::log::{Log, LogError, MemoryLog};
use burdock_testkit::Subject;
use futures::future::BoxFuture;
use std::sync::Arc;

/// A log in memory. Its store does not outlive it, so it can neither be reopened nor crash.
#[derive(Debug, Default)]
pub struct Memory(MemoryLog);

impl Subject for Memory {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let log: Arc<dyn Log> = Arc::new(self.0.clone());
        Box::pin(async { Ok(log) })
    }
}
