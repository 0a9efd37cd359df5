//! The calls of an attempt: the results that its step has recorded, and those that wait for the log.
//!
//! ```text
//! Context::once ── submit ──▶ Calls ── record ──▶ log          (the run polls between two polls of the action)
//!       ▲                       │
//!       └──────── wake ◀── stored
//! ```

use crate::log::{LogError, Offset};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
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
    /// The results in the log, or without a log those that have returned.
    recorded: BTreeMap<String, Value>,
    /// The keys of the calls that are in progress or have returned in this attempt.
    used: BTreeSet<String>,
    /// The results that the log does not have yet.
    waiting: BTreeMap<String, WaitingCall>,
    /// The keys of the results that were not added to the journal, in order.
    new: Vec<String>,
    /// Whether a call waits for the log.
    is_waiting: bool,
    /// Without a log: a step, and the results of its last attempt.
    kept: Option<(u64, BTreeMap<String, Value>)>,
    /// The task that polls the run.
    run: Option<Waker>,
}

/// A result that the log does not have yet.
#[derive(Debug)]
struct WaitingCall {
    result: Value,
    stage: Stage,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Stage {
    New,
    /// It was added to the journal, which has to be stored up to this offset.
    Added(Offset),
    /// It cannot be recorded.
    Refused(LogError),
}

/// A call at its start.
#[derive(Debug, PartialEq)]
pub(crate) enum CallStart {
    /// Its result.
    Recorded(Value),
    /// It has a result, which the log may not have yet.
    Waiting,
    /// Nothing: it has to be made.
    New,
    /// A call under the key is in progress, or has returned in this attempt.
    Repeated,
    /// The attempt is over.
    Over,
}

/// The reason why a result does not return.
#[derive(Debug)]
pub(crate) enum NotStored {
    /// It cannot be recorded.
    Refused(LogError),
    /// The attempt is over.
    Over,
}

impl Calls {
    /// Ends the attempt. Returns the tasks that wait for its calls.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn clear(&mut self) -> Vec<Waker> {
        let (kept, run) = (self.kept.take(), self.run.take());
        let ended = mem::replace(self, Self { kept, run, ..Self::default() });
        ended.waiting.into_values().filter_map(|call| call.waker).collect()
    }

    /// Starts an attempt without a log, whose step has these results.
    pub(crate) fn reset(&mut self, attempt: Serial, recorded: BTreeMap<String, Value>) {
        let run = self.run.take();
        *self = Self { attempt: Some(attempt), recorded, run, ..Self::default() };
    }

    /// Starts an attempt without a log, with the results of the last attempt at the step.
    pub(crate) fn reset_kept(&mut self, attempt: Serial, step: u64) {
        let kept = self.kept.take().filter(|(kept, _)| *kept == step);
        self.reset(attempt, kept.map(|(_, results)| results).unwrap_or_default());
    }

