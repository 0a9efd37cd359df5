//! Escapes in strings. A chunk may end anywhere inside one.

use super::{Parser, Result};
use crate::report::RepairKind;

impl Parser {
    /// Reads the next character of an escape. Returns where to continue.
    pub(super) fn escape(&mut self, text: &str, at: usize) -> Result<usize> {
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
                    // a backslash before quotes is superfluous; elsewhere it may belong to the text
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

    /// Ends `\uXXXX`. A high surrogate waits for the low one.
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

    /// Consumes the first `len` bytes of the escape, which are valid JSON, as a character.
    fn end_escape(&mut self, char: char, len: usize) -> Result {
        let escape = std::mem::take(&mut self.text.escape);
        let result = self.piece(char.encode_utf8(&mut [0; 4]), &escape[..len], self.text.escape_at);
        self.text.escape = escape;
        self.text.escape.clear();
        result
    }

    /// Replaces the first `\uXXXX`, which is an unpaired surrogate.
    fn lone_surrogate(&mut self) -> Result {
        let at = self.text.escape_at;
        self.repair(RepairKind::Escape, at);
        self.text.escape.drain(..6);
        self.text.escape_at += 6;
        self.char('\u{fffd}', at)
    }
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
