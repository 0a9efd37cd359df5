//! The calls of an attempt: the results that its step has recorded, and those that wait for the log.
//!
//! ```text
//! Context::once ── submit ──▶ Calls ── record ──▶ log          (the run polls between two polls of the action)
//!       ▲                       │
//!       └──────── wake ◀── stored
//! ```

use crate::log::LogError;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    task::{Poll, Waker},
};

/// An attempt of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttemptId {
    pub(crate) generation: u64,
    pub(crate) step: u64,
    pub(crate) node: usize,
    pub(crate) attempt: u32,
}

/// The calls of the current attempt.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// The attempt that these are the calls of; the calls of an earlier one are over. `None` if none was made yet.
    attempt: Option<AttemptId>,
    /// The results in the log, or without a log those that have returned.
    recorded: BTreeMap<String, Value>,
    /// The keys of the calls that are in progress or have returned in this attempt.
    used: BTreeSet<String>,
    /// The results that the log does not have yet, in order.
    waiting: Vec<WaitingCall>,
    /// The current attempt, in an app with a log.
    pub(super) current: Option<AttemptId>,
    /// Without a log: a step, and the results of its last attempt.
    kept: Option<(u64, BTreeMap<String, Value>)>,
    /// The task that polls the run.
    run: Option<Waker>,
}

/// A result that the log does not have yet.
#[derive(Debug)]
struct WaitingCall {
    key: String,
    result: Value,
    stage: Stage,
    wakers: Vec<Waker>,
}

#[derive(Debug)]
enum Stage {
    New,
    /// It was added to the journal.
    Added,
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

impl Calls {
    /// Starts an attempt, whose step has these results.
    pub(crate) fn reset(&mut self, attempt: AttemptId, recorded: BTreeMap<String, Value>) {
        let (current, run) = (self.current, self.run.take());
        *self = Self { attempt: Some(attempt), recorded, current, run, ..Self::default() };
    }

    /// Starts an attempt whose step has added these results to the journal. The log may not have them yet: they return when it
    /// does.
    pub(crate) fn reset_logged(&mut self, attempt: AttemptId, added: BTreeMap<String, Value>) {
        self.reset(attempt, BTreeMap::new());
        let added = added.into_iter();
        self.waiting.extend(added.map(|(key, result)| WaitingCall {
            key,
            result,
            stage: Stage::Added,
            wakers: Vec::new(),
        }));
    }

    /// Returns whether these are the calls of an attempt.
    pub(crate) fn is_of(&self, attempt: AttemptId) -> bool {
        self.attempt == Some(attempt)
    }

    /// Starts a call.
    pub(crate) fn start(&mut self, attempt: AttemptId, key: &str) -> CallStart {
        if self.attempt != Some(attempt) {
            return CallStart::Over;
        }
        if !self.used.insert(key.to_owned()) {
            return CallStart::Repeated;
        }
        if let Some(result) = self.recorded.get(key) {
            return CallStart::Recorded(result.clone());
        }
        let is_waiting = self.waiting.iter().any(|call| call.key == key);
        if is_waiting { CallStart::Waiting } else { CallStart::New }
    }

    /// Ends a call that was dropped before it returned.
    pub(crate) fn abandon(&mut self, attempt: AttemptId, key: &str) {
        if self.attempt == Some(attempt) {
            self.used.remove(key);
        }
    }

    /// Keeps a result without a log.
    pub(crate) fn keep(&mut self, attempt: AttemptId, key: &str, result: Value) {
        if self.attempt == Some(attempt) {
            self.recorded.insert(key.to_owned(), result);
        }
    }

    /// Adds a result that has to be recorded. Returns the waker of the run.
    pub(crate) fn submit(&mut self, attempt: AttemptId, key: &str, result: Value) -> Option<Waker> {
        if self.attempt != Some(attempt) {
            return None;
        }
        let (key, stage, wakers) = (key.to_owned(), Stage::New, Vec::new());
        self.waiting.push(WaitingCall { key, result, stage, wakers });
        self.run.clone()
    }

