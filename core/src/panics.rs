//! Containment of panics in the user's code.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// The message of a caught panic.
pub(crate) struct Panicked(pub(crate) String);

/// Runs the user's code, and catches its panics.
#[inline]
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| Panicked(message(panic)))
}

/// A future of the user's code, whose panics become errors.
pub(crate) struct Caught<'p, F>(pub(crate) Pin<&'p mut F>);

impl<T, E: From<Panicked>, F: Future<Output = Result<T, E>>> Future for Caught<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.0.as_mut();
        caught(|| future.poll(cx)).unwrap_or_else(|panicked| Poll::Ready(Err(panicked.into())))
    }
}

/// Drops a value of the user's types. A panic of its destructor is caught and reported to `tracing`.
#[inline]
pub(crate) fn discard<T>(what: &'static str, value: T) {
    if mem::needs_drop::<T>() {
        contained(what, || drop(value));
    }
}

/// Runs destructors of the user's types, as [`discard`] does.
pub(crate) fn contained(what: &'static str, drop: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(drop)) {
        tracing::error!(what, panic = message(panic), "a destructor panicked");
    }
}

/// Returns the message of a panic.
pub(crate) fn message(panic: Box<dyn Any + Send>) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into());
    // the destructor of the payload may panic as well
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        mem::forget(again);
    }
    message
}
