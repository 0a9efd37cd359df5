//! What is traced, as text, for tests.

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

/// All that is traced on this thread while it is watched.
///
/// A test that records answers watches even if it looks at nothing: who is the first to trace something
/// while nobody watches may have it left out for ever, in the thread of another test as well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    text: String,
    /// The one span that a test makes.
    span: Option<&'static Metadata<'static>>,
    inside: bool,
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
        // a string writes all that is asked of it
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Trace {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write(span.metadata().name(), |line| span.record(line));
        self.seen().span = Some(span.metadata());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.write("record", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        self.write(metadata.target(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {
        self.seen().inside = true;
    }

    fn exit(&self, _: &Id) {
        self.seen().inside = false;
    }

    fn current_span(&self) -> Current {
        let seen = self.seen();
        let span = seen.span.filter(|_| seen.inside);
        span.map_or_else(Current::none, |span| Current::new(Id::from_u64(1), span))
    }
}
