//! Punctuation and comments between tokens.

use super::{
    Parser, Result,
    frame::{Class, Kind, Lex, Next, Quote},
};
use crate::report::{MismatchKind, RepairKind};

impl Parser {
    /// Reads whitespace and the next character after it.
    pub(super) fn between(&mut self, text: &str, at: usize) -> Result<usize> {
        let rest = &text[at..];
        let spaces = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        let at = at + spaces.count();
        let Some(char) = text[at..].chars().next() else { return Ok(at) };
        let (offset, after) = (self.offset + at, at + char.len_utf8());
        match char {
            '/' => {
                self.lex = Lex::Slash;
                self.token_at = offset;
            }
            '#' => {
                self.lex = Lex::Line;
                self.repair(RepairKind::Comment, offset);
            }
            // a byte-order mark counts as whitespace
            _ if char.is_whitespace() || char == '\u{feff}' => {}
            _ => return self.token(text, at, char),
        }
        Ok(after)
    }

    /// Reads the token that starts with `char`.
    fn token(&mut self, text: &str, at: usize, char: char) -> Result<usize> {
        let (offset, after) = (self.offset + at, at + char.len_utf8());
        self.reached = offset;
        match (self.next, char) {
            (Next::FirstKey | Next::Key | Next::FirstElement | Next::Element, ',') => {
                self.repair(RepairKind::ExtraComma, offset);
            }
            (Next::FirstKey | Next::FirstElement | Next::Comma, '}' | ']') => {
                self.closer(char, offset)?;
            }
            (Next::Key | Next::Element, '}' | ']') => {
                self.repair(RepairKind::ExtraComma, offset);
                self.closer(char, offset)?;
            }
            (Next::FirstKey | Next::Key, _) => return self.start_key(text, at, char),
            (Next::Colon, ':') => self.next = Next::Value,
            (Next::Colon, _) => return Err(self.unexpected("`:`", char, offset)),
            (Next::Comma, ',') => self.next = self.after_comma(),
            (Next::Comma, _) => {
                self.missing_comma(char, offset)?;
                return self.token(text, at, char);
            }
            _ => return self.start_value(text, at, char),
        }
        Ok(after)
    }

    fn after_comma(&self) -> Next {
        match self.top() {
            Some(frame) if frame.kind == Kind::Object => Next::Key,
            _ => Next::Element,
        }
    }

    /// Accepts a missing comma before a quoted key or an element, where it is unambiguous.
    fn missing_comma(&mut self, char: char, offset: usize) -> Result {
        let next = self.after_comma();
        let is_clear = match next {
            Next::Key => Quote::of(char).is_some(),
            _ => Class::of(char).is_some(),
        };
        if !is_clear {
            let expected = if next == Next::Key { "`,` or `}`" } else { "`,` or `]`" };
            return Err(self.unexpected(expected, char, offset));
        }
        self.repair(RepairKind::MissingComma, offset);
        self.next = next;
        Ok(())
    }

    /// Closes the object or list that this bracket belongs to, and the unclosed ones inside it.
    fn closer(&mut self, char: char, offset: usize) -> Result {
        let kind = if char == '}' { Kind::Object } else { Kind::List };
        let open = &self.stack[..self.depth];
        let Some(frame) = open.iter().rposition(|frame| frame.kind == kind) else {
            let expected = if char == '}' { "`]`" } else { "`}`" };
            return Err(self.unexpected(expected, char, offset));
        };
        while self.depth > frame + 1 {
            self.repair(RepairKind::MissingBracket, offset);
            self.close(offset)?;
        }
        self.close(offset)
    }

    #[expect(clippy::unnecessary_box_returns, reason = "large errors are boxed")]
    pub(super) fn unexpected(
        &self,
        expected: &str,
        char: char,
        offset: usize,
    ) -> Box<crate::report::Mismatch> {
        self.mismatch(MismatchKind::Syntax, offset, expected, format!("`{char}`"))
    }

    pub(super) fn comment(&mut self, text: &str, at: usize) -> Result<usize> {
        let rest = &text.as_bytes()[at..];
        self.reached = self.offset + at;
        match self.lex {
            Lex::Slash => {
                self.lex = match rest[0] {
                    b'/' => Lex::Line,
                    b'*' => Lex::Block { star: false },
                    _ => {
                        self.lex = Lex::Between;
                        return Err(self.unexpected("a value", '/', self.token_at));
                    }
                };
                self.repair(RepairKind::Comment, self.token_at);
                Ok(at + 1)
            }
            Lex::Block { star } => {
                let mut star = star;
                for (index, byte) in rest.iter().enumerate() {
                    if star && *byte == b'/' {
                        self.lex = Lex::Between;
                        return Ok(at + index + 1);
                    }
                    star = *byte == b'*';
                }
                self.lex = Lex::Block { star };
                Ok(text.len())
            }
            _ => match rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                Some(index) => {
                    self.lex = Lex::Between;
                    Ok(at + index + 1)
                }
                None => Ok(text.len()),
            },
        }
    }
}
