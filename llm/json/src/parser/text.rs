//! Strings: their characters, escapes and ends.

use super::{
    Parser, Result,
    frame::{Class, Lex, Quote},
    values::write_char,
};
use crate::{
    change::Edit,
    report::{MismatchKind, RepairKind, quoted},
    schema::Shape,
};
use serde_json::Value;

/// What a string is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Key,
    /// A value that grows.
    Growing,
    /// A value that appears at its end: an enum variant, or a number in quotes.
    Held,
    /// Nothing: the value is discarded.
    Muted,
    /// Nothing: the string belongs to the text before the value.
    Skipped,
}

/// The string that is being read.
#[derive(Debug)]
pub(super) struct TextState {
    pub(super) purpose: Purpose,
    quote: Quote,
    /// Where it starts.
    pub(super) at: usize,
    /// An escape so far, from its backslash on.
    escape: String,
    escape_at: usize,
    /// Whether the last character was an apostrophe, or the end.
    pub(super) may_end: bool,
    /// Text for the next change.
    pending: String,
    /// Whether a change was emitted.
    is_shown: bool,
    /// Whether characters are counted, and how many there are.
    is_limited: bool,
    count: usize,
    /// The text so far, folded, if it is held.
    pub(super) folded: String,
}

impl Default for TextState {
    fn default() -> Self {
        Self {
            purpose: Purpose::Muted,
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
    fn begin(&mut self, quote: Quote, at: usize, purpose: Purpose) {
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
    pub(super) fn begin_text_key(&mut self, char: char, offset: usize) {
        self.key.clear();
        self.enter_text(char, offset, Purpose::Key);
    }

    /// Reads the start of a string that is a value.
    pub(super) fn begin_text(&mut self, char: char, offset: usize) -> Result {
        self.prepare(Class::Text, offset)?;
        if self.muted.is_some() {
            self.enter_text(char, offset, Purpose::Muted);
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
        self.text.begin(quote, offset, purpose);
        if quote != Quote::Double {
            self.repair(RepairKind::Quotes, offset);
        }
    }

    /// Lets the string grow: every alternative that is left is free text.
    fn grow_text(&mut self) {
        let schema = &self.schema.inner;
        self.alternatives.retain(|id| is_free_text(schema.shape(*id)));
        let is_limited = |shape: &Shape| matches!(shape, Shape::Text(text) if text.is_limited());
        self.text.is_limited = self.alternatives.iter().all(|id| is_limited(schema.shape(*id)));
        self.text.purpose = Purpose::Growing;
        self.begin_output();
        if self.depth == 0 {
            self.growth.commit();
        }
        self.json.push('"');
    }

    /// Skips the rest of a string that does not count.
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

    /// Reads a character that JSON writes as an escape, or may not have to.
    fn plain_char(&mut self, char: char, offset: usize) -> Result {
        if char < ' ' {
            self.repair(RepairKind::ControlCharacter, offset);
        }
        self.char(char, offset)
    }

    fn char(&mut self, char: char, offset: usize) -> Result {
        let mut raw = String::new();
        write_char(&mut raw, char);
        self.piece(char.encode_utf8(&mut [0; 4]), &raw, offset)
    }

    /// Takes a part of the string, and the same in JSON.
    fn piece(&mut self, decoded: &str, raw: &str, offset: usize) -> Result {
        match self.text.purpose {
            Purpose::Muted | Purpose::Skipped => {}
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

    /// Reads the next character of an escape. Returns where to continue.
    fn escape(&mut self, text: &str, at: usize) -> Result<usize> {
        let Some(char) = text[at..].chars().next() else { return Ok(at) };
        let (after, escape_at) = (at + char.len_utf8(), self.text.escape_at);
        let escape = &mut self.text.escape;
        match escape.len() {
            1 => match char {
                'u' => escape.push('u'),
                '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
                    escape.push(char);
                    self.end_escape(unescaped(char), 2)?;
                }
                _ => {
                    escape.clear();
                    self.repair(RepairKind::Escape, escape_at);
                    // a backslash before quotes is superfluous; elsewhere it may be a part of the text
                    if matches!(char, '\'' | '`' | '“' | '”' | '‘' | '’') {
                        self.char(char, self.offset + at)?;
                    } else {
                        self.char('\\', escape_at)?;
                        return Ok(at);
                    }
                }
            },
            6 if char == '\\' => escape.push('\\'),
            7 if char == 'u' => escape.push('u'),
            6 | 7 => {
                self.lone_surrogate()?;
                return Ok(at);
            }
            len if char.is_ascii_hexdigit() => {
                escape.push(char);
                match len {
                    5 => self.end_code(0)?,
                    11 => self.end_pair()?,
                    _ => {}
                }
            }
            8.. => {
                self.lone_surrogate()?;
                return Ok(at);
            }
            _ => {
                let text = std::mem::take(escape);
                self.repair(RepairKind::Escape, escape_at);
                self.piece(&text, &format!("\\{text}"), escape_at)?;
                return Ok(at);
            }
        }
        Ok(after)
    }

    /// Ends `\uXXXX`; the first half of a pair waits for the second.
    fn end_code(&mut self, from: usize) -> Result {
        let code = code(&self.text.escape[from..]);
        match char::from_u32(code) {
            Some(char) => self.end_escape(char, 6),
            None if code < 0xdc00 => Ok(()),
            None => self.lone_surrogate(),
        }
    }

    /// Ends `\uXXXX\uXXXX`.
    fn end_pair(&mut self) -> Result {
        let (high, low) = (code(&self.text.escape), code(&self.text.escape[6..]));
        if (0xdc00..0xe000).contains(&low) {
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return self.end_escape(char::from_u32(code).unwrap_or('\u{fffd}'), 12);
        }
        self.lone_surrogate()?;
        self.end_code(0)
    }

    /// Takes the first `len` bytes of the escape, which are valid JSON, as a character.
    fn end_escape(&mut self, char: char, len: usize) -> Result {
        let escape = std::mem::take(&mut self.text.escape);
        let result = self.piece(char.encode_utf8(&mut [0; 4]), &escape[..len], self.text.escape_at);
        self.text.escape = escape;
        self.text.escape.clear();
        result
    }

    /// Replaces the first `\uXXXX`, which is half of a pair.
    fn lone_surrogate(&mut self) -> Result {
        let at = self.text.escape_at;
        self.repair(RepairKind::Escape, at);
        self.text.escape.drain(..6);
        self.text.escape_at += 6;
        self.char('\u{fffd}', at)
    }

    /// Ends the string at its closing delimiter.
    pub(super) fn end_text(&mut self) -> Result {
        self.lex = Lex::Between;
        self.text.escape.clear();
        match self.text.purpose {
            Purpose::Muted => self.complete(true),
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

    /// Emits the text of a chunk.
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

    /// Takes a part of a string that is held, while it can still become a variant or a number.
    fn hold_text(&mut self, decoded: &str, offset: usize) -> Result {
        /// Longer ones are not numbers.
        const LONGEST: usize = 64;
        let start = self.token.len();
        self.token.push_str(decoded);
        let folded = self.text.folded.len();
        crate::names::fold_into(decoded, &mut self.text.folded);
        let schema = &self.schema.inner;
        let shapes = || self.alternatives.iter().map(|id| schema.shape(*id));
        let may_be_variant = |folded: &str| {
            shapes().any(|shape| match shape {
                Shape::Text(text) => {
                    text.variants.as_ref().is_some_and(|names| names.may_start_with(folded))
                }
                _ => false,
            })
        };
        if may_be_variant(&self.text.folded) {
            return Ok(());
        }
        if shapes().any(is_free_text) {
            self.grow_text();
            let token = std::mem::take(&mut self.token);
            for char in token.chars() {
                self.char(char, offset)?;
            }
            return Ok(());
        }
        let may_be_scalar = shapes().any(|shape| !matches!(shape, Shape::Text(_)));
        if may_be_scalar && self.token.len() <= LONGEST {
            return Ok(());
        }
        let end = if may_be_scalar {
            LONGEST
        } else {
            let mut prefix = self.text.folded[..folded].to_owned();
            let is_last = |char: &(usize, char)| {
                crate::names::fold_into(&decoded[char.0..char.0 + char.1.len_utf8()], &mut prefix);
                !may_be_variant(&prefix)
            };
            start + decoded.char_indices().find(is_last).map_or(0, |(index, _)| index)
        };
        let end = self.token.floor_char_boundary(end);
        let char = self.token[end..].chars().next().map_or(0, char::len_utf8);
        self.reached = self.reached.max(offset + end.saturating_sub(start));
        let at = if may_be_scalar { self.text.at } else { offset + end.saturating_sub(start) };
        let found = format!("\"{}", &self.token[..end + char]);
        if self.ignore_member() {
            self.text.purpose = Purpose::Muted;
            return Ok(());
        }
        let expected = self.schema.inner.expected(&self.alternatives);
        Err(self.mismatch(MismatchKind::Type, at, expected, quoted(&found)))
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

/// Returns how many bytes from the start on are neither a delimiter, nor an escape, nor a control
/// character.
fn run(bytes: &[u8], quote: Quote) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let is_special = |byte: u8| match quote {
        Quote::Double => matches!(byte, b'"' | b'\\' | 0..0x20),
        Quote::Single => matches!(byte, b'\'' | b'"' | b'\\' | 0..0x20),
        // the first byte of the closing ones
        Quote::CurlyDouble | Quote::CurlySingle => matches!(byte, 0xe2 | b'"' | b'\\' | 0..0x20),
    };
    let mut at = 0;
    if quote == Quote::Double {
        // eight at a time: a high bit is set for each byte that may be special
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

fn unescaped(char: char) -> char {
    match char {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

/// Returns the code of `\uXXXX`.
fn code(escape: &str) -> u32 {
    escape.get(2..6).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xfffd)
}
