//! Information about an answer that is not in the forwarded bytes.

use crate::{ModelError, ToolCallDelta, clock::Clock};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The early end of an answer.
#[derive(Debug)]
pub(in super::super) enum Ending {
    /// The connection ended before the answer did. The text so far is part of an answer.
    Cut(ModelError),
    /// The connection was lost, possibly after the last event, which only `genai` recognizes.
    Lost(ModelError),
    /// The provider rejected the request, failed, or exceeded a limit.
    Failed(ModelError),
}

/// The report of a relay. `genai` only sees the end of a stream; the reason is here, set before the
/// end.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Report {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct State {
    ending: Option<Ending>,
    last_event: Duration,
    /// Parts of calls that the forwarded bytes contain only as a whole.
    deltas: VecDeque<ToolCallDelta>,
    has_deltas: bool,
}

impl Report {
    pub(in super::super) fn new(clock: Clock) -> Self {
        Self { state: Arc::default(), clock }
    }

    /// Returns the clock that times the events.
    pub(in super::super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Records the time of an event, even if the event is not forwarded.
    pub(super) fn event(&self) {
        let now = self.clock.now();
        self.state().last_event = now;
    }

    /// Adds a part of a call.
    pub(super) fn push(&self, delta: ToolCallDelta) {
        let mut state = self.state();
        state.deltas.push_back(delta);
        state.has_deltas = true;
    }

    /// Takes the next part of a call.
    pub(in super::super) fn pop(&self) -> Option<ToolCallDelta> {
        self.state().deltas.pop_front()
    }

    /// Returns whether a part of a call is waiting.
    pub(in super::super) fn is_growing(&self) -> bool {
        !self.state().deltas.is_empty()
    }

    /// Returns whether there was any part of a call.
    pub(in super::super) fn has_grown(&self) -> bool {
        self.state().has_deltas
    }

    /// Sets the ending. Only the first call has an effect.
    pub(super) fn end(&self, ending: Ending) {
        self.state().ending.get_or_insert(ending);
    }

    /// Returns the time of the last event.
    pub(in super::super) fn last_event(&self) -> Duration {
        self.state().last_event
    }

    /// Takes the ending, if the answer ended early.
    pub(in super::super) fn take(&self) -> Option<Ending> {
        self.state().ending.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
