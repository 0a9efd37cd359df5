//! The blocks of an event stream.

use crate::json::to_writer;
use axum::body::Bytes;
use burdock::log::Cursor;
use serde::Serialize;
use std::io::Write;

/// A comment between blocks, which shows that the connection is alive.
pub(crate) const KEEP_ALIVE: &[u8] = b": keep-alive\n";

/// A buffer of blocks that were not sent yet.
#[derive(Debug, Default)]
pub(crate) struct EventBuffer {
    bytes: Vec<u8>,
    /// Whether the first block was added.
    started: bool,
}

impl EventBuffer {
    /// Adds an event with the cursor from which a reader that reconnects continues; `None` is the start of the
    /// session.
    ///
    /// The id follows the data: some clients (fetch-event-source) reconnect with an id as soon as they have its
    /// line, and would lose the event if the connection broke before the data arrived.
    pub(crate) fn push_at(&mut self, cursor: Option<Cursor>, event: &impl Serialize) {
        self.push_data(event);
        match cursor {
            // writing to memory does not fail
            Some(cursor) => drop(write!(self.bytes, "id: {cursor}\n\n")),
            None => self.bytes.extend_from_slice(b"id:\n\n"),
        }
    }

    /// Adds an event without a cursor.
    pub(crate) fn push(&mut self, event: &impl Serialize) {
        self.push_data(event);
        self.bytes.push(b'\n');
    }

    fn push_data(&mut self, event: &impl Serialize) {
        if !std::mem::replace(&mut self.started, true) {
            self.bytes.extend_from_slice(b"retry: 1000\n");
        }
        self.bytes.extend_from_slice(b"data: ");
        // compact JSON has no line feeds, and events are plain data
        if to_writer(&mut self.bytes, event).is_err() {
            tracing::error!("an event could not be serialized");
        }
        self.bytes.push(b'\n');
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Removes and returns the bytes in the buffer; `None` if it is empty.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        let bytes = std::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then(|| bytes.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::event::Event;
    use burdock::log::{Epoch, Offset};

    #[test]
    fn blocks_have_one_line_of_data_and_an_id_and_the_first_one_has_a_retry_delay() {
        let mut buffer = EventBuffer::default();
        let cursor = Cursor { epoch: Epoch(2), offset: Offset(7) };
        buffer.push_at(Some(cursor), &Event::RunEnded);
        buffer.push_at(None, &Event::rewound(None));
        buffer.push(&Event::RunFailed { node: "a".into(), error: "two\nlines".into() });
        let text = String::from_utf8(buffer.take().unwrap().to_vec()).unwrap();
        assert_eq!(
            text,
            "retry: 1000\ndata: {\"type\":\"run_ended\"}\nid: 2.7\n\n\
             data: {\"type\":\"rewound\"}\nid:\n\n\
             data: {\"type\":\"run_failed\",\"node\":\"a\",\"error\":\"two\\nlines\"}\n\n"
        );
        assert_eq!(buffer.take(), None);
    }
}
