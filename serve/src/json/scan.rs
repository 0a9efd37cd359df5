//! A check for numbers that `serde_json` would round, and for nesting that it does not read.

use std::fmt::{self, Write as _};

/// Maximum depth of nested arrays and objects, which is that of `serde_json`.
const MAX_DEPTH: usize = 127;

/// Maximum number of segments of a path in an error.
const MAX_SEGMENTS: usize = 16;

/// The reason why well-formed JSON is rejected, and its path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    path: String,
    fault: Fault,
}

#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Integer,
    Float,
    Depth,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        match self.fault {
            Fault::Integer => f.write_str(
                "an integer that does not fit in 64 bits: write a float with an exponent or a fraction",
            ),
            Fault::Float => f.write_str("a number that is too large for a 64-bit float"),
            Fault::Depth => write!(f, "nested too deeply: at most {MAX_DEPTH} levels are supported"),
        }
    }
}

/// One level of nesting.
#[derive(Clone, Copy)]
enum Level<'t> {
    Array(usize),
    /// With the source text of the current key, once there is one.
    Object(Option<&'t str>),
}

/// Checks well-formed JSON, without recursion.
pub(super) fn check(text: &str) -> Result<(), Rejected> {
    let bytes = text.as_bytes();
    let mut levels: Vec<Level<'_>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'[' => levels.push(Level::Array(0)),
            b'{' => levels.push(Level::Object(None)),
            b']' | b'}' => drop(levels.pop()),
            b',' => match levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(level) => *level = Level::Object(None),
                None => {}
            },
            b'"' => {
                at = end_of_string(bytes, at);
                if let Some(Level::Object(key @ None)) = levels.last_mut() {
                    *key = text.get(start..at);
                }
            }
            b'-' | b'0'..=b'9' => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += rest.iter().take_while(|byte| is_numeric(**byte)).count();
                if let Some(fault) = text.get(start..at).and_then(number_fault) {
                    return Err(Rejected { path: path(&levels), fault });
                }
            }
            _ => {}
        }
        if levels.len() > MAX_DEPTH {
            levels.pop();
            return Err(Rejected { path: path(&levels), fault: Fault::Depth });
        }
    }
    Ok(())
}

/// Returns the index after the quote that ends a string.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => break,
            b'\\' => at += 1,
            _ => {}
        }
    }
    at
}

fn is_numeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

/// Returns the fault of a number, if it has one.
fn number_fault(literal: &str) -> Option<Fault> {
    if literal.contains(['.', 'e', 'E']) {
        let finite = literal.parse().is_ok_and(f64::is_finite);
        return (!finite).then_some(Fault::Float);
    }
    let fits = literal.parse::<u64>().is_ok() || literal.parse::<i64>().is_ok();
    (!fits).then_some(Fault::Integer)
}

/// Returns the path of a value, in the form of deserialization errors.
fn path(levels: &[Level<'_>]) -> String {
    let mut path = String::new();
    for level in levels.iter().take(MAX_SEGMENTS) {
        match level {
            // writing to a string cannot fail
            Level::Array(index) => drop(write!(path, "[{index}]")),
            Level::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&serde_json::from_str::<String>(key).unwrap_or_default());
            }
            Level::Object(None) => {}
        }
    }
    if levels.len() > MAX_SEGMENTS {
        path.push('…');
    }
    path
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test")]
mod tests {
    use super::*;
    use serde_json::Value;

    fn rejection(text: &str) -> Option<String> {
        check(text).err().map(|rejected| rejected.to_string())
    }

