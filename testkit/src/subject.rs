//! The subject of a test.

use burdock::log::{Log, LogError};
use futures::{executor, future::BoxFuture};
use std::{sync::Arc, time::Duration};

/// A store to be tested, which creates handles of its log.
///
/// One subject is one store. It may contain sessions of earlier cases and of other programs: every case
/// uses new session ids.
pub trait Subject: Send + Sync + 'static {
    /// Returns a handle on the store, the same or a new one on each call.
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>>;

    /// Returns a handle on the same store that shares nothing with those of [`log`](Self::log), as in
    /// another process. Returns `None` if the store does not outlive its handle.
    fn reopen(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        None
    }

    /// Simulates a crash, without flushing or closing anything, and returns a handle on the remaining
    /// store. Returns `None` if that is not possible.
    ///
    /// May be called several times, and during appends. Earlier handles are not used afterwards, so a
    /// copy of the files can stand for the end of the process. The crash may affect other tests that
    /// share the store.
    fn crash(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        None
    }

    /// Runs a future to completion on the calling thread. Called from several threads concurrently.
    fn block_on(&self, future: BoxFuture<'_, ()>) {
        executor::block_on(future);
    }

    /// Returns the time after which a running case fails. Defaults to 1 minute.
    ///
    /// The longest case opens 10 000 sessions and appends an entry to each.
    fn case_timeout(&self) -> Duration {
        Duration::from_mins(1)
    }
}

impl<S: Subject + ?Sized> Subject for Arc<S> {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        (**self).log()
    }

    fn reopen(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        (**self).reopen()
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        (**self).crash()
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        (**self).block_on(future);
    }

    fn case_timeout(&self) -> Duration {
        (**self).case_timeout()
    }
}
