//! What is tested.

use burdock::log::{Log, LogError};
use futures::{executor, future::BoxFuture};
use std::{sync::Arc, time::Duration};

/// A store whose log is tested, and how to get at it.
///
/// One subject stands for one store. It may be empty or hold sessions of earlier cases and other
/// programs: every case uses session ids that nobody used before.
pub trait Subject: Send + Sync + 'static {
    /// A handle on the store; the same or a new one at each call.
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>>;

    /// A further handle on the same store that shares nothing with those of [`log`](Self::log), as
    /// another process would have it; `None` when the store dies with its handle.
    fn reopen(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        None
    }

    /// Cuts the store off as a crash would, nothing flushed and nothing closed, and returns a handle
    /// on what is left of it; `None` when this cannot be done.
    ///
    /// It may be called several times, and in the middle of appends. Handles from before are not
    /// used after it, so a copy of the files at this moment is as good as the end of a process.
    /// Tests that share the store with others must bear that it is cut off from them, too.
    fn crash(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        None
    }

    /// Runs a future to its end on the calling thread; called from several threads at once.
    fn block_on(&self, future: BoxFuture<'_, ()>) {
        executor::block_on(future);
    }

    /// How long a case may take before it counts as hanging. The longest one opens 10 000 sessions
    /// and appends an entry to each.
    fn patience(&self) -> Duration {
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

    fn patience(&self) -> Duration {
        (**self).patience()
    }
}
