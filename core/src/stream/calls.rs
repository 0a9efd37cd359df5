//! The calls of an attempt: what its step has recorded, and what waits for the log.
//!
//! ```text
//! Context::once ── submit ──▶ Calls ── record ──▶ log          (the run polls between two polls of the action)
//!       ▲                       │
//!       └──────── wake ◀── stored
//! ```

use super::reserved::Reserved;
use crate::log::{CallKind, CallRecord, ChildEnd, ChildRecord, LogError, Offset, SessionId};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
    sync::Arc,
    task::{Poll, Waker},
};

/// The serial number of an attempt among those of its app, from 1. A context that outlives its attempt is known by it.
pub(crate) type Serial = u64;

/// The calls of the current attempt.
///
/// Wakers that are replaced or removed are returned, so that they are woken and dropped without the lock: a waker may be the
/// last reference to a task that makes a call itself.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// The attempt that these are the calls of; others are over. `None` between two attempts.
    attempt: Option<Serial>,
    /// The calls in the log, or without a log all of the step.
    pub(super) recorded: BTreeMap<String, CallRecord>,
    /// The keys of the calls that are in progress or have returned in this attempt.
    used: BTreeSet<String>,
    /// The calls whose last entry the log does not have yet.
    pub(super) waiting: BTreeMap<String, WaitingCall>,
    /// The keys of the calls that were not added to the journal, in order.
    pub(super) new: VecDeque<String>,
    /// The call whose record the log appends itself. While there is one, nothing is added to the journal.
    pub(super) reserved: Option<Reserved>,
    /// The tasks that wait until the journal may be added to.
    pub(super) held: Vec<Waker>,
    /// Whether a call waits for the log.
    pub(super) is_waiting: bool,
    /// Without a log: a step, and the calls of its last attempt.
    kept: Option<(u64, BTreeMap<String, CallRecord>)>,
    /// The task that polls the run.
    run: Option<Waker>,
}

/// A part that an attempt adds to a call of its step.
#[derive(Debug)]
pub(crate) enum NewCall {
    /// The result.
    Result(CallKind, Value),
    /// The start of a child.
    ChildStarted(NewChild),
    /// The end of a child that was started.
    ChildEnded(ChildEnd),
}

impl NewCall {
    /// Returns the record of the call after this part, where `before` is the record before it. `session` returns the session
    /// of a child from the start of its id.
    pub(crate) fn into_record<E>(
        self,
        before: Option<&CallRecord>,
        session: impl FnOnce(&str) -> Result<SessionId, E>,
    ) -> Result<CallRecord, E> {
        Ok(match self {
            Self::Result(kind, result) => CallRecord::of(kind, result),
            Self::ChildStarted(NewChild { graph, prefix, inputs }) => {
                CallRecord::child(graph, session(&prefix)?, inputs)
            }
            Self::ChildEnded(end) => match before {
                Some(CallRecord::Child(child)) => {
                    let end = Some(end);
                    CallRecord::Child(Box::new(ChildRecord { end, ..(**child).clone() }))
                }
                // not possible: a child ends after it has started
                _ => CallRecord::child("", session("")?, String::new()),
            },
        })
    }
}

/// A child that is about to be started.
#[derive(Debug)]
pub(crate) struct NewChild {
    /// The name of its graph.
    pub(crate) graph: &'static str,
    /// The start of its session id, which the place of its entry completes.
    pub(crate) prefix: Arc<str>,
    /// The hash of its inputs and its initial state.
    pub(crate) inputs: String,
}

/// A call whose last entry the log does not have yet.
#[derive(Debug)]
pub(super) struct WaitingCall {
    pub(super) stage: Stage,
    /// The record that the log has of the call.
    pub(super) before: Option<CallRecord>,
    pub(super) waker: Option<Waker>,
}

impl WaitingCall {
    /// Sets the task that waits for the call, and returns the one that was replaced.
    pub(super) fn register(&mut self, waker: &Waker) -> Option<Waker> {
        match &self.waker {
            Some(known) if known.will_wake(waker) => None,
            _ => self.waker.replace(waker.clone()),
        }
    }
}

#[derive(Debug)]
pub(super) enum Stage {
    New(NewCall),
    /// It waits for the next place of the log.
    Reserving,
    /// It has the next place: the log appends its record.
    Reserved,
    /// It was added to the journal, which has to be stored up to this offset.
    Added(CallRecord, Offset),
    /// It cannot be recorded.
    Refused(LogError),
}

/// A call at its start.
#[derive(Debug, PartialEq)]
pub(crate) enum CallStart {
    /// The record of an earlier attempt.
    Recorded(CallRecord),
    /// An earlier attempt has added a record, which the log may not have yet, or a call that was dropped is in progress.
    Waiting,
    /// Nothing: it has to be made.
    New,
    /// A call under the key is in progress, or has returned in this attempt.
    Repeated,
    /// The attempt is over.
    Over,
}

