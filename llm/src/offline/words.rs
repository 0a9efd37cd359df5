//! Texts as words: comparison of prompts with tables, and splitting of answers.

/// Words that occur in almost any description.
pub(super) const COMMON: &str =
    "a an and at by for from get in is it its list of on or the this to with";

/// A text normalized for matching: lower-case words without punctuation and plurals.
pub(super) struct Words {
    /// Each word with a space before and after it, so that phrases can be found as substrings.
    text: String,
}

impl Words {
    pub(super) fn new(text: &str) -> Self {
        let mut words = String::from(" ");
        let text = text.to_lowercase().replace(['\'', '’'], "");
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                words.push_str(stem(word));
                words.push(' ');
            }
        }
        Self { text: words }
    }

    /// Returns whether this word or phrase occurs.
    pub(super) fn has(&self, phrase: &str) -> bool {
        self.text.contains(&Self::new(phrase).text)
    }

    /// Returns whether any of these words or phrases occurs.
    pub(super) fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.text.split_whitespace()
    }

    /// Returns the row of a table that fits best: the one whose cues cover the longest text.
    pub(super) fn best<'t, T>(&self, table: &'t [T], cues: fn(&T) -> &[&str]) -> Option<&'t T> {
        let score = |row: &T| -> usize {
            let known = cues(row).iter().filter(|cue| self.has(cue));
            known.map(|cue| cue.len()).sum()
        };
        let scored = table.iter().rev().map(|row| (score(row), row));
        let (score, row) = scored.max_by_key(|(score, _)| *score)?;
        (score > 0).then_some(row)
    }
}

fn stem(word: &str) -> &str {
    let plural = word.len() > 3 && !word.ends_with("ss");
    word.strip_suffix('s').filter(|_| plural).unwrap_or(word)
}

/// Splits a text into words, each with the whitespace that follows it. The pieces add up to the text.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for c in text.chars() {
        match pieces.last_mut() {
            Some(piece) if c.is_whitespace() || !piece.ends_with(char::is_whitespace) => {
                piece.push(c);
            }
            _ => pieces.push(c.into()),
        }
    }
    pieces
}

/// Returns the start of a text on one line, for quoting.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 14;
    let mut words = text.split_whitespace();
    let mut excerpt = words.by_ref().take(MOST).collect::<Vec<_>>().join(" ");
    if words.next().is_some() {
        excerpt.push_str(" …");
    }
    excerpt
}
