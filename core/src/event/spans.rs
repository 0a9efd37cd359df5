//! The built-in observer: `tracing` spans per run and step.

use super::{Event, EventKind, Observer};
use crate::{
    action::chain,
    graph::{Graph, Node},
};
use std::error::Error;
use tracing::{Span, field::Empty};

/// Creates a `tracing` span per run and, inside it, one per step. The trace output of an action is in the span
/// of its step, and so is the span of a child's run. Children have no other observers.
///
/// Add it with `Chatbot::app().observer(Spans::default())`. The spans are named `run` and `step`, and have these
/// fields:
///
/// | field | span | type | |
/// |---|---|---|---|
/// | `graph` | run | string | the name of the graph |
/// | `session` | both | string | the id of the session |
/// | `run` | both | integer | the number of the run; a run that is resumed keeps it |
/// | `outcome` | run | string | the outcome of the run, unless it failed |
/// | `node` | step | string | the node |
/// | `step` | step | integer | the number of the step |
/// | `attempts` | step | integer | the number of attempts |
/// | `items` | step | integer | the number of items that a committed step has yielded |
/// | `error` | both | string | the error and its sources, if it failed |
/// | `otel.status_code` | both | string | `ERROR` if it failed |
/// | `otel.status_description` | both | string | the same text as `error` |
///
/// `tracing-opentelemetry` sets the status of a span from the last two. A step that failed and took
/// its `on error` edge is an error, its run is not. Integers are recorded as `i64`, saturating, because
/// OpenTelemetry has no unsigned integers and its exporters write a `u64` as a string.
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
                    session = event.session(),
                    run = integer(event.run),
                    outcome = Empty,
                    error = Empty,
                    otel.status_code = Empty,
                    otel.status_description = Empty,
                ));
            }
            EventKind::StepStarted => {
                self.items = 0;
                let parent = self.run.as_ref().and_then(Span::id);
                self.step = Some(tracing::info_span!(
                    parent: parent,
                    "step",
                    session = event.session(),
                    run = integer(event.run),
                    node = event.node.name(),
                    step = integer(event.step),
                    attempts = Empty,
                    items = Empty,
                    error = Empty,
                    otel.status_code = Empty,
                    otel.status_description = Empty,
                ));
            }
            EventKind::Item(_) => self.items += 1,
            EventKind::ItemsSuperseded { .. } => {}
            EventKind::AttemptFailed { failure, retry_in } => self.in_step(|| {
                tracing::warn!(error = described(failure), ?retry_in, "attempt failed");
            }),
            EventKind::StepFailed { failure, .. } => self.fail_step(event.attempt, failure),
            EventKind::StepCommitted { .. } => {
                if let Some(step) = self.step.take() {
                    step.record("attempts", i64::from(event.attempt));
                    step.record("items", integer(self.items));
                }
            }
            EventKind::RunFinished { outcome } => self.end(&outcome.to_string()),
            EventKind::RunFailed { error } => {
                // a step that the log did not store
                self.fail_step(event.attempt, error);
                if let Some(run) = self.run.take() {
                    fail(&run, error);
                }
            }
            EventKind::RunCancelled => self.end("cancelled"),
        }
    }

    fn step_span(&self) -> Option<Span> {
        self.step.clone()
    }

    fn has_child_spans(&self) -> bool {
        true
    }
}

impl Spans {
    fn in_step(&self, trace: impl FnOnce()) {
        match &self.step {
            Some(step) => step.in_scope(trace),
            None => trace(),
        }
    }

    fn fail_step(&mut self, attempts: u32, error: &(dyn Error + 'static)) {
        if let Some(step) = self.step.take() {
            step.record("attempts", i64::from(attempts));
            fail(&step, error);
        }
    }

    fn end(&mut self, outcome: &str) {
        self.step = None;
        if let Some(run) = self.run.take() {
            run.record("outcome", outcome);
        }
    }
}

/// Marks a span as failed.
fn fail(span: &Span, error: &(dyn Error + 'static)) {
    let error = described(error);
    span.record("error", &error);
    // the description last: `tracing-opentelemetry` clears it when it sets the code
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", &error);
}

/// Formats an error and its sources in one line.
fn described(error: &(dyn Error + 'static)) -> String {
    chain(error).join(": ")
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn integers_saturate_at_the_largest_i64() {
        assert_eq!([0, 1 << 62, 1 << 63, u64::MAX].map(integer), [0, 1 << 62, i64::MAX, i64::MAX]);
    }
}