    /// Completes with the result when the log has it, or with the reason why it cannot be recorded. Does not complete after
    /// the attempt is over.
    pub(crate) fn poll(
        &mut self,
        attempt: AttemptId,
        key: &str,
        waker: &Waker,
    ) -> Poll<Result<Value, LogError>> {
        if self.attempt != Some(attempt) {
            return Poll::Pending;
        }
        if let Some(result) = self.recorded.get(key) {
            return Poll::Ready(Ok(result.clone()));
        }
        let Some(at) = self.waiting.iter().position(|call| call.key == key) else {
            return Poll::Pending;
        };
        if let Stage::Refused(error) = &self.waiting[at].stage {
            let error = error.clone();
            self.waiting.remove(at);
            return Poll::Ready(Err(error));
        }
        let wakers = &mut self.waiting[at].wakers;
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
        Poll::Pending
    }

    /// Returns the task that polls the run.
    pub(crate) fn run(&self) -> Option<Waker> {
        self.run.clone()
    }

    /// Sets the task that polls the run.
    pub(crate) fn set_run(&mut self, waker: &Waker) {
        match &self.run {
            Some(known) if known.will_wake(waker) => {}
            _ => self.run = Some(waker.clone()),
        }
    }

    /// Adds the new results to the journal. A result that cannot be recorded is refused; the first other error is
    /// returned.
    pub(crate) fn record(
        &mut self,
        mut add: impl FnMut(&str, &Value) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        for call in &mut self.waiting {
            if !matches!(call.stage, Stage::New) {
                continue;
            }
            call.stage = match add(&call.key, &call.result) {
                Ok(()) => Stage::Added,
                Err(error @ (LogError::TooLarge { .. } | LogError::NotSerializable { .. })) => {
                    Stage::Refused(error)
                }
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    /// Called when the log has all results that were added. Returns the wakers of the calls that can return.
    pub(crate) fn stored(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for mut call in mem::take(&mut self.waiting) {
            match call.stage {
                Stage::New => self.waiting.push(call),
                Stage::Added => {
                    wakers.append(&mut call.wakers);
                    self.recorded.insert(call.key, call.result);
                }
                Stage::Refused(_) => {
                    wakers.append(&mut call.wakers);
                    self.waiting.push(call);
                }
            }
        }
        wakers
    }

    /// Returns whether a result waits for the log.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.iter().any(|call| !matches!(call.stage, Stage::Refused(_)))
    }

    /// Starts an attempt that no one else has started: without a log, or for its first call. Without a log, it has the results
    /// of the last attempt at the step.
    pub(crate) fn reset_kept(&mut self, attempt: AttemptId) {
        let kept = self.kept.take().filter(|(step, _)| *step == attempt.step);
        self.reset(attempt, kept.map(|(_, results)| results).unwrap_or_default());
    }

    /// Keeps the results of an attempt that is over, for the next attempt at the step. For an app without a log.
    pub(crate) fn keep_results(&mut self, attempt: AttemptId) {
        // an attempt that made no calls changes nothing
        if self.attempt == Some(attempt) {
            let results = self.end(attempt);
            self.kept = Some((attempt.step, results));
        }
    }

    /// Discards the results that are kept.
    pub(crate) fn forget(&mut self) {
        self.kept = None;
    }

    /// Takes the results of an attempt that is over, including those that the log will have.
    pub(crate) fn end(&mut self, attempt: AttemptId) -> BTreeMap<String, Value> {
        if self.attempt != Some(attempt) {
            return BTreeMap::new();
        }
        let added = mem::take(&mut self.waiting).into_iter();
        let added = added.filter(|call| matches!(call.stage, Stage::Added));
        let mut recorded = mem::take(&mut self.recorded);
        recorded.extend(added.map(|call| (call.key, call.result)));
        self.attempt = None;
        recorded
    }
}
