//! Messages of constant functions, whose panics are compile errors.

/// A message that is built in constant evaluation. A message that is too long is truncated and ends with `…`.
pub(crate) struct Text {
    bytes: [u8; Text::CAPACITY],
    length: usize,
}

impl Text {
    const CAPACITY: usize = 2048;
    const DOTS: &'static str = "…";

    pub(crate) const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], length: 0 }
    }

    pub(crate) const fn push(&mut self, text: &str) {
        let room = Self::CAPACITY - Self::DOTS.len();
        if self.length > room {
            return;
        }
        if self.length + text.len() > room {
            self.copy(Self::DOTS);
            self.length = Self::CAPACITY;
            return;
        }
        self.copy(text);
    }

    const fn copy(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.bytes[self.length] = bytes[at];
            self.length += 1;
            at += 1;
        }
    }

    pub(crate) const fn as_str(&self) -> &str {
        let mut end = self.length;
        while end > 0 && self.bytes[end - 1] == 0 {
            end -= 1;
        }
        match std::str::from_utf8(self.bytes.split_at(end).0) {
            Ok(text) => text,
            Err(_) => "the message is not UTF-8",
        }
    }
}

/// Returns whether two strings are equal, in constant evaluation.
pub(crate) const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}

/// The maximum number of names in a list of suggestions.
const LISTED: usize = 8;

/// The maximum length, in bytes, of names that are compared.
const LONGEST: usize = 48;

/// Appends a `help:` line for an unknown name, with the closest known name, or with all of them if there are few.
///
/// The macros make the same suggestions for the names that they know themselves.
pub(crate) const fn suggest(text: &mut Text, unknown: &str, kinds: &str, known: &[&str]) {
    if let Some(at) = closest(unknown, known) {
        text.push("\nhelp: did you mean `");
        text.push(known[at]);
        text.push("`");
    } else if !known.is_empty() && known.len() <= LISTED {
        text.push("\nhelp: the ");
        text.push(kinds);
        text.push(" are ");
        let mut at = 0;
        while at < known.len() {
            text.push(if at == 0 { "`" } else { ", `" });
            text.push(known[at]);
            text.push("`");
            at += 1;
        }
    }
}

/// Returns the index of the known name that is closest to `unknown`, or of the first such name. Returns `None` if
/// more than a third of the bytes differ.
pub(crate) const fn closest(unknown: &str, known: &[&str]) -> Option<usize> {
    let length = if unknown.len() < 3 { 3 } else { unknown.len() };
    let mut best = None;
    let mut least = length / 3 + 1;
    let mut at = 0;
    while at < known.len() {
        let distance = distance(unknown.as_bytes(), known[at].as_bytes());
        if distance < least && distance < unknown.len() {
            least = distance;
            best = Some(at);
        }
        at += 1;
    }
    best
}

/// Returns the Damerau-Levenshtein distance of two names, in bytes and ignoring ASCII case.
const fn distance(left: &[u8], right: &[u8]) -> usize {
    if left.len() > LONGEST || right.len() > LONGEST {
        return usize::MAX;
    }
    let mut before_last = [0; LONGEST + 1];
    let mut last = [0; LONGEST + 1];
    let mut column = 0;
    while column <= right.len() {
        last[column] = column;
        column += 1;
    }
    let mut row = 0;
    while row < left.len() {
        let mut current = [0; LONGEST + 1];
        current[0] = row + 1;
        column = 0;
        while column < right.len() {
            let same = left[row].eq_ignore_ascii_case(&right[column]);
            let mut best = least(last[column] + if same { 0 } else { 1 }, last[column + 1] + 1);
            best = least(best, current[column] + 1);
            if row > 0
                && column > 0
                && left[row].eq_ignore_ascii_case(&right[column - 1])
                && left[row - 1].eq_ignore_ascii_case(&right[column])
            {
                best = least(best, before_last[column - 1] + 1);
            }
            current[column + 1] = best;
            column += 1;
        }
        before_last = last;
        last = current;
        row += 1;
    }
    last[right.len()]
}

const fn least(left: usize, right: usize) -> usize {
    if left < right { left } else { right }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(unknown: &str, known: &[&str]) -> String {
        let mut text = Text::new();
        suggest(&mut text, unknown, "fields", known);
        text.as_str().to_owned()
    }

    #[test]
    fn closest_name_is_suggested() {
        let known = ["prompt", "count", "history"];
        assert_eq!(suggested("cuont", &known), "\nhelp: did you mean `count`");
        assert_eq!(suggested("Prompts", &known), "\nhelp: did you mean `prompt`");
    }

    #[test]
    fn short_list_of_names_is_suggested_if_none_is_close() {
        assert_eq!(
            suggested("reply", &["prompt", "count"]),
            "\nhelp: the fields are `prompt`, `count`"
        );
        assert_eq!(suggested("reply", &["x"; 9]), "");
        assert_eq!(suggested("reply", &[]), "");
    }

    #[test]
    fn macros_and_constant_evaluation_suggest_the_same_name() {
        let mut words = vec![String::new()];
        for length in 0..4 {
            let longest: Vec<String> =
                words.iter().filter(|word| word.chars().count() == length).cloned().collect();
            let longer = |word: &String| ['a', 'b', 'B', 'é'].map(|sign| format!("{word}{sign}"));
            words.extend(longest.iter().flat_map(longer));
        }
        words.extend([47, 48, 49].map(|length| "n".repeat(length)));
        words.extend(["previous_answer", "perviuos_answer", "previous_answers"].map(String::from));
        let known: Vec<String> = words.iter().rev().step_by(7).cloned().collect();
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        for unknown in &words {
            let here = closest(unknown, &names).map(|at| names[at]);
            assert_eq!(here, burdock_macros_shared::names::closest(unknown, &known), "{unknown}");
        }
    }

    #[test]
    fn message_that_is_too_long_ends_with_dots() {
        let mut text = Text::new();
        for _ in 0..Text::CAPACITY {
            text.push("name");
        }
        assert!(text.as_str().ends_with("name…"));
        assert!(text.as_str().len() <= Text::CAPACITY);
    }
}
