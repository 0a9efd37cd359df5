//! Locks and threads of a log.

use std::{
    cell::Cell,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

/// Locks a mutex, ignoring poisoning: every critical section leaves the data consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static LOG_THREAD: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(|| {
        LOG_THREAD.set(true);
        work();
    })
}

/// Returns whether the current thread belongs to a log. A waker may drop the last handle there, and a
/// thread cannot join itself.
pub(crate) fn is_log_thread() -> bool {
    LOG_THREAD.get()
}
