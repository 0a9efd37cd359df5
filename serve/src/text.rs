//! Untrusted text, escaped and shortened for one line of a response or of the trace output.

use std::error::Error;

/// Maximum length of a line, in characters.
const LINE: usize = 500;

/// Returns the first non-empty line of a text, trimmed, escaped and shortened.
pub(crate) fn first_line(text: &str) -> String {
    let line = text.split(is_line_end).map(str::trim).find(|line| !line.is_empty());
    one_line(line.unwrap_or_default())
}

/// Returns a text as one line: escapes characters that end a line, control a terminal or change the direction of
/// text, and truncates long texts.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(2 * LINE));
    for (index, char) in text.chars().enumerate() {
        if index == LINE {
            line.push('…');
            break;
        }
        if changes_display(char) {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}

/// Returns an error and its sources in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line}: {error}");
        source = error.source();
    }
    line
}

fn is_line_end(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn changes_display(char: char) -> bool {
    char.is_control()
        || is_line_end(char)
        || matches!(char,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_is_kept() {
        for (text, line) in [
            ("one", "one"),
            ("one\ntwo", "one"),
            ("\r\n  one \r\ntwo", "one"),
            ("one\u{2028}two", "one"),
            ("", ""),
            ("\n\n", ""),
        ] {
            assert_eq!(first_line(text), line, "{text:?}");
        }
    }

    #[test]
    fn characters_that_change_what_is_displayed_are_escaped() {
        assert_eq!(one_line("a\nb\u{1b}[31m\u{202e}c\0"), "a\\nb\\u{1b}[31m\\u{202e}c\\u{0}");
        let plain = "it's \"plain\": ä, 漢字, हिन्दी, 👩‍👩‍👧 and \\";
        assert_eq!(one_line(plain), plain);
    }

    #[test]
    fn long_lines_are_truncated() {
        let line = one_line(&"ä".repeat(10_000));
        assert_eq!(line, format!("{}…", "ä".repeat(LINE)));
        assert_eq!(one_line(&"x".repeat(LINE)), "x".repeat(LINE));
    }
}