    #[test]
    fn integer_beyond_64_bits_is_rejected_with_its_path() {
        for (text, place) in [
            ("18446744073709551616", ""),
            ("[-9223372036854775809]", "[0]: "),
            (r#"{"a":{"b":[1,{"c":99999999999999999999}]}}"#, "a.b[1].c: "),
            (r#"{"a":[[1,2],[3,4]],"b":"x, [","c":99999999999999999999}"#, "c: "),
            (r#"{ "a\u0020\"b" : 99999999999999999999 }"#, "a \"b: "),
        ] {
            let detail = rejection(text).unwrap();
            assert!(
                detail.starts_with(&format!("{place}an integer that does not fit")),
                "{detail}"
            );
        }
        for text in [
            "18446744073709551615",
            "-9223372036854775808",
            "[1e300, 99999999999999999999.0, 99999999999999999999e0, -0]",
            r#"{"99999999999999999999":"99999999999999999999"}"#,
            r#"["\"", "\\", 1, "\\\" 99999999999999999999"]"#,
        ] {
            assert_eq!(rejection(text), None);
        }
    }

    #[test]
    fn float_beyond_64_bits_is_rejected_with_its_path() {
        let detail = rejection(r#"{"a":[-1e400]}"#).unwrap();
        assert!(detail.starts_with("a[0]: a number that is too large"), "{detail}");
    }

    #[test]
    fn nesting_that_serde_json_does_not_read_is_rejected() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        for levels in [1, MAX_DEPTH, MAX_DEPTH + 1, 200] {
            let reads = serde_json::from_str::<Value>(&nested(levels)).is_ok();
            assert_eq!(rejection(&nested(levels)).is_none(), reads, "{levels} levels");
        }
        let detail = rejection(&nested(100_000)).unwrap();
        let place = format!("{}…: nested too deeply", "[0]".repeat(MAX_SEGMENTS));
        assert!(detail.starts_with(&place), "{detail}");
        let fields = format!("{}1{}", r#"{"a":"#.repeat(128), "}".repeat(128));
        assert!(rejection(&fields).unwrap().contains("nested too deeply"));
    }

    /// A deterministic sequence of pseudo-random numbers.
    struct Random(u64);

    impl Random {
        fn below(&mut self, most: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % most as u64).unwrap()
        }

        fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
            texts[self.below(texts.len())]
        }
    }

    /// Appends random JSON to `text`. `first` becomes the path of its first integer beyond 64 bits.
    fn write(random: &mut Random, text: &mut String, place: &str, first: &mut Option<String>) {
        let space = |random: &mut Random| random.of(&["", "", " ", "\n\t"]);
        let strings = [
            "\"\"",
            "\"a\"",
            r#""\"""#,
            r#""\\""#,
            r#""é語🌱""#,
            r#""\u0041,[{""#,
            "\"18446744073709551616\"",
            r#""\\\"-99999999999999999999""#,
        ];
        text.push_str(space(random));
        match random.below(if place.len() > 40 { 4 } else { 7 }) {
            0 => text.push_str(random.of(&["true", "false", "null"])),
            1 => text.push_str(random.of(&strings)),
            2 => text.push_str(random.of(&[
                "0",
                "-0",
                "7",
                "-1",
                "9007199254740993",
                "18446744073709551615",
                "-9223372036854775808",
                "9223372036854775808",
                "1.5",
                "-2E+3",
                "1e300",
                "99999999999999999999.0",
                "123456789012345678901e2",
                "100000000000000000000E-2",
            ])),
            3 if random.below(4) == 0 => {
                text.push_str(random.of(&[
                    "18446744073709551616",
                    "-9223372036854775809",
                    "100000000000000000000",
                ]));
                first.get_or_insert_with(|| place.to_owned());
            }
            3 => text.push('1'),
            4 | 5 => {
                text.push('[');
                for index in 0..random.below(4) {
                    text.push_str(if index > 0 { "," } else { "" });
                    write(random, text, &format!("{place}[{index}]"), first);
                }
                text.push(']');
            }
            _ => {
                text.push('{');
                for index in 0..random.below(4) {
                    text.push_str(if index > 0 { "," } else { "" });
                    let key = random.of(&strings);
                    write!(text, "{}{key}{}:", space(random), space(random)).unwrap();
                    let key: String = serde_json::from_str(key).unwrap();
                    let dot = if place.is_empty() { "" } else { "." };
                    write(random, text, &format!("{place}{dot}{key}"), first);
                }
                text.push('}');
            }
        }
        text.push_str(space(random));
    }

    #[test]
    fn random_json_is_rejected_if_and_only_if_an_integer_is_beyond_64_bits() {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut seen = [0, 0];
        for _ in 0..20_000 {
            let (mut text, mut first) = (String::new(), None);
            write(&mut random, &mut text, "", &mut first);
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let expected = first.map(|path| Rejected { path, fault: Fault::Integer });
            seen[usize::from(expected.is_some())] += 1;
            let found = check(&text).err();
            // the error has only a part of a longer path
            if expected
                .as_ref()
                .is_some_and(|rejected| rejected.path.matches(['[', '.']).count() >= MAX_SEGMENTS)
            {
                assert!(found.is_some(), "{text}");
                continue;
            }
            assert_eq!(found, expected, "{text}");
        }
        assert!(seen.iter().all(|seen| *seen > 1_000), "{seen:?}");
    }
}
