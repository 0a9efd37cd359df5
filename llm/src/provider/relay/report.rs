//! What the relay knows about an answer beside its bytes.

use crate::{ModelError, clock::Clock};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How an answer ended early.
#[derive(Debug)]
pub(in super::super) enum Ending {
    /// The connection ended before the answer did. What arrived before is part of an answer.
    Cut(ModelError),
    /// The connection was lost, perhaps behind the last event: only `genai` knows that event.
    Lost(ModelError),
    /// The provider refused, failed, or went past a limit.
    Failed(ModelError),
}

/// The relay's report. `genai` sees a stream that ends; the reason is here, set before the end.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Report {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct State {
    ending: Option<Ending>,
    last_event: Duration,
}

impl Report {
    pub(in super::super) fn new(clock: Clock) -> Self {
        Self { state: Arc::default(), clock }
    }

    /// The clock of the events.
    pub(in super::super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Notes the time of an event, also of one that is not passed on.
    pub(super) fn event(&self) {
        let now = self.clock.now();
        self.state().last_event = now;
    }

    /// Sets the ending. The first one counts.
    pub(super) fn end(&self, ending: Ending) {
        self.state().ending.get_or_insert(ending);
    }

    /// When the last event arrived.
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
