//! Strings: their characters, escapes and ends.

use super::{
    Parser, Result,
    frame::{Class, Lex, Quote},
    values::write_char,
};
use crate::{
    change::Edit,
    report::{MismatchKind, RepairKind},
    schema::Shape,
};
use serde_json::Value;

/// The purpose of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Key,
    /// A value that grows.
    Growing,
    /// A value that is emitted at its end: an enum variant, or a number in quotes.
    Held,
    /// A value that is discarded.
    Discarded,
    /// A part of the text before the value.
    Skipped,
}

/// The string that is being read.
#[derive(Debug)]
pub(super) struct TextState {
    pub(super) purpose: Purpose,
    quote: Quote,
    /// Position of the start of the string.
    pub(super) at: usize,
    /// The escape so far, including its backslash.
    pub(super) escape: String,
    pub(super) escape_at: usize,
    /// Whether the last character was an apostrophe, which may be the end of the string.
    pub(super) may_end: bool,
    /// Text for the next change.
    pending: String,
    /// Whether a change was emitted.
    is_shown: bool,
    /// Whether characters are counted, and their number.
    is_limited: bool,
    count: usize,
    /// The text so far, folded, if the string is held.
    pub(super) folded: String,
}

impl Default for TextState {
    fn default() -> Self {
        Self {
            purpose: Purpose::Discarded,
            quote: Quote::Double,
            at: 0,
            escape: String::new(),
            escape_at: 0,
            may_end: false,
            pending: String::new(),
            is_shown: false,
            is_limited: false,
            count: 0,
            folded: String::new(),
        }
    }
}

impl TextState {
    fn start(&mut self, quote: Quote, at: usize, purpose: Purpose) {
        (self.quote, self.at, self.purpose) = (quote, at, purpose);
        self.escape.clear();
        self.may_end = false;
        self.pending.clear();
        self.is_shown = false;
        self.is_limited = false;
        self.count = 0;
        self.folded.clear();
    }
}

impl Parser {
    pub(super) fn start_text_key(&mut self, char: char, offset: usize) {
        self.key.clear();
        self.enter_text(char, offset, Purpose::Key);
    }

    /// Reads the start of a string value.
    pub(super) fn start_text(&mut self, char: char, offset: usize) -> Result {
        self.prepare(Class::Text, offset)?;
        if self.discarded.is_some() {
            self.enter_text(char, offset, Purpose::Discarded);
            return Ok(());
        }
        self.token.clear();
        let schema = &self.schema.inner;
        let texts = || self.alternatives.iter().map(|id| schema.shape(*id));
        let has_variants =
            texts().any(|shape| matches!(shape, Shape::Text(text) if text.variants.is_some()));
        if has_variants || !texts().any(is_free_text) {
            self.enter_text(char, offset, Purpose::Held);
            return Ok(());
        }
        self.enter_text(char, offset, Purpose::Growing);
        self.grow_text();
        Ok(())
    }

    fn enter_text(&mut self, char: char, offset: usize, purpose: Purpose) {
        let quote = Quote::of(char).unwrap_or(Quote::Double);
        self.lex = Lex::Text;
        self.text.start(quote, offset, purpose);
        if quote != Quote::Double {
            self.repair(RepairKind::Quotes, offset);
        }
    }

    /// Starts to emit the string: all remaining alternatives are free text.
    pub(super) fn grow_text(&mut self) {
        let schema = &self.schema.inner;
        self.alternatives.retain(|id| is_free_text(schema.shape(*id)));
        let is_limited = |shape: &Shape| matches!(shape, Shape::Text(text) if text.is_limited());
        self.text.is_limited = self.alternatives.iter().all(|id| is_limited(schema.shape(*id)));
        self.text.purpose = Purpose::Growing;
        self.start_output();
        if self.depth == 0 {
            self.growth.commit();
        }
        self.json.push('"');
    }

    /// Skips the rest of a string that belongs to a rejected value.
    pub(super) fn skip_text(&mut self) -> Lex {
        if self.text.quote != Quote::Double {
            return Lex::Between;
        }
        self.text.escape.clear();
        self.text.purpose = Purpose::Skipped;
        Lex::Text
    }

    /// Reads characters of a string.
    pub(super) fn text(&mut self, text: &str, mut at: usize) -> Result<usize> {
        while at < text.len() {
            self.reached = self.offset + at;
            if !self.text.escape.is_empty() {
                at = self.escape(text, at)?;
                continue;
            }
            if !self.text.may_end {
                let run = run(&text.as_bytes()[at..], self.text.quote);
                if run > 0 {
                    let piece = &text[at..at + run];
                    self.piece(piece, piece, self.offset + at)?;
                    at += run;
                }
            }
            let Some(char) = text[at..].chars().next() else { break };
            let offset = self.offset + at;
            self.reached = offset;
            if self.text.may_end {
                if !char.is_alphanumeric() {
                    self.end_text()?;
                    return Ok(at);
                }
                self.text.may_end = false;
                self.piece("'", "'", offset - 1)?;
                continue;
            }
            at += char.len_utf8();
            if self.text.quote.is_closed_by(char) {
                if !self.text.quote.is_ambiguous() {
                    self.reached = self.offset + at;
                    self.end_text()?;
                    return Ok(at);
                }
                self.text.may_end = true;
            } else if char == '\\' {
                self.text.escape.push('\\');
                self.text.escape_at = offset;
            } else {
                self.plain_char(char, offset)?;
            }
        }
        Ok(at)
    }

