//! Numbers in the spellings of language models.

use serde_json::Value;
use std::borrow::Cow;

/// A number in JSON spelling.
#[derive(Debug)]
pub(super) struct Number<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether the text has another spelling.
    pub(super) is_repaired: bool,
    /// Whether the number has neither a fraction nor an exponent.
    pub(super) is_integral: bool,
}

impl<'a> Number<'a> {
    /// Reads a number in JSON or another spelling. Returns `None` if the text is not a number.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let parts = Parts::read(text.as_bytes())?;
        let is_integral = parts.fraction.is_none() && parts.exponent.is_none();
        if parts.is_json {
            return Some(Self { text: text.into(), is_repaired: false, is_integral });
        }
        let mut repaired = String::with_capacity(text.len() + 1);
        let digits = |part: &[u8], into: &mut String| {
            into.extend(part.iter().filter(|byte| **byte != b'_').map(|byte| char::from(*byte)));
        };
        if parts.is_negative {
            repaired.push('-');
        }
        let zeros = parts.whole.iter().take_while(|byte| matches!(byte, b'0' | b'_')).count();
        digits(&parts.whole[zeros..], &mut repaired);
        if matches!(repaired.as_str(), "" | "-") {
            repaired.push('0');
        }
        // `5.` is the integer 5
        let fraction = parts.fraction.filter(|digits| !digits.is_empty());
        if let Some(fraction) = fraction {
            repaired.push('.');
            digits(fraction, &mut repaired);
        }
        if let Some(exponent) = parts.exponent {
            repaired.push('e');
            digits(exponent, &mut repaired);
        }
        let is_integral = fraction.is_none() && parts.exponent.is_none();
        Some(Self { text: repaired.into(), is_repaired: true, is_integral })
    }

    /// Returns the value, or `None` if it is out of the range of `f64`.
    pub(super) fn value(&self) -> Option<Value> {
        match self.text.parse::<i64>() {
            // `-0` is a float in serde_json
            Ok(integer) if integer != 0 => Some(integer.into()),
            _ => serde_json::from_str(&self.text).ok(),
        }
    }

    /// Returns the integer, or `None` if it has a fraction or an exponent.
    pub(super) fn integer(&self) -> Option<i128> {
        // serde_json reads `-0` as a float
        if self.is_integral && self.text != "-0" { self.text.parse().ok() } else { None }
    }

    /// Returns the integer if the number has a zero fraction or an exponent.
    pub(super) fn rounded(&self) -> Option<i128> {
        if self.is_integral {
            return (self.text == "-0").then_some(0);
        }
        if let Some((whole, fraction)) = self.text.split_once('.')
            && fraction.bytes().all(|byte| byte == b'0')
        {
            return whole.parse().ok();
        }
        let float: f64 = self.text.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "it is an integer below 2^53")]
        (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i128)
    }
}

struct Parts<'a> {
    is_negative: bool,
    whole: &'a [u8],
    fraction: Option<&'a [u8]>,
    /// Includes the sign, if there is one.
    exponent: Option<&'a [u8]>,
    is_json: bool,
}

impl<'a> Parts<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let is_negative = text.first() == Some(&b'-');
        let signed = is_negative || text.first() == Some(&b'+');
        let (whole, mut rest) = digits(&text[usize::from(signed)..]);
        let mut fraction = None;
        if let [b'.', after @ ..] = rest {
            let (digits, following) = digits(after);
            fraction = Some(digits);
            rest = following;
        }
        let mut exponent = None;
        if let [b'e' | b'E', after @ ..] = rest {
            let signed = matches!(after.first(), Some(b'+' | b'-'));
            let (digits, following) = digits(&after[usize::from(signed)..]);
            exponent = Some(&after[..usize::from(signed) + digits.len()]);
            rest = following;
            if !digits.iter().any(u8::is_ascii_digit) {
                return None;
            }
        }
        let has_digits = |part: &[u8]| part.iter().any(u8::is_ascii_digit);
        if !rest.is_empty() || !(has_digits(whole) || fraction.is_some_and(has_digits)) {
            return None;
        }
        let is_json = (!signed || is_negative)
            && (whole == b"0" || matches!(whole, [b'1'..=b'9', ..]))
            && fraction.is_none_or(|digits| !digits.is_empty())
            && !text.contains(&b'_');
        Some(Self { is_negative, whole, fraction, exponent, is_json })
    }
}

/// Splits digits, which may contain `_`, from the rest.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'_';
    text.split_at(text.iter().position(|byte| !is_digit(byte)).unwrap_or(text.len()))
}
