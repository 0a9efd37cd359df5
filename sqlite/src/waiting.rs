//! Who waits for a session to grow.

use crate::{answer::Asked, place::Number, sync::lock};
use burdock::log::{LogError, Offset, SessionId};
use std::{collections::BTreeMap, mem, sync::Mutex};

/// The waiters of all sessions.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<Waiters>);

#[derive(Default)]
struct Waiters {
    /// How many there were.
    count: u64,
    sessions: BTreeMap<SessionId, Vec<Waiter>>,
    closed: bool,
}

struct Waiter {
    ticket: Ticket,
    /// The session that has the id, once it is known: not one that is made later.
    number: Option<Number>,
    offset: Offset,
    asked: Asked<()>,
}

/// Which waiter: later ones have larger tickets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// All that are there.
    pub(crate) const LAST: Self = Self(u64::MAX);
}

/// What became of a session.
#[derive(Clone, Copy)]
pub(crate) enum News {
    /// Which one has its id, and where its next entry goes.
    At(Number, Offset),
    /// It does not exist.
    Gone,
    /// Nobody knows; whoever waits has to look.
    Unknown,
}

/// Somebody who has yet to be woken, outside of every lock.
#[must_use = "somebody waits for it"]
pub(crate) struct Told {
    asked: Asked<()>,
    /// The session, if it does not exist any more.
    gone: Option<SessionId>,
}

impl Told {
    pub(crate) fn settle(self) {
        let gone = self.gone.map(|session| LogError::NoSession { session });
        self.asked.settle(gone.map_or(Ok(()), Err));
    }
}

impl Waiting {
    pub(crate) fn add(&self, session: &SessionId, offset: Offset, asked: Asked<()>) -> Ticket {
        let mut waiters = lock(&self.0);
        waiters.count += 1;
        let ticket = Ticket(waiters.count);
        if waiters.closed {
            drop(waiters);
            drop(asked);
            return ticket;
        }
        let waiter = Waiter { ticket, number: None, offset, asked };
        match waiters.sessions.get_mut(session) {
            Some(list) => list.push(waiter),
            None => drop(waiters.sessions.insert(session.clone(), vec![waiter])),
        }
        ticket
    }

    pub(crate) fn remove(&self, session: &SessionId, ticket: Ticket) {
        let removed = self.extract(session, |waiter| waiter.ticket == ticket);
        // outside of the lock, because it wakes
        drop(removed);
    }

    /// Ends the wait of one that waits for a session that does not exist any more.
    pub(crate) fn refuse(&self, session: &SessionId, ticket: Ticket) {
        for Waiter { asked, .. } in self.extract(session, |waiter| waiter.ticket == ticket) {
            asked.settle(Err(LogError::NoSession { session: session.clone() }));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).sessions.is_empty()
    }

    /// The sessions that somebody waits for, each with the last of its tickets.
    pub(crate) fn sessions(&self) -> Vec<(SessionId, Ticket)> {
        let waiters = lock(&self.0);
        let last = |list: &Vec<Waiter>| list.last().map(|waiter| waiter.ticket);
        let sessions = waiters.sessions.iter();
        sessions.filter_map(|(id, list)| Some((id.clone(), last(list)?))).collect()
    }

    /// Takes the waiters up to a ticket whom this concerns: somebody who came later may know
    /// better.
    pub(crate) fn tell(&self, session: &SessionId, up_to: Ticket, news: News) -> Vec<Told> {
        let told = self.extract(session, |waiter| {
            waiter.ticket <= up_to
                && match news {
                    News::At(number, next) => {
                        *waiter.number.get_or_insert(number) != number || waiter.offset < next
                    }
                    News::Gone | News::Unknown => true,
                }
        });
        let told = told.into_iter().map(|Waiter { number: waited, asked, .. }| {
            let gone = match news {
                News::At(number, _) => waited != Some(number),
                News::Gone => true,
                News::Unknown => false,
            };
            Told { asked, gone: gone.then(|| session.clone()) }
        });
        told.collect()
    }

    /// Says that the log is closed to all that wait.
    pub(crate) fn close(&self) {
        let sessions = {
            let mut waiters = lock(&self.0);
            waiters.closed = true;
            mem::take(&mut waiters.sessions)
        };
        drop(sessions);
    }

    fn extract(&self, session: &SessionId, which: impl FnMut(&mut Waiter) -> bool) -> Vec<Waiter> {
        let mut waiters = lock(&self.0);
        let Some(list) = waiters.sessions.get_mut(session) else { return Vec::new() };
        let extracted = list.extract_if(.., which).collect();
        if list.is_empty() {
            waiters.sessions.remove(session);
        }
        extracted
    }
}