    /// Reads a character that JSON writes as an escape, or may.
    fn plain_char(&mut self, char: char, offset: usize) -> Result {
        if char < ' ' {
            self.repair(RepairKind::ControlCharacter, offset);
        }
        self.char(char, offset)
    }

    pub(super) fn char(&mut self, char: char, offset: usize) -> Result {
        let mut raw = String::new();
        write_char(&mut raw, char);
        self.piece(char.encode_utf8(&mut [0; 4]), &raw, offset)
    }

    /// Adds a part of the string, decoded and as JSON.
    pub(super) fn piece(&mut self, decoded: &str, raw: &str, offset: usize) -> Result {
        match self.text.purpose {
            Purpose::Discarded | Purpose::Skipped => {}
            Purpose::Key => self.key.push_str(decoded),
            Purpose::Held => self.hold_text(decoded, offset)?,
            Purpose::Growing => {
                if self.text.is_limited {
                    self.count(decoded, offset)?;
                }
                self.json.push_str(raw);
                if !self.growth.is_quiet() {
                    self.text.pending.push_str(decoded);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, decoded: &str, offset: usize) -> Result {
        let before = self.text.count;
        self.text.count += decoded.chars().count();
        let (schema, count) = (&self.schema.inner, self.text.count);
        let max = |id| match schema.shape(id) {
            Shape::Text(text) => text.max,
            _ => usize::MAX,
        };
        let most = self.alternatives.iter().map(|id| max(*id)).max().unwrap_or(0);
        if count <= most {
            self.alternatives.retain(|id| max(*id) >= count);
            return Ok(());
        }
        let end = decoded.char_indices().nth(most - before).map_or(0, |(index, _)| index);
        if !self.growth.is_quiet() {
            self.text.pending.push_str(&decoded[..end]);
        }
        let expected = schema.expected(&self.alternatives);
        Err(self.mismatch(MismatchKind::Type, offset + end, expected, "a longer one"))
    }

    /// Ends the string at its closing delimiter.
    pub(super) fn end_text(&mut self) -> Result {
        self.lex = Lex::Between;
        self.text.escape.clear();
        match self.text.purpose {
            Purpose::Discarded => self.complete(true),
            Purpose::Skipped => {}
            Purpose::Key => return self.end_key(self.text.at),
            Purpose::Held => return self.end_held(),
            Purpose::Growing => {
                self.show_text(false);
                self.check_length()?;
                self.json.push('"');
                self.complete(true);
            }
        }
        Ok(())
    }

    fn check_length(&mut self) -> Result {
        if !self.text.is_limited {
            return Ok(());
        }
        let (schema, count) = (&self.schema.inner, self.text.count);
        let fits = |shape: &Shape| !matches!(shape, Shape::Text(text) if count < text.min);
        if self.alternatives.iter().any(|id| fits(schema.shape(*id))) {
            self.alternatives.retain(|id| fits(schema.shape(*id)));
            return Ok(());
        }
        let expected = schema.expected(&self.alternatives);
        let found = format!("{count} characters");
        Err(self.mismatch(MismatchKind::Type, self.text.at, expected, found))
    }

    /// Emits the text read from a chunk.
    pub(super) fn flush_text(&mut self) {
        if self.lex == Lex::Text && self.text.purpose == Purpose::Growing {
            self.show_text(true);
        }
    }

    fn show_text(&mut self, is_open: bool) {
        if self.growth.is_quiet() || (self.text.is_shown && self.text.pending.is_empty()) {
            return;
        }
        let text = std::mem::take(&mut self.text.pending);
        if self.text.is_shown {
            self.growth.emit(Edit::Append(text));
            return;
        }
        self.text.is_shown = true;
        self.emit_value(Value::String(text));
        self.settle();
        if is_open {
            self.push_index();
        }
    }
}

/// Returns whether any text fits the shape.
pub(super) fn is_free_text(shape: &Shape) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Text(text) => text.variants.is_none(),
        _ => false,
    }
}

/// Returns the number of leading bytes that are neither a delimiter, nor an escape, nor a control
/// character.
fn run(bytes: &[u8], quote: Quote) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let is_special = |byte: u8| match quote {
        Quote::Double => matches!(byte, b'"' | b'\\' | 0..0x20),
        Quote::Single => matches!(byte, b'\'' | b'"' | b'\\' | 0..0x20),
        // the first byte of the closing delimiters
        Quote::CurlyDouble | Quote::CurlySingle => matches!(byte, 0xe2 | b'"' | b'\\' | 0..0x20),
    };
    let mut at = 0;
    if quote == Quote::Double {
        // eight bytes at a time: the high bit is set in each byte that may be special
        while let Some(&eight) = bytes[at..].first_chunk::<8>() {
            let eight = u64::from_le_bytes(eight);
            let equals = |byte: u8| {
                let zeros = eight ^ (ONES * u64::from(byte));
                zeros.wrapping_sub(ONES) & !zeros
            };
            let control = eight.wrapping_sub(ONES * 0x20) & !eight;
            if (equals(b'"') | equals(b'\\') | control) & HIGH != 0 {
                break;
            }
            at += 8;
        }
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}
