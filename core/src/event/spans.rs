//! The built-in observer: `tracing` spans per run and step.

use super::{Event, EventKind, Observer};
use crate::graph::Graph;
use tracing::{Span, field::Empty};

/// Makes a `tracing` span per run and, inside it, one per step; what an action traces lies in the
/// span of its step.
///
/// `Chatbot::app().observe(Spans::default())`. Spans are named `run` and `step`, with the fields
/// `graph`, `outcome`, `node`, `step`, `attempts`, `items`, `error`.
#[derive(Debug, Default)]
pub struct Spans {
    run: Option<Span>,
    step: Option<Span>,
    items: u64,
}

impl<G: Graph> Observer<G> for Spans {
    fn on_event(&mut self, event: &Event<G>) {
        match &event.kind {
            EventKind::RunStarted => {
                self.run = Some(tracing::info_span!(
                    "run",
                    graph = G::TOPOLOGY.name,
                    outcome = Empty,
                    error = Empty
                ));
            }
            EventKind::StepStarted => {
                self.items = 0;
                let parent = self.run.as_ref().and_then(Span::id);
                self.step = Some(tracing::info_span!(
                    parent: parent,
                    "step",
                    node = crate::graph::Node::name(event.node),
                    step = event.step,
                    attempts = Empty,
                    items = Empty,
                    error = Empty
                ));
            }
            EventKind::Item(_) => self.items += 1,
            EventKind::ItemsSuperseded { .. } => {}
            EventKind::AttemptFailed { failure, retry_in } => self.in_step(|| {
                tracing::warn!(error = %failure, ?retry_in, "attempt failed");
            }),
            EventKind::StepFailed { failure, .. } => {
                if let Some(step) = self.step.take() {
                    step.record("attempts", event.attempt);
                    step.record("error", tracing::field::display(failure));
                }
            }
            EventKind::StepCommitted { .. } => {
                if let Some(step) = self.step.take() {
                    step.record("attempts", event.attempt);
                    step.record("items", self.items);
                }
            }
            EventKind::RunFinished { outcome } => self.end("outcome", outcome),
            EventKind::RunFailed { error } => self.end("error", error),
            EventKind::RunCancelled => self.end("outcome", &"cancelled"),
        }
    }

    fn step_span(&self) -> Option<Span> {
        self.step.clone()
    }
}

impl Spans {
    fn in_step(&self, trace: impl FnOnce()) {
        match &self.step {
            Some(step) => step.in_scope(trace),
            None => trace(),
        }
    }

    fn end(&mut self, field: &str, value: &dyn std::fmt::Display) {
        self.step = None;
        if let Some(run) = self.run.take() {
            run.record(field, tracing::field::display(value));
        }
    }
}
