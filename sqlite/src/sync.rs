//! Locks, and the threads that a log owns.

use std::{
    cell::Cell,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

/// A lock whose data stays usable after a panic elsewhere: each critical section leaves it whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(|| {
        OWN.set(true);
        work();
    })
}

/// Whether this is the thread of a log: a waker may drop the last handle there, and a thread
/// cannot wait for itself.
pub(crate) fn is_own_thread() -> bool {
    OWN.get()
}
