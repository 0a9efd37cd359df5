//! Timers outside of tokio: one thread fires them, and ends when no timer is left.
//!
//! The queue and the thread are shared by the process. The lock is that of `std`, not of `crate::sync`, because
//! shuttle supports neither statics nor time.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

static QUEUE: Mutex<Queue> =
    Mutex::new(Queue { wakers: BTreeMap::new(), numbers: 0, has_thread: false });

/// Notified when an alarm is added or removed.
static CHANGED: Condvar = Condvar::new();

struct Queue {
    wakers: BTreeMap<Key, Waker>,
    numbers: u64,
    has_thread: bool,
}

/// The time at which an alarm is due, and a number that distinguishes alarms that are due at the same time.
type Key = (Instant, u64);

/// A timer. The first poll adds it to the queue, and dropping it removes it.
#[derive(Default)]
pub(super) struct Alarm(Option<Key>);

impl Alarm {
    /// Completes at `due`, which has to be the same in every poll.
    pub(super) fn poll(&mut self, due: Instant, cx: &Context<'_>) -> Poll<()> {
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let (replaced, has_thread) = {
            let mut queue = queue();
            let key = *self.0.get_or_insert_with(|| queue.key(due));
            let replaced = queue.wakers.insert(key, waker);
            (replaced, queue.ensure_thread())
        };
        if replaced.is_none() {
            CHANGED.notify_one();
        }
        // without a thread, the task polls until the time is reached
        if !has_thread {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // the waker is dropped after the lock is released: it may own another alarm
        let waker = self.0.and_then(|key| queue().wakers.remove(&key));
        if waker.is_some() {
            CHANGED.notify_one();
        }
    }
}

impl Queue {
    fn key(&mut self, due: Instant) -> Key {
        self.numbers += 1;
        (due, self.numbers)
    }

    /// Starts the thread if there is none. Returns `false` if the system does not provide one.
    fn ensure_thread(&mut self) -> bool {
        if !self.has_thread {
            let thread = thread::Builder::new().name("burdock-alarm".into());
            self.has_thread = thread.spawn(fire_alarms).is_ok();
        }
        self.has_thread
    }
}

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fire_alarms() {
    let mut queue = queue();
    while let Some(first) = queue.wakers.first_entry() {
        let left = first.key().0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let waker = first.remove();
            drop(queue);
            // a waker that panics must not stop the other alarms
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
            queue = self::queue();
        } else {
            let waited = CHANGED.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
    queue.has_thread = false;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, sync::Arc, task::Wake, time::Duration};

    const HOUR: Duration = Duration::from_hours(1);

    fn fire_after(wait: Duration) {
        let (mut alarm, due) = (Alarm::default(), Instant::now() + wait);
        futures::executor::block_on(poll_fn(|cx| alarm.poll(due, cx)));
        assert!(Instant::now() >= due);
    }

    fn poll_once(alarm: &mut Alarm, wait: Duration, waker: &Waker) {
        assert!(alarm.poll(Instant::now() + wait, &Context::from_waker(waker)).is_pending());
    }

    #[test]
    fn alarms_fire_in_order_of_time_and_the_thread_ends_with_the_last() {
        let mut later = Alarm::default();
        poll_once(&mut later, HOUR, Waker::noop());
        fire_after(Duration::from_millis(2));
        fire_after(Duration::ZERO);
        drop(later);
        while queue().has_thread {
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
    fn waker_that_panics_does_not_stop_other_alarms() {
        let mut first = Alarm::default();
        poll_once(&mut first, Duration::from_millis(1), &Waker::from(Arc::new(Panics)));
        fire_after(Duration::from_millis(2));
    }

    /// A waker that owns an alarm, as the waker of an executor may own a task.
    struct Owns(#[expect(dead_code, reason = "dropped with its owner")] Alarm);

    impl Wake for Owns {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn waker_may_own_another_alarm() {
        let (mut outer, mut inner) = (Alarm::default(), Alarm::default());
        poll_once(&mut inner, HOUR, Waker::noop());
        poll_once(&mut outer, HOUR, &Waker::from(Arc::new(Owns(inner))));
        poll_once(&mut outer, HOUR, Waker::noop());
    }
}
