//! A decoder of event streams with a size limit.
//!
//! It follows the HTML standard (LF, CRLF and CR line ends, a byte-order mark, comments, data on
//! several lines), and is lenient at the end: a last event without its blank line is accepted if it is
//! complete. A document instead of an event stream is kept as a whole.

use super::fault::Fault;
use std::mem;

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
    /// Whether the stream ended before the event did.
    pub(super) is_open: bool,
}

/// The remainder at the end of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Nothing,
    Event(Event),
    /// JSON, HTML or plain text instead of events.
    Document(String),
}

/// Decodes bytes, in chunks of any size.
#[derive(Debug)]
pub(super) struct Decoder {
    limit: usize,
    line: Vec<u8>,
    name: Vec<u8>,
    data: Option<Vec<u8>>,
    after_cr: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Before the first line.
    Start,
    /// Only comments and unknown fields so far; the first of them may be plain text.
    Undecided(Option<Vec<u8>>),
    Events,
    Document(Vec<u8>),
}

impl Decoder {
    /// Creates a decoder that buffers at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            name: Vec::new(),
            data: None,
            after_cr: false,
            state: State::Start,
        }
    }

    /// Decodes more bytes, and appends the events that they complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Fault> {
        if !bytes.is_empty() && mem::take(&mut self.after_cr) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.extend_line(line)?;
            self.after_cr = rest == b"\r";
            let ending = if rest.starts_with(b"\r\n") { 2 } else { 1 };
            bytes = rest.get(ending..).unwrap_or_default();
            events.extend(self.end_line()?);
        }
        self.extend_line(bytes)
    }

    /// Ends the stream.
    pub(super) fn finish(mut self) -> Result<Rest, Fault> {
        // an incomplete character at the end is dropped
        let whole = match str::from_utf8(&self.line) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.line.len(),
        };
        self.line.truncate(whole);
        let event = if self.line.is_empty() { None } else { self.end_line()? };
        if let State::Document(text) | State::Undecided(Some(text)) = self.state {
            return Ok(Rest::Document(String::from_utf8_lossy(&text).into_owned()));
        }
        let event = match event {
            Some(event) => Some(event),
            None => self.dispatch()?,
        };
        Ok(event.map_or(Rest::Nothing, |event| Rest::Event(Event { is_open: true, ..event })))
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let kept = match &self.state {
            State::Document(text) => text.len(),
            _ => self.data.as_ref().map_or(0, Vec::len),
        };
        if kept + self.line.len() + bytes.len() > self.limit {
            return Err(Fault::Oversized { what: "a line or an event", limit: self.limit });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<Event>, Fault> {
        let mut line = mem::take(&mut self.line);
        if matches!(self.state, State::Start) {
            if line.starts_with("\u{feff}".as_bytes()) {
                line.drain(..3);
            }
            self.state = State::Undecided(None);
        }
        if let State::Document(text) = &mut self.state {
            text.append(&mut line);
            text.push(b'\n');
            return Ok(None);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        self.field(line);
        Ok(None)
    }

    fn field(&mut self, line: Vec<u8>) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (&line[..], &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            b"event" => self.name = value.to_vec(),
            // a comment, or a field for clients that reconnect
            b"" | b"id" | b"retry" => {}
            _ => self.unknown(line),
        }
    }

    fn unknown(&mut self, line: Vec<u8>) {
        let State::Undecided(first) = &mut self.state else { return };
        match line.trim_ascii_start().first() {
            Some(b'{' | b'[' | b'<') if self.data.is_none() => {
                self.state = State::Document(line);
                if let State::Document(text) = &mut self.state {
                    text.push(b'\n');
                }
            }
            Some(_) if first.is_none() => *first = Some(line),
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Result<Option<Event>, Fault> {
        let (name, data) = (mem::take(&mut self.name), self.data.take());
        // an error event is dispatched even without data
        if data.is_none() && name != b"error" {
            return Ok(None);
        }
        self.state = State::Events;
        let text = |bytes| String::from_utf8(bytes).map_err(|_| Fault::InvalidUtf8);
        let event =
            Event { name: text(name)?, data: text(data.unwrap_or_default())?, is_open: false };
        Ok(Some(event))
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Event, Rest};
    use crate::provider::relay::fault::Fault;

    fn decode(chunks: &[&[u8]]) -> Result<(Vec<Event>, Rest), Fault> {
        let (mut decoder, mut events) = (Decoder::new(100), Vec::new());
        for chunk in chunks {
            decoder.push(chunk, &mut events)?;
        }
        Ok((events, decoder.finish()?))
    }

    #[test]
    fn events_are_equal_for_every_split_of_their_bytes() {
        let stream =
            "\u{feff}: hi\r\n\rdata: ä\r\ndata:b\n\nevent: x\rdata\r\r\ndata: 😀\n\nevent: y";
        let bytes = stream.as_bytes();
        let whole = decode(&[bytes]);
        let events = whole.as_ref().map(|(events, _)| events.as_slice()).unwrap_or_default();
        let texts: Vec<&str> = events.iter().map(|event| event.data.as_str()).collect();
        assert_eq!(texts, ["ä\nb", "", "😀"]);
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let split = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(decode(&split), whole, "{first}, {second}");
            }
        }
    }

    #[test]
    fn stream_ends_with_an_event_a_document_or_nothing() {
        let event = |data: &str| {
            Rest::Event(Event { data: data.to_owned(), is_open: true, ..Event::default() })
        };
        for (stream, expected) in [
            ("data: a", event("a")),
            ("data: a\n", event("a")),
            ("data: a\n\n", Rest::Nothing),
            (": a\n\nunknown", Rest::Document("unknown".to_owned())),
            ("data: a\n\nunknown", Rest::Nothing),
            ("{\n\n}", Rest::Document("{\n\n}\n".to_owned())),
            ("\n\n <p>\ndata: a\n\n", Rest::Document(" <p>\ndata: a\n\n".to_owned())),
            ("", Rest::Nothing),
        ] {
            let rest = decode(&[stream.as_bytes()]).map(|(_, rest)| rest);
            assert_eq!(rest, Ok(expected), "{stream:?}");
        }
        assert_eq!(decode(&[b"data: a\xc3"]), Ok((Vec::new(), event("a"))));
        assert_eq!(decode(&[b"data: \xff\n\n"]).err(), Some(Fault::InvalidUtf8));
    }

    #[test]
    fn lines_events_and_documents_are_bounded() {
        let long = "x".repeat(101);
        let short = "x".repeat(80);
        for stream in [
            long.clone(),
            format!("data: {long}\n\n"),
            format!("data: {short}\ndata: {short}\n\n"),
            format!("{{\n{short}\n{short}"),
        ] {
            let error = decode(&[stream.as_bytes()]).err();
            assert!(matches!(error, Some(Fault::Oversized { limit: 100, .. })), "{stream}");
        }
        assert!(decode(&[format!("data: {short}\n\n").repeat(50).as_bytes()]).is_ok());
    }
}
