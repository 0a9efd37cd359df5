//! Readers that wait for a session to grow.

use crate::{place::SessionNumber, reply::ReplySender, sync::lock};
use burdock::log::{LogError, Offset, SessionId};
use std::{collections::BTreeMap, mem, sync::Mutex};

/// The waiters of all sessions.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<State>);

#[derive(Default)]
struct State {
    /// The ticket of the last waiter.
    count: u64,
    sessions: BTreeMap<SessionId, Vec<Waiter>>,
    closed: bool,
}

struct Waiter {
    ticket: Ticket,
    /// The session that has the id, once it is known; a later session of the same id has another
    /// number.
    number: Option<SessionNumber>,
    offset: Offset,
    sender: ReplySender<()>,
}

/// Identifies a waiter; later waiters have larger tickets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// Includes all waiters.
    pub(crate) const LAST: Self = Self(u64::MAX);
}

/// The state of the session that has an id.
#[derive(Clone, Copy)]
pub(crate) enum SessionState {
    /// Its number and the offset of its next entry.
    At(SessionNumber, Offset),
    /// There is no such session.
    Missing,
    /// It could not be read; waiters have to read the log to learn why.
    Unknown,
}

/// The wake-up of a waiter. It has to be sent without holding a lock, because wakers run foreign code.
#[must_use = "a reader waits for it"]
pub(crate) struct Wakeup {
    sender: ReplySender<()>,
    /// The session, if it no longer exists.
    missing: Option<SessionId>,
}

impl Wakeup {
    pub(crate) fn send(self) {
        let missing = self.missing.map(|session| LogError::NoSession { session });
        self.sender.send(missing.map_or(Ok(()), Err));
    }
}

impl Waiters {
    pub(crate) fn add(
        &self,
        session: &SessionId,
        offset: Offset,
        sender: ReplySender<()>,
    ) -> Ticket {
        let mut state = lock(&self.0);
        state.count += 1;
        let ticket = Ticket(state.count);
        if state.closed {
            drop(state);
            drop(sender);
            return ticket;
        }
        let waiter = Waiter { ticket, number: None, offset, sender };
        match state.sessions.get_mut(session) {
            Some(list) => list.push(waiter),
            None => drop(state.sessions.insert(session.clone(), vec![waiter])),
        }
        ticket
    }

    pub(crate) fn remove(&self, session: &SessionId, ticket: Ticket) {
        let removed = self.extract(session, |waiter| waiter.ticket == ticket);
        // dropped without the lock, because it wakes
        drop(removed);
    }

    /// Wakes a waiter whose session no longer exists.
    pub(crate) fn reject(&self, session: &SessionId, ticket: Ticket) {
        for Waiter { sender, .. } in self.extract(session, |waiter| waiter.ticket == ticket) {
            sender.send(Err(LogError::NoSession { session: session.clone() }));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).sessions.is_empty()
    }

    /// Returns the sessions that have waiters, each with the last ticket.
    pub(crate) fn sessions(&self) -> Vec<(SessionId, Ticket)> {
        let state = lock(&self.0);
        let last = |list: &Vec<Waiter>| list.last().map(|waiter| waiter.ticket);
        let sessions = state.sessions.iter();
        sessions.filter_map(|(id, list)| Some((id.clone(), last(list)?))).collect()
    }

    /// Removes and returns the waiters up to a ticket that a state concerns. Later waiters may have
    /// seen a newer state.
    pub(crate) fn take(
        &self,
        session: &SessionId,
        up_to: Ticket,
        state: SessionState,
    ) -> Vec<Wakeup> {
        let waiters = self.extract(session, |waiter| {
            waiter.ticket <= up_to
                && match state {
                    SessionState::At(number, next) => {
                        *waiter.number.get_or_insert(number) != number || waiter.offset < next
                    }
                    SessionState::Missing | SessionState::Unknown => true,
                }
        });
        let wakeups = waiters.into_iter().map(|Waiter { number: waited, sender, .. }| {
            let missing = match state {
                SessionState::At(number, _) => waited != Some(number),
                SessionState::Missing => true,
                SessionState::Unknown => false,
            };
            Wakeup { sender, missing: missing.then(|| session.clone()) }
        });
        wakeups.collect()
    }

    /// Wakes all waiters with [`LogError::Closed`].
    pub(crate) fn close(&self) {
        let sessions = {
            let mut state = lock(&self.0);
            state.closed = true;
            mem::take(&mut state.sessions)
        };
        drop(sessions);
    }

    fn extract(&self, session: &SessionId, which: impl FnMut(&mut Waiter) -> bool) -> Vec<Waiter> {
        let mut state = lock(&self.0);
        let Some(list) = state.sessions.get_mut(session) else { return Vec::new() };
        let extracted = list.extract_if(.., which).collect();
        if list.is_empty() {
            state.sessions.remove(session);
        }
        extracted
    }
}
