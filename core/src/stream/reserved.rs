//! The transaction of an attempt: a call whose record the log appends itself.
//!
//! ```text
//! Context::transaction_of ─ reserve ─▶ Calls ── everything before is submitted ─▶ Place ─▶ log
//!           ▲                                                                               │
//!           └───────────────── wake ◀── settled ◀── TransactionEnd ◀────────────────────────┘
//! ```
//! From the reservation until the end, nothing is added to the journal: the offset is taken.

use super::{
    Control, NotStored, Serial,
    calls::{Calls, Stage, WaitingCall},
};
use crate::{
    log::{CallRecord, LogError, Place},
    sync::lock,
};
use std::{
    mem,
    task::{Poll, Waker},
};

/// The call that has the next place of the log.
#[derive(Debug)]
pub(super) struct Reserved {
    key: String,
    stage: ReservedStage,
}

#[derive(Debug)]
enum ReservedStage {
    /// The call has not taken the place yet.
    Granted(Place),
    Running,
    Ended(TransactionEnd),
}

/// The end of a transaction.
#[derive(Debug)]
pub(crate) enum TransactionEnd {
    /// The log has the record, in an entry of this size.
    Stored(CallRecord, usize),
    /// Nothing was stored.
    RolledBack,
    /// Nothing can be appended, or it is not known what was stored: the session has to be opened again.
    Failed(LogError),
}

/// The use of the next place of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceUse {
    /// Entries are added to the journal.
    Journal,
    /// A call waits for it.
    Wanted,
    /// A call has it.
    Transaction,
}

impl Calls {
    /// Requests the next place of the log for a call.
    pub(crate) fn reserve(&mut self, attempt: Serial, key: &str) {
        if self.is_of(attempt) {
            let call = WaitingCall { stage: Stage::Reserving, before: None, waker: None };
            self.waiting.insert(key.to_owned(), call);
            self.new.push_back(key.to_owned());
            self.is_waiting = true;
        }
    }

    /// Returns whether a call has the next place or is the first to get it.
    pub(crate) fn is_reserved(&self) -> bool {
        self.reserved.is_some() || self.wants_place()
    }

    /// Returns whether a transaction is in progress.
    pub(crate) fn is_running(&self) -> bool {
        self.reserved.is_some()
    }

    /// Returns whether the first new part of a call is a reservation.
    pub(crate) fn wants_place(&self) -> bool {
        let first = self.new.front().and_then(|key| self.waiting.get(key));
        self.reserved.is_none() && first.is_some_and(|call| matches!(call.stage, Stage::Reserving))
    }

    /// Registers a task that waits until the journal may be added to.
    fn hold(&mut self, waker: &Waker) {
        if !self.held.iter().any(|held| held.will_wake(waker)) {
            self.held.push(waker.clone());
        }
    }

