//! Sleep without a reactor: a thread wakes who is due, and ends when nobody waits any more.
//!
//! The queue is the process's, as the thread is; `std` and not `crate::sync` guards it, because
//! shuttle has neither statics nor time.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

static QUEUE: Mutex<Queue> =
    Mutex::new(Queue { wakers: BTreeMap::new(), numbers: 0, watched: false });

/// Someone joined the queue or left it.
static CHANGED: Condvar = Condvar::new();

struct Queue {
    wakers: BTreeMap<Place, Waker>,
    numbers: u64,
    /// Whether the thread is there.
    watched: bool,
}

/// When someone is due, and a number that tells apart who is due at the same time.
type Place = (Instant, u64);

/// A place in the queue, taken by the first poll and given up by the drop.
#[derive(Default)]
pub(super) struct Alarm(Option<Place>);

impl Alarm {
    /// Is ready at `due`, the same moment in every poll.
    pub(super) fn poll(&mut self, due: Instant, cx: &Context<'_>) -> Poll<()> {
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let (replaced, watched) = {
            let mut queue = queue();
            let place = *self.0.get_or_insert_with(|| queue.place(due));
            let replaced = queue.wakers.insert(place, waker);
            (replaced, queue.watch())
        };
        if replaced.is_none() {
            CHANGED.notify_one();
        }
        // without a thread whoever polls is asked to poll again
        if !watched {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // the waker is dropped without the lock: it may own another alarm
        let waker = self.0.and_then(|place| queue().wakers.remove(&place));
        if waker.is_some() {
            CHANGED.notify_one();
        }
    }
}

impl Queue {
    fn place(&mut self, due: Instant) -> Place {
        self.numbers += 1;
        (due, self.numbers)
    }

    /// Sees to the thread; tells whether it is there.
    fn watch(&mut self) -> bool {
        if !self.watched {
            let thread = thread::Builder::new().name("burdock-alarm".into());
            self.watched = thread.spawn(wake_who_is_due).is_ok();
        }
        self.watched
    }
}

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake_who_is_due() {
    let mut queue = queue();
    while let Some(first) = queue.wakers.first_entry() {
        let left = first.key().0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let waker = first.remove();
            drop(queue);
            // others wait behind a waker that panics
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
            queue = self::queue();
        } else {
            let waited = CHANGED.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
    queue.watched = false;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, sync::Arc, task::Wake, time::Duration};

    const HOUR: Duration = Duration::from_hours(1);

    fn ring_in(wait: Duration) {
        let (mut alarm, due) = (Alarm::default(), Instant::now() + wait);
        futures::executor::block_on(poll_fn(|cx| alarm.poll(due, cx)));
        assert!(Instant::now() >= due);
    }

    fn poll_once(alarm: &mut Alarm, wait: Duration, waker: &Waker) {
        assert!(alarm.poll(Instant::now() + wait, &Context::from_waker(waker)).is_pending());
    }

    #[test]
    fn who_is_due_earlier_is_woken_earlier_and_the_thread_ends_with_the_last() {
        let mut later = Alarm::default();
        poll_once(&mut later, HOUR, Waker::noop());
        ring_in(Duration::from_millis(2));
        ring_in(Duration::ZERO);
        drop(later);
        while queue().watched {
            thread::yield_now();
        }
    }

    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            std::panic::resume_unwind(Box::new("a waker"));
        }
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_waiting() {
        let mut first = Alarm::default();
        poll_once(&mut first, Duration::from_millis(1), &Waker::from(Arc::new(Panics)));
        ring_in(Duration::from_millis(2));
    }

    /// As an executor whose waker is the last that holds a task.
    struct Owns(#[expect(dead_code, reason = "dropped with its owner")] Alarm);

    impl Wake for Owns {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn a_waker_may_own_another_alarm() {
        let (mut outer, mut inner) = (Alarm::default(), Alarm::default());
        poll_once(&mut inner, HOUR, Waker::noop());
        poll_once(&mut outer, HOUR, &Waker::from(Arc::new(Owns(inner))));
        poll_once(&mut outer, HOUR, Waker::noop());
    }
}
