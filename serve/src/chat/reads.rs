//! Reads of chats, shared by the requests that wait for them.
//!
//! Reading a chat takes memory in proportion to its length, even if only one page of it is sent. Therefore,
//! requests for the same chat share one copy, and only a few chats are read at a time.

use super::ChatGraph;
use crate::{
    error::SessionError,
    hub::Hub,
    message::{ChatMessage, ChatRole},
    problem::Problem,
};
use burdock::{
    Position,
    graph::Node,
    log::{Cursor, SessionId},
    run::{ReadError, SessionView},
};
use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Semaphore;

/// Largest number of chats that are read from the log at the same time.
const AT_ONCE: usize = 4;

/// Longest title, in characters.
const TITLE: usize = 100;

/// Largest number of cached titles.
const TITLES: usize = 10_000;

/// A chat as of its last commit.
pub(super) struct ChatView {
    /// The last entry that was read.
    pub(super) cursor: Cursor,
    /// The last entry that changed the session.
    pub(super) moved: Cursor,
    /// The entry before the last run.
    pub(super) before_run: Option<Cursor>,
    pub(super) position: Position<&'static str>,
    pub(super) messages: Vec<ChatMessage>,
    pub(super) note: Option<String>,
}

/// The reads in progress.
pub(super) struct Reads {
    slots: Mutex<BTreeMap<SessionId, Arc<Slot>>>,
    permits: Semaphore,
    titles: Mutex<BTreeMap<SessionId, Title>>,
}

/// The reads of one chat.
#[derive(Default)]
struct Slot {
    /// Number of reads started.
    started: AtomicU64,
    /// The last read with its number; the lock is held while it is in progress.
    last: tokio::sync::Mutex<Option<(u64, Arc<ChatView>)>>,
}

/// The title of a chat. It never changes.
struct Title {
    /// When the chat was created, in distinction from a deleted chat with the same id.
    created: u64,
    text: String,
}

impl Reads {
    pub(super) fn new() -> Self {
        Self { slots: Mutex::default(), permits: Semaphore::new(AT_ONCE), titles: Mutex::default() }
    }

    /// Reads a chat as of some time after this call.
    ///
    /// A request uses the read of another request if that read started after the request arrived: 100
    /// simultaneous requests for one chat read it twice.
    ///
    /// Cancel safe: if the request that reads is dropped, the next one that waits reads instead.
    pub(super) async fn latest<G: ChatGraph>(
        &self,
        hub: &Hub<G>,
        session: &SessionId,
    ) -> Result<Arc<ChatView>, SessionError> {
        let guard = self.enter(session);
        let slot = &*guard.slot;
        let arrived = slot.started.load(Ordering::SeqCst);
        let mut last = slot.last.lock().await;
        if let Some((number, view)) = &*last
            && *number > arrived
        {
            return Ok(Arc::clone(view));
        }
        // no request that still waits can use the previous read
        *last = None;
        let _permit = self.permits.acquire().await;
        let number = slot.started.fetch_add(1, Ordering::SeqCst) + 1;
        let view = read::<G>(hub, session).await;
        let view = Arc::new(view.map_err(|error| SessionError::of_read(session, error))?);
        *last = Some((number, Arc::clone(&view)));
        Ok(view)
    }

    /// Returns the first line of the first prompt, shortened; `None` if there is none yet, or if the chat cannot
    /// be read, which must not fail the whole list.
    pub(super) async fn title<G: ChatGraph>(
        &self,
        hub: &Hub<G>,
        session: &SessionId,
        created: u64,
    ) -> Option<String> {
        if let Some(title) = lock(&self.titles).get(session)
            && title.created == created
        {
            return Some(title.text.clone());
        }
        let view = match self.latest(hub, session).await {
            Ok(view) => view,
            Err(error) => {
                // the conversion writes the error to the trace output
                drop(Problem::from(error));
                return None;
            }
        };
        let first = view.messages.iter().find(|message| message.role == ChatRole::User)?;
        let line = first.text.lines().map(str::trim).find(|line| !line.is_empty())?;
        let text: String = line.chars().take(TITLE).collect();
        let mut titles = lock(&self.titles);
        if titles.len() >= TITLES {
            titles.clear();
        }
        titles.insert(session.clone(), Title { created, text: text.clone() });
        Some(text)
    }

    fn enter(&self, session: &SessionId) -> Guard<'_> {
        let slot = Arc::clone(lock(&self.slots).entry(session.clone()).or_default());
        Guard { reads: self, session: session.clone(), slot }
    }
}

/// A request for a chat. The last one that is dropped removes the slot, and with it the chat from memory.
struct Guard<'a> {
    reads: &'a Reads,
    session: SessionId,
    slot: Arc<Slot>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut slots = lock(&self.reads.slots);
        // under the lock, so that exactly one of several guards that are dropped at once is the last
        drop(mem::take(&mut self.slot));
        let is_last = slots.get(&self.session).is_some_and(|slot| Arc::strong_count(slot) == 1);
        let removed = if is_last { slots.remove(&self.session) } else { None };
        // freed without the lock: it takes time in proportion to the length of the chat
        drop(slots);
        drop(removed);
    }
}

async fn read<G: ChatGraph>(hub: &Hub<G>, session: &SessionId) -> Result<ChatView, ReadError> {
    let view = SessionView::<G>::latest(&hub.log, session).await?;
    Ok(ChatView {
        cursor: view.cursor,
        moved: view.moved,
        before_run: view.before_run,
        position: view.position.map(Node::name),
        messages: G::history(&view.state),
        note: G::note(&view.state),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use std::{sync::atomic::AtomicUsize, thread};

    /// Number of times that two requests end at the same time.
    const ROUNDS: usize = 5_000;

    /// Lets two threads continue within nanoseconds of each other, unlike `std::sync::Barrier`.
    fn meet(arrivals: &AtomicUsize) {
        let meeting = arrivals.fetch_add(1, Ordering::SeqCst) / 2;
        while arrivals.load(Ordering::SeqCst) < 2 * (meeting + 1) {
            thread::yield_now();
        }
    }

    #[test]
    fn last_of_two_guards_dropped_at_once_removes_the_slot() {
        let reads = Reads::new();
        let session = SessionId::new("a").unwrap();
        let arrivals = AtomicUsize::new(0);
        let enter_and_drop = || {
            for round in 0..ROUNDS {
                let guard = reads.enter(&session);
                meet(&arrivals);
                drop(guard);
                meet(&arrivals);
                // both threads see the same value, so that neither waits for one that has panicked
                let left = lock(&reads.slots).len();
                assert_eq!(left, 0, "round {round}");
                meet(&arrivals);
            }
        };
        thread::scope(|scope| {
            scope.spawn(enter_and_drop);
            scope.spawn(enter_and_drop);
        });
    }

    #[test]
    fn slot_is_kept_while_a_request_uses_it() {
        let reads = Reads::new();
        let session = SessionId::new("a").unwrap();
        let (first, second) = (reads.enter(&session), reads.enter(&session));
        drop(first);
        let third = reads.enter(&session);
        assert!(Arc::ptr_eq(&second.slot, &third.slot));
        drop(second);
        drop(third);
        assert!(lock(&reads.slots).is_empty());
    }
}
