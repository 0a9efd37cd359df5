//! Streams of one JSON object per line, as sent by Ollama and Cohere.

use super::{
    fault::Fault,
    last::is_last_line,
    reader::{Out, State, is_error},
};

/// Forwards complete lines, up to the limit.
#[derive(Debug)]
pub(super) struct Lines {
    limit: usize,
    line: Vec<u8>,
    /// Whether the last line of the protocol has arrived.
    is_complete: bool,
}

impl Lines {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), is_complete: false }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Out) -> Result<(), Fault> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + part.len() > self.limit {
                return Err(Fault::Oversized { what: "a line", limit: self.limit });
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line(out)?;
            }
        }
        Ok(())
    }

    /// Forwards the last line, which may lack its line feed.
    pub(super) fn end_line(&mut self, out: &mut Out) -> Result<(), Fault> {
        let line =
            String::from_utf8(std::mem::take(&mut self.line)).map_err(|_| Fault::InvalidUtf8)?;
        let text = line.trim();
        if text.is_empty() {
            return Ok(());
        }
        if is_error(text) {
            return Err(Fault::Reported(text.to_owned()));
        }
        if !text.starts_with('{') {
            return Err(Fault::NotAStream(text.to_owned()));
        }
        self.is_complete |= is_last_line(text);
        out.push_back(format!("{text}\n").into());
        Ok(())
    }

    /// Returns whether the answer is complete when the connection ends.
    pub(super) fn state(&self) -> State {
        if self.is_complete { State::Complete } else { State::Incomplete }
    }
}
