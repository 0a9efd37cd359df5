//! Polling a future until it waits for something outside of it.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Like `now_or_never` of `futures`, but for futures that yield to the executor now and then, as runs do.
pub trait UntilStalled: Future + Sized {
    /// Polls until the future is ready, or until it waits for a wake that it did not cause itself.
    fn until_stalled(self) -> Option<Self::Output> {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut future = pin!(self);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            if !woken.0.swap(false, Ordering::Relaxed) {
                return None;
            }
        }
    }
}

impl<F: Future> UntilStalled for F {}
