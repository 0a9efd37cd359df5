//! Who in this process waits for entries.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};

/// A session's number in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) i64);

/// How far a session is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Where its next entry goes.
    Next(u64),
    Deleted,
}

#[derive(Default)]
pub(crate) struct Hub {
    sessions: Mutex<BTreeMap<Key, watch::Sender<Reach>>>,
    /// Somebody waits, where nobody did.
    pub(crate) wanted: Notify,
    /// What is known may be out of date.
    pub(crate) doubted: Notify,
}

/// A place in the hub, given up by the drop.
pub(crate) struct Waiter {
    hub: Arc<Hub>,
    key: Key,
    reach: watch::Receiver<Reach>,
}

impl Hub {
    /// What is told from now on is not missed.
    pub(crate) fn wait(self: &Arc<Self>, key: Key) -> Waiter {
        let mut sessions = self.lock();
        if sessions.is_empty() {
            self.wanted.notify_one();
        }
        let sender = sessions.entry(key).or_insert_with(|| watch::Sender::new(Reach::Next(0)));
        let reach = sender.subscribe();
        drop(sessions);
        Waiter { hub: Arc::clone(self), key, reach }
    }

    pub(crate) fn tell(&self, key: Key, reach: Reach) {
        if let Some(sender) = self.lock().get(&key) {
            sender.send_if_modified(|known| {
                let news = match (*known, reach) {
                    (Reach::Next(known), Reach::Next(next)) => next > known,
                    (Reach::Next(_), Reach::Deleted) => true,
                    (Reach::Deleted, _) => false,
                };
                if news {
                    *known = reach;
                }
                news
            });
        }
    }

    /// The sessions that somebody waits for.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, watch::Sender<Reach>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Waits until the session has an entry at the offset, or is deleted.
    pub(crate) async fn reached(&mut self, offset: u64) -> Reach {
        let there = |reach: &Reach| match reach {
            Reach::Next(next) => *next > offset,
            Reach::Deleted => true,
        };
        // the sender stays for as long as this waiter
        self.reach.wait_for(there).await.map_or(Reach::Deleted, |reach| *reach)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut sessions = self.hub.lock();
        // this one still counts
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
    fn a_waiter_hears_what_is_told_after_it_came_and_leaves_nothing_behind() {
        let hub = Arc::new(Hub::default());
        hub.tell(Key(1), Reach::Next(9));
        let mut first = hub.wait(Key(1));
        let mut second = hub.wait(Key(1));
        assert_eq!(first.reached(0).now_or_never(), None);
        hub.tell(Key(1), Reach::Next(3));
        hub.tell(Key(1), Reach::Next(2));
        assert_eq!(first.reached(2).now_or_never(), Some(Reach::Next(3)));
        assert_eq!(second.reached(3).now_or_never(), None);
        drop(first);
        assert_eq!(hub.keys(), [Key(1)]);
        hub.tell(Key(1), Reach::Deleted);
        assert_eq!(second.reached(3).now_or_never(), Some(Reach::Deleted));
        drop(second);
        assert_eq!(hub.keys(), []);
    }
}
