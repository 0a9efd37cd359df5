//! Regular expressions for integers that JavaScript would round, as strings of their digits.

use crate::json::MAX_SAFE;

/// Returns the pattern for numbers of `u64`.
pub(super) fn unsigned() -> String {
    format!("^({})$", beyond_safe(&u64::MAX.to_string()))
}

/// Returns the pattern for numbers of `i64`.
pub(super) fn signed() -> String {
    let (largest, smallest) = (i64::MAX.to_string(), i64::MIN.unsigned_abs().to_string());
    format!("^({}|-({}))$", beyond_safe(&largest), beyond_safe(&smallest))
}

/// Returns the pattern for numbers of either type.
pub(super) fn any() -> String {
    let (largest, smallest) = (u64::MAX.to_string(), i64::MIN.unsigned_abs().to_string());
    format!("^({}|-({}))$", beyond_safe(&largest), beyond_safe(&smallest))
}

/// Returns the pattern for the digits of numbers beyond the safe ones, up to `most`, which has more digits.
fn beyond_safe(most: &str) -> String {
    let first = (MAX_SAFE + 1).to_string();
    let between = format!("[1-9][0-9]{{{},{}}}", first.len(), most.len() - 2);
    format!("{}|{between}|{}", at_least(&first), at_most(most))
}

/// Returns the pattern for numbers from `first` on that have as many digits.
fn at_least(first: &str) -> String {
    alternatives(first, |_, digit| (digit < 9).then(|| (digit + 1, 9)))
}

/// Returns the pattern for numbers up to `last` that have as many digits.
fn at_most(last: &str) -> String {
    alternatives(last, |place, digit| {
        let from = u8::from(place == 0);
        (digit > from).then(|| (from, digit - 1))
    })
}

/// Returns the pattern for a number, and for numbers whose first different digit is in a range.
fn alternatives(number: &str, differing: impl Fn(usize, u8) -> Option<(u8, u8)>) -> String {
    let mut alternatives = vec![number.to_owned()];
    for (place, digit) in number.bytes().enumerate() {
        if let Some((from, to)) = differing(place, digit - b'0') {
            let (before, behind) = (&number[..place], number.len() - place - 1);
            alternatives.push(format!("{before}[{from}-{to}][0-9]{{{behind}}}"));
        }
    }
    alternatives.join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether a pattern of this module matches a text.
    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = pattern.trim_start_matches("^(").trim_end_matches(")$");
        let (positive, negative) = match pattern.split_once("|-(") {
            Some((positive, negative)) => (positive, negative.trim_end_matches(')')),
            None => (pattern, ""),
        };
        match text.strip_prefix('-') {
            Some(digits) => negative.split('|').any(|one| matches_one(one, digits)),
            None => positive.split('|').any(|one| matches_one(one, text)),
        }
    }

    /// Matches literal digits, ranges, and repeated ranges.
    fn matches_one(mut pattern: &str, text: &str) -> bool {
        let mut left = text.as_bytes();
        while !pattern.is_empty() {
            let Some(rest) = pattern.strip_prefix('[') else {
                if left.first() != pattern.as_bytes().first() {
                    return false;
                }
                (pattern, left) = (&pattern[1..], &left[1..]);
                continue;
            };
            let (range, rest) = rest.split_once(']').unwrap_or_default();
            let range = range.as_bytes()[0]..=range.as_bytes()[2];
            let (counts, rest) = match rest.strip_prefix('{') {
                Some(rest) => rest.split_once('}').unwrap_or_default(),
                None => ("1", rest),
            };
            let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
            let count = left.iter().take_while(|digit| range.contains(digit)).count();
            let (least, most) = (least.parse().unwrap_or(0), most.parse().unwrap_or(0));
            let taken = count.min(most);
            if taken < least {
                return false;
            }
            (pattern, left) = (rest, &left[taken..]);
        }
        left.is_empty()
    }

    #[test]
    fn patterns_match_exactly_the_strings_that_the_server_sends() {
        let (unsigned, signed, any) = (unsigned(), signed(), any());
        for (text, expected) in [
            ("0", [false; 3]),
            ("-1", [false; 3]),
            ("9007199254740991", [false; 3]),
            ("09007199254740992", [false; 3]),
            ("9007199254740992", [true; 3]),
            ("9999999999999999", [true; 3]),
            ("12345678901234567", [true; 3]),
            ("9223372036854775807", [true; 3]),
            ("9223372036854775808", [true, false, true]),
            ("18446744073709551615", [true, false, true]),
            ("18446744073709551616", [false; 3]),
            ("99999999999999999999", [false; 3]),
            ("-9007199254740991", [false; 3]),
            ("-9007199254740992", [false, true, true]),
            ("-9223372036854775808", [false, true, true]),
            ("-9223372036854775809", [false; 3]),
        ] {
            let taken = [&unsigned, &signed, &any].map(|pattern| matches(pattern, text));
            assert_eq!(taken, expected, "{text}");
        }
    }
}