/// The reason why a call is not recorded.
#[derive(Debug)]
pub(crate) enum NotStored {
    /// It cannot be recorded.
    Refused(LogError),
    /// Its transaction has stored nothing.
    RolledBack,
    /// The attempt is over.
    Over,
}

impl Calls {
    /// Ends the attempt. Returns the tasks that wait for its calls.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn clear(&mut self) -> Vec<Waker> {
        let (kept, run) = (self.kept.take(), self.run.take());
        let ended = mem::replace(self, Self { kept, run, ..Self::default() });
        let waiting = ended.waiting.into_values().filter_map(|call| call.waker);
        waiting.chain(ended.held).collect()
    }

    /// Starts an attempt without a log, whose step has these calls.
    pub(crate) fn reset(&mut self, attempt: Serial, recorded: BTreeMap<String, CallRecord>) {
        let run = self.run.take();
        *self = Self { attempt: Some(attempt), recorded, run, ..Self::default() };
    }

    /// Starts an attempt without a log, with the calls of the last attempt at the step.
    pub(crate) fn reset_kept(&mut self, attempt: Serial, step: u64) {
        let kept = self.kept.take().filter(|(kept, _)| *kept == step);
        self.reset(attempt, kept.map(|(_, calls)| calls).unwrap_or_default());
    }

    /// Starts an attempt whose step has added these calls to the journal, before `end`. The log may not have them yet: they
    /// return when it does. Returns the tasks that wait for calls of the last attempt.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn reset_logged(
        &mut self,
        attempt: Serial,
        added: &BTreeMap<String, CallRecord>,
        end: Offset,
    ) -> Vec<Waker> {
        let over = self.clear();
        self.attempt = Some(attempt);
        self.waiting.extend(added.iter().map(|(key, record)| {
            let stage = Stage::Added(record.clone(), end);
            (key.clone(), WaitingCall { stage, before: None, waker: None })
        }));
        over
    }

    /// Returns whether these are the calls of an attempt.
    pub(crate) fn is_of(&self, attempt: Serial) -> bool {
        self.attempt == Some(attempt)
    }

    /// Starts a call.
    pub(crate) fn start(&mut self, attempt: Serial, key: &str) -> CallStart {
        if !self.is_of(attempt) {
            return CallStart::Over;
        }
        if !self.used.insert(key.to_owned()) {
            return CallStart::Repeated;
        }
        if let Some(record) = self.recorded.get(key) {
            return CallStart::Recorded(record.clone());
        }
        if self.waiting.contains_key(key) {
            self.is_waiting = true;
            return CallStart::Waiting;
        }
        CallStart::New
    }

    /// Ends a call that was dropped before it returned. Returns its waker, and the tasks that waited for its transaction.
    #[must_use = "wakers are dropped or woken without the lock"]
    pub(crate) fn abandon(&mut self, attempt: Serial, key: &str) -> (Option<Waker>, Vec<Waker>) {
        if !self.is_of(attempt) {
            return (None, Vec::new());
        }
        self.used.remove(key);
        let waker = self.waiting.get_mut(key).and_then(|call| call.waker.take());
        (waker, self.abandon_place(key))
    }

    /// Keeps a record without a log. Returns whether it did.
    pub(crate) fn keep(&mut self, attempt: Serial, key: &str, record: CallRecord) -> bool {
        if self.is_of(attempt) {
            self.recorded.insert(key.to_owned(), record);
        }
        self.is_of(attempt)
    }

    /// Adds a part of a call that has to be recorded.
    pub(crate) fn submit(&mut self, attempt: Serial, key: &str, call: NewCall) {
        if self.is_of(attempt) {
            let before = self.recorded.remove(key);
            let call = WaitingCall { stage: Stage::New(call), before, waker: None };
            self.waiting.insert(key.to_owned(), call);
            self.new.push_back(key.to_owned());
            self.is_waiting = true;
        }
    }

    /// Completes with the record of a call when the log has it, or with the reason why it does not. Also returns the waker
    /// that was replaced.
    pub(crate) fn poll(
        &mut self,
        attempt: Serial,
        key: &str,
        waker: &Waker,
    ) -> (Poll<Result<CallRecord, NotStored>>, Option<Waker>) {
        if !self.is_of(attempt) {
            return (Poll::Ready(Err(NotStored::Over)), None);
        }
        if let Some(record) = self.recorded.get(key) {
            return (Poll::Ready(Ok(record.clone())), None);
        }
        let Some(call) = self.waiting.get_mut(key) else {
            return (Poll::Ready(Err(NotStored::RolledBack)), None);
        };
        if let Stage::Refused(error) = &call.stage {
            let refused = Poll::Ready(Err(NotStored::Refused(error.clone())));
            let call = self.waiting.remove(key);
            let (before, waker) = call.map_or((None, None), |call| (call.before, call.waker));
            self.recorded.extend(before.map(|before| (key.to_owned(), before)));
            return (refused, waker);
        }
        (Poll::Pending, call.register(waker))
    }

    /// Returns the task that polls the run.
    pub(crate) fn run(&self) -> Option<Waker> {
        self.run.clone()
    }

    /// Sets the task that polls the run, and returns the one that was replaced.
    #[must_use = "wakers are dropped without the lock"]
    pub(crate) fn set_run(&mut self, waker: Option<&Waker>) -> Option<Waker> {
        match (&self.run, waker) {
            (Some(known), Some(waker)) if known.will_wake(waker) => None,
            _ => mem::replace(&mut self.run, waker.cloned()),
        }
    }

    /// Adds the new parts of calls to the journal, up to the first reservation, with a function that returns the record and
    /// the offset after the entry. A part that cannot be recorded is refused; the first other error is returned. Otherwise,
    /// returns the offset up to which the journal has to be stored so that the first call can return.
    pub(crate) fn record(
        &mut self,
        attempt: Serial,
        mut add: impl FnMut(
            &str,
            NewCall,
            Option<&CallRecord>,
        ) -> Result<(CallRecord, Offset), LogError>,
    ) -> Result<Offset, LogError> {
        if !self.is_of(attempt) {
            return Ok(Offset::ZERO);
        }
        while !self.is_reserved()
            && let Some(key) = self.new.pop_front()
        {
            let Some(call) = self.waiting.get_mut(&key) else { continue };
            // refused if adding it panics
            let stage = mem::replace(&mut call.stage, Stage::Refused(LogError::Closed));
            let Stage::New(new) = stage else {
                call.stage = stage;
                continue;
            };
            call.stage = match add(&key, new, call.before.as_ref()) {
                Ok((record, end)) => Stage::Added(record, end),
                Err(error @ (LogError::TooLarge { .. } | LogError::NotSerializable { .. })) => {
                    Stage::Refused(error)
                }
                Err(error) => return Err(error),
            };
        }
        let ends = self.waiting.values().filter_map(|call| match call.stage {
            Stage::Added(_, end) => Some(end),
            Stage::New(_) | Stage::Reserving | Stage::Reserved | Stage::Refused(_) => None,
        });
        Ok(ends.min().unwrap_or(Offset::ZERO))
    }

    /// Called when the log has the journal up to `end`. Returns the wakers of the calls that can return.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn stored(&mut self, end: Offset) -> Vec<Waker> {
        let mut wakers = Vec::new();
        self.is_waiting = false;
        for (key, mut call) in mem::take(&mut self.waiting) {
            match call.stage {
                Stage::Added(record, added) if added <= end => {
                    wakers.extend(call.waker);
                    self.recorded.insert(key, record);
                    continue;
                }
                Stage::Refused(_) => wakers.extend(call.waker.take()),
                Stage::New(_) | Stage::Reserving | Stage::Reserved | Stage::Added(..) => {
                    self.is_waiting = true;
                }
            }
            self.waiting.insert(key, call);
        }
        wakers
    }

    /// Returns whether a call waits for the log.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Returns whether a task waits for a call that the log does not have.
    pub(crate) fn has_waiters(&self) -> bool {
        self.waiting.values().any(|call| call.waker.is_some())
    }

    /// Keeps the calls of an attempt that is over, for the next attempt at the step. For an app without a log.
    pub(crate) fn keep_results(&mut self, attempt: Serial, step: u64) {
        // an attempt that made no calls changes nothing
        if self.is_of(attempt) {
            self.kept = Some((step, mem::take(&mut self.recorded)));
            self.attempt = None;
        }
    }

    /// Discards the calls that are kept.
    pub(crate) fn forget(&mut self) {
        self.kept = None;
    }

    /// Ends an attempt, and adds the new parts of its calls to the journal. Returns its calls that are in the journal, and the
    /// tasks that wait for its calls.
    pub(crate) fn end(
        &mut self,
        attempt: Serial,
        add: impl FnMut(&str, NewCall, Option<&CallRecord>) -> Result<(CallRecord, Offset), LogError>,
    ) -> (BTreeMap<String, CallRecord>, Vec<Waker>) {
        if !self.is_of(attempt) {
            return (BTreeMap::new(), Vec::new());
        }
        // no call takes the place now: add what waits behind it
        let Self { new, waiting, .. } = self;
        new.retain(|key| {
            !waiting.get(key).is_some_and(|call| matches!(call.stage, Stage::Reserving))
        });
        // if the log has failed, the run ends with that error
        let _ = self.record(attempt, add);
        let mut records = mem::take(&mut self.recorded);
        let mut wakers = Vec::new();
        for (key, call) in mem::take(&mut self.waiting) {
            wakers.extend(call.waker);
            let record = match call.stage {
                Stage::Added(record, _) => Some(record),
                Stage::New(_) | Stage::Reserving | Stage::Reserved | Stage::Refused(_) => {
                    call.before
                }
            };
            records.extend(record.map(|record| (key, record)));
        }
        wakers.extend(self.clear());
        (records, wakers)
    }
}
