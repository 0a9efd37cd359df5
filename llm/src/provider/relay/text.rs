//! Text whose characters may be split between two deltas.

use std::mem;

/// Joins the surrogates of a pair. An unpaired one becomes the replacement character.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    /// A high surrogate that waits for the low one.
    high: Option<u16>,
}

impl Joiner {
    /// Adds bytes: UTF-8 except for unpaired surrogates.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len());
        while let Some(place) = half(bytes) {
            let (whole, rest) = bytes.split_at(place);
            self.push_whole(whole, &mut text);
            let (half, rest) = rest.split_at(3.min(rest.len()));
            self.push_half(half, &mut text);
            bytes = rest;
        }
        self.push_whole(bytes, &mut text);
        text
    }

    /// Ends the text.
    pub(super) fn finish(&mut self) -> &'static str {
        if self.high.take().is_some() { "\u{fffd}" } else { "" }
    }

    fn push_whole(&mut self, bytes: &[u8], text: &mut String) {
        if !bytes.is_empty() {
            text.push_str(self.finish());
            text.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    fn push_half(&mut self, half: &[u8], text: &mut String) {
        let &[_, second, third] = half else { return };
        let unit = 0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f);
        if unit < 0xdc00 {
            text.push_str(self.finish());
            self.high = Some(unit);
            return;
        }
        let pair = mem::take(&mut self.high).map(|high| [high, unit]);
        let joined = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok());
        text.push(joined.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

/// Returns the index of the first surrogate.
fn half(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| matches!(pair, [0xed, 0xa0..=0xbf]))
}

#[cfg(test)]
mod tests {
    use super::Joiner;

    #[test]
    fn surrogates_are_joined_or_replaced() {
        const HIGH: &[u8] = b"\xed\xa0\xbd";
        const LOW: &[u8] = b"\xed\xb8\x80";
        let join = |parts: &[&[u8]]| {
            let mut joiner = Joiner::default();
            let text: String = parts.iter().map(|part| joiner.push(part)).collect();
            text + joiner.finish()
        };
        assert_eq!(join(&[b"a\xed\xa0\xbd", b"\xed\xb8\x80b"]), "a😀b");
        assert_eq!(join(&[HIGH, b"", LOW]), "😀");
        assert_eq!(join(&[HIGH]), "\u{fffd}");
        assert_eq!(join(&[LOW, b"a"]), "\u{fffd}a");
        assert_eq!(join(&[HIGH, HIGH, LOW]), "\u{fffd}😀");
        assert_eq!(join(&[HIGH, b"a", LOW]), "\u{fffd}a\u{fffd}");
        assert_eq!(join(&["퟿ \u{e000}".as_bytes()]), "퟿ \u{e000}");
    }
}
