//! Readers in this process that wait for a session to grow.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};

/// The key of a session in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionKey(pub(crate) i64);

/// The known progress of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The offset of its next entry.
    Next(u64),
    Deleted,
}

/// The waiters of all sessions.
#[derive(Default)]
pub(crate) struct Waiters {
    sessions: Mutex<BTreeMap<SessionKey, watch::Sender<Progress>>>,
    /// Notified when the first waiter subscribes.
    pub(crate) first_waiter: Notify,
    /// Notified when the known progress may be out of date.
    pub(crate) stale: Notify,
}

/// A subscription to the progress of a session, removed on drop.
pub(crate) struct Waiter {
    waiters: Arc<Waiters>,
    key: SessionKey,
    progress: watch::Receiver<Progress>,
}

impl Waiters {
    /// Subscribes to the progress of a session. Notifications from now on are received.
    pub(crate) fn subscribe(self: &Arc<Self>, key: SessionKey) -> Waiter {
        let mut sessions = self.lock();
        if sessions.is_empty() {
            self.first_waiter.notify_one();
        }
        let sender = sessions.entry(key).or_insert_with(|| watch::Sender::new(Progress::Next(0)));
        let progress = sender.subscribe();
        drop(sessions);
        Waiter { waiters: Arc::clone(self), key, progress }
    }

    pub(crate) fn notify(&self, key: SessionKey, progress: Progress) {
        if let Some(sender) = self.lock().get(&key) {
            sender.send_if_modified(|known| {
                let newer = match (*known, progress) {
                    (Progress::Next(known), Progress::Next(next)) => next > known,
                    (Progress::Next(_), Progress::Deleted) => true,
                    (Progress::Deleted, _) => false,
                };
                if newer {
                    *known = progress;
                }
                newer
            });
        }
    }

    /// Returns the sessions that have waiters.
    pub(crate) fn keys(&self) -> Vec<SessionKey> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionKey, watch::Sender<Progress>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Waits until the session has an entry at the offset, or is deleted.
    pub(crate) async fn reached(&mut self, offset: u64) -> Progress {
        let reached = |progress: &Progress| match progress {
            Progress::Next(next) => *next > offset,
            Progress::Deleted => true,
        };
        // the sender lives at least as long as this waiter
        self.progress.wait_for(reached).await.map_or(Progress::Deleted, |progress| *progress)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut sessions = self.waiters.lock();
        // the count includes this waiter
        if sessions.get(&self.key).is_some_and(|sender| sender.receiver_count() <= 1) {
            sessions.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn waiter_receives_notifications_after_its_subscription_and_is_removed_on_drop() {
        let waiters = Arc::new(Waiters::default());
        waiters.notify(SessionKey(1), Progress::Next(9));
        let mut first = waiters.subscribe(SessionKey(1));
        let mut second = waiters.subscribe(SessionKey(1));
        assert_eq!(first.reached(0).now_or_never(), None);
        waiters.notify(SessionKey(1), Progress::Next(3));
        waiters.notify(SessionKey(1), Progress::Next(2));
        assert_eq!(first.reached(2).now_or_never(), Some(Progress::Next(3)));
        assert_eq!(second.reached(3).now_or_never(), None);
        drop(first);
        assert_eq!(waiters.keys(), [SessionKey(1)]);
        waiters.notify(SessionKey(1), Progress::Deleted);
        assert_eq!(second.reached(3).now_or_never(), Some(Progress::Deleted));
        drop(second);
        assert_eq!(waiters.keys(), []);
    }
}