    /// Gives the next place to the call that waits for it. Returns its waker.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn grant(&mut self, place: Place) -> Option<Waker> {
        let key = self.new.pop_front()?;
        let call = self.waiting.get_mut(&key)?;
        call.stage = Stage::Reserved;
        let waker = call.waker.take();
        self.reserved = Some(Reserved { key, stage: ReservedStage::Granted(place) });
        waker
    }

    /// Completes when the call has the next place. Also returns the waker that was replaced.
    pub(crate) fn poll_place(
        &mut self,
        attempt: Serial,
        key: &str,
        waker: &Waker,
    ) -> (Poll<Result<Place, NotStored>>, Option<Waker>) {
        if !self.is_of(attempt) {
            return (Poll::Ready(Err(NotStored::Over)), None);
        }
        if let Some(reserved) = self.reserved.as_mut().filter(|reserved| reserved.key == key)
            && let ReservedStage::Granted(_) = reserved.stage
            && let ReservedStage::Granted(place) =
                mem::replace(&mut reserved.stage, ReservedStage::Running)
        {
            return (Poll::Ready(Ok(place)), None);
        }
        match self.waiting.get_mut(key) {
            Some(call) => (Poll::Pending, call.register(waker)),
            None => (Poll::Ready(Err(NotStored::RolledBack)), None),
        }
    }

    /// Ends the reservation of a call that was dropped, unless its transaction is in progress. Returns the tasks that wait
    /// for the end.
    #[must_use = "wakers are woken without the lock"]
    pub(super) fn abandon_place(&mut self, key: &str) -> Vec<Waker> {
        match self.waiting.get(key).map(|call| &call.stage) {
            Some(Stage::Reserving) => self.new.retain(|new| new != key),
            Some(Stage::Reserved) => match &self.reserved {
                Some(Reserved { stage: ReservedStage::Granted(_), .. }) => self.reserved = None,
                _ => return Vec::new(),
            },
            _ => return Vec::new(),
        }
        self.waiting.remove(key);
        // the run adds what has waited behind the reservation
        mem::take(&mut self.held).into_iter().chain(self.run()).collect()
    }

    /// Takes the place back from a call that has not taken it. Returns its waker.
    #[must_use = "wakers are woken without the lock"]
    fn revoke_place(&mut self) -> Option<Waker> {
        let Some(Reserved { key, stage: ReservedStage::Granted(_) }) = &self.reserved else {
            return None;
        };
        let call = self.waiting.remove(key);
        self.reserved = None;
        call?.waker
    }

    /// Ends the transaction of a call. Returns the task of the run, which [settles](Self::settle) it.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn end_transaction(
        &mut self,
        attempt: Serial,
        key: &str,
        end: TransactionEnd,
    ) -> Option<Waker> {
        if !self.is_of(attempt) {
            return None;
        }
        let reserved = self.reserved.as_mut().filter(|reserved| reserved.key == key)?;
        reserved.stage = ReservedStage::Ended(end);
        self.is_waiting = true;
        self.run()
    }

    /// Called by the run. If a transaction has ended, passes its end to `apply`, and returns the tasks that wait for it.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn settle(&mut self, apply: impl FnOnce(&TransactionEnd)) -> Vec<Waker> {
        let (key, end) = match self.reserved.take() {
            Some(Reserved { key, stage: ReservedStage::Ended(end) }) => (key, end),
            other => {
                self.reserved = other;
                return Vec::new();
            }
        };
        apply(&end);
        let mut wakers = mem::take(&mut self.held);
        wakers.extend(self.waiting.remove(&key).and_then(|call| call.waker));
        if let TransactionEnd::Stored(record, _) = end {
            self.recorded.insert(key, record);
        }
        self.is_waiting = !self.waiting.is_empty();
        wakers
    }
}

impl Control {
    /// Requests the next place of the log for a call.
    pub(crate) fn reserve_place(&self, attempt: Serial, key: &str) {
        let run = {
            let mut calls = lock(&self.calls);
            calls.reserve(attempt, key);
            calls.run()
        };
        run.into_iter().for_each(Waker::wake);
    }

    /// Completes when the call has the next place of the log.
    pub(crate) fn poll_place(
        &self,
        attempt: Serial,
        key: &str,
        waker: &Waker,
    ) -> Poll<Result<Place, NotStored>> {
        let (polled, _replaced) = lock(&self.calls).poll_place(attempt, key, waker);
        polled
    }

    /// Returns what the next place of the log is used for.
    pub(crate) fn place_use(&self) -> PlaceUse {
        let calls = lock(&self.calls);
        match (calls.is_running(), calls.wants_place()) {
            (true, _) => PlaceUse::Transaction,
            (false, true) => PlaceUse::Wanted,
            (false, false) => PlaceUse::Journal,
        }
    }

    /// Completes when the journal may be added to.
    pub(crate) fn poll_journal(&self, waker: &Waker) -> Poll<()> {
        let mut calls = lock(&self.calls);
        if calls.is_reserved() {
            calls.hold(waker);
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Gives the next place of the log to the call that waits for it.
    pub(crate) fn grant_place(&self, place: Place) {
        let waker = lock(&self.calls).grant(place);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Takes the place back from a call that has not taken it yet, because the action has returned.
    pub(crate) fn revoke_place(&self) {
        let waker = lock(&self.calls).revoke_place();
        waker.into_iter().for_each(Waker::wake);
    }

    /// Ends the transaction of a call.
    pub(crate) fn end_transaction(&self, attempt: Serial, key: &str, end: TransactionEnd) {
        let run = lock(&self.calls).end_transaction(attempt, key, end);
        run.into_iter().for_each(Waker::wake);
    }

    /// Passes the end of a transaction to `apply`, if one has ended since the last call.
    pub(crate) fn settle_transaction(&self, apply: impl FnOnce(&TransactionEnd)) {
        let wakers = lock(&self.calls).settle(apply);
        wakers.into_iter().for_each(Waker::wake);
    }
}