    /// Starts an attempt whose step has added these results to the journal, before `end`. The log may not have them yet: they
    /// return when it does. Returns the tasks that wait for calls of the last attempt.
    #[must_use = "wakers are woken without the lock"]
    pub(crate) fn reset_logged(
        &mut self,
        attempt: Serial,
        added: &BTreeMap<String, Value>,
        end: Offset,
    ) -> Vec<Waker> {
        let over = self.clear();
        self.attempt = Some(attempt);
        self.waiting.extend(added.iter().map(|(key, result)| {
            let result = result.clone();
            (key.clone(), WaitingCall { result, stage: Stage::Added(end), waker: None })
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
        if let Some(result) = self.recorded.get(key) {
            return CallStart::Recorded(result.clone());
        }
        if self.waiting.contains_key(key) {
            self.is_waiting = true;
            return CallStart::Waiting;
        }
        CallStart::New
    }

    /// Ends a call that was dropped before it returned.
    pub(crate) fn abandon(&mut self, attempt: Serial, key: &str) {
        if self.is_of(attempt) {
            self.used.remove(key);
        }
    }

    /// Keeps a result without a log. Returns whether it did.
    pub(crate) fn keep(&mut self, attempt: Serial, key: &str, result: Value) -> bool {
        if self.is_of(attempt) {
            self.recorded.insert(key.to_owned(), result);
        }
        self.is_of(attempt)
    }

    /// Adds a result that has to be recorded.
    pub(crate) fn submit(&mut self, attempt: Serial, key: &str, result: Value) {
        if self.is_of(attempt) {
            let call = WaitingCall { result, stage: Stage::New, waker: None };
            self.waiting.insert(key.to_owned(), call);
            self.new.push(key.to_owned());
            self.is_waiting = true;
        }
    }

    /// Completes with the result when the log has it, or with the reason why it does not return. Also returns the waker that
    /// was replaced.
    pub(crate) fn poll(
        &mut self,
        attempt: Serial,
        key: &str,
        waker: &Waker,
    ) -> (Poll<Result<Value, NotStored>>, Option<Waker>) {
        if !self.is_of(attempt) {
            return (Poll::Ready(Err(NotStored::Over)), None);
        }
        if let Some(result) = self.recorded.get(key) {
            return (Poll::Ready(Ok(result.clone())), None);
        }
        let Some(call) = self.waiting.get_mut(key) else {
            return (Poll::Ready(Err(NotStored::Over)), None);
        };
        if let Stage::Refused(error) = &call.stage {
            let refused = Poll::Ready(Err(NotStored::Refused(error.clone())));
            return (refused, self.waiting.remove(key).and_then(|call| call.waker));
        }
        let replaced = match &call.waker {
            Some(known) if known.will_wake(waker) => None,
            _ => call.waker.replace(waker.clone()),
        };
        (Poll::Pending, replaced)
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

    /// Adds the new results to the journal, with a function that returns the offset after the entry. A result that cannot be
    /// recorded is refused; the first other error is returned. Otherwise, returns the offset up to which the journal has to be
    /// stored so that the first call can return.
    pub(crate) fn record(
        &mut self,
        attempt: Serial,
        mut add: impl FnMut(&str, &Value) -> Result<Offset, LogError>,
    ) -> Result<Offset, LogError> {
        if !self.is_of(attempt) {
            return Ok(Offset::ZERO);
        }
        for key in mem::take(&mut self.new) {
            let Some(call) = self.waiting.get_mut(&key) else { continue };
            call.stage = match add(&key, &call.result) {
                Ok(end) => Stage::Added(end),
                Err(error @ (LogError::TooLarge { .. } | LogError::NotSerializable { .. })) => {
                    Stage::Refused(error)
                }
                Err(error) => return Err(error),
            };
        }
        let ends = self.waiting.values().filter_map(|call| match call.stage {
            Stage::Added(end) => Some(end),
            Stage::New | Stage::Refused(_) => None,
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
                Stage::Added(added) if added <= end => {
                    wakers.extend(call.waker);
                    self.recorded.insert(key, call.result);
                    continue;
                }
                Stage::Refused(_) => wakers.extend(call.waker.take()),
                Stage::New | Stage::Added(_) => self.is_waiting = true,
            }
            self.waiting.insert(key, call);
        }
        wakers
    }

    /// Returns whether a call waits for the log.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Keeps the results of an attempt that is over, for the next attempt at the step. For an app without a log.
    pub(crate) fn keep_results(&mut self, attempt: Serial, step: u64) {
        // an attempt that made no calls changes nothing
        if self.is_of(attempt) {
            self.kept = Some((step, mem::take(&mut self.recorded)));
            self.attempt = None;
        }
    }

    /// Discards the results that are kept.
    pub(crate) fn forget(&mut self) {
        self.kept = None;
    }

    /// Ends an attempt, and adds its new results to the journal. Returns its results that are in the journal, and the tasks
    /// that wait for its calls.
    pub(crate) fn end(
        &mut self,
        attempt: Serial,
        add: impl FnMut(&str, &Value) -> Result<Offset, LogError>,
    ) -> (BTreeMap<String, Value>, Vec<Waker>) {
        if !self.is_of(attempt) {
            return (BTreeMap::new(), Vec::new());
        }
        // if the log has failed, the run ends with that error
        let _ = self.record(attempt, add);
        let mut results = mem::take(&mut self.recorded);
        for (key, call) in &mut self.waiting {
            if let Stage::Added(_) = call.stage {
                results.insert(key.clone(), mem::take(&mut call.result));
            }
        }
        (results, self.clear())
    }
}
