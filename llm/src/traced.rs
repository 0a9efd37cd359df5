//! Trace output as text, for tests.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, set_default},
};
use tracing_core::span::Current;

/// Everything that is traced on this thread while the guard of [`watch`](Self::watch) is held.
///
/// A test that records answers must hold a guard even if it does not read the trace: a call site that
/// is first reached without a subscriber may be cached as disabled, for the tests of other threads as
/// well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    text: String,
    /// A span's id is its index in this list, plus 1.
    spans: Vec<&'static Metadata<'static>>,
    entered: Vec<Id>,
}

impl Seen {
    fn span(&self, id: &Id) -> Option<&'static Metadata<'static>> {
        let place = usize::try_from(id.into_u64()).ok()?.checked_sub(1)?;
        self.spans.get(place).copied()
    }
}

impl Trace {
    pub(crate) fn watch(&self) -> DefaultGuard {
        set_default(self.clone())
    }

    pub(crate) fn text(&self) -> String {
        self.seen().text.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, what: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{what}:"));
        record(&mut line);
        line.0.push('\n');
        self.seen().text.push_str(&line.0);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // writing to a string cannot fail
        let _ = write!(self.0, " {field}={value:?}");
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let _ = write!(self.0, " {field}={value}_u64");
    }
}

impl Subscriber for Trace {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write(span.metadata().name(), |line| span.record(line));
        let mut seen = self.seen();
        seen.spans.push(span.metadata());
        Id::from_u64(seen.spans.len() as u64)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.write("record", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let span = event.parent().and_then(|id| self.seen().span(id));
        let target = event.metadata().target();
        let what =
            span.map_or_else(|| target.to_owned(), |span| format!("{target} in {}", span.name()));
        self.write(&what, |line| event.record(line));
    }

    fn enter(&self, id: &Id) {
        self.seen().entered.push(id.clone());
    }

    fn exit(&self, _: &Id) {
        self.seen().entered.pop();
    }

    fn current_span(&self) -> Current {
        let seen = self.seen();
        let inside = seen.entered.last().and_then(|id| Some((id.clone(), seen.span(id)?)));
        inside.map_or_else(Current::none, |(id, span)| Current::new(id, span))
    }
}
