//! Serialization of integers that JavaScript would round as strings.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{
    Result, Serializer,
    ser::{CompactFormatter, Formatter},
};
use std::io::{self, Write};

/// JavaScript's `Number.MAX_SAFE_INTEGER`.
pub(crate) const MAX_SAFE: u64 = (1 << 53) - 1;

/// A JSON response.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(128);
        if let Err(error) = to_writer(&mut body, &self.0) {
            tracing::error!(%error, "a response could not be serialized");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let kind = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

/// Serializes a value as compact JSON whose integers beyond ±(2^53 − 1) are strings.
pub(crate) fn to_writer(writer: impl Write, value: &impl Serialize) -> Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, SafeIntegers::default()))
}

/// A formatter of compact JSON that adds quotes to unsafe integers.
#[derive(Default)]
struct SafeIntegers {
    /// A key is being written: an integer key has quotes already.
    in_key: bool,
}

impl SafeIntegers {
    /// Writes a quote if the integer is not safe; called before and after each integer.
    fn quote<W: ?Sized + Write>(&self, writer: &mut W, magnitude: u128) -> io::Result<()> {
        if self.in_key || magnitude <= u128::from(MAX_SAFE) {
            return Ok(());
        }
        writer.write_all(b"\"")
    }
}

impl Formatter for SafeIntegers {
    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        self.quote(writer, value.unsigned_abs().into())?;
        CompactFormatter.write_i64(writer, value)?;
        self.quote(writer, value.unsigned_abs().into())
    }

    fn write_i128<W: ?Sized + Write>(&mut self, writer: &mut W, value: i128) -> io::Result<()> {
        self.quote(writer, value.unsigned_abs())?;
        CompactFormatter.write_i128(writer, value)?;
        self.quote(writer, value.unsigned_abs())
    }

    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        self.quote(writer, value.into())?;
        CompactFormatter.write_u64(writer, value)?;
        self.quote(writer, value.into())
    }

    fn write_u128<W: ?Sized + Write>(&mut self, writer: &mut W, value: u128) -> io::Result<()> {
        self.quote(writer, value)?;
        CompactFormatter.write_u128(writer, value)?;
        self.quote(writer, value)
    }

    /// Writes a number that is stored as text: any number of a `Value`, if a crate of the program enables the
    /// feature `arbitrary_precision` of `serde_json`.
    fn write_number_str<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        value: &str,
    ) -> io::Result<()> {
        // 0 for a float, which needs no quotes; `u128::MAX` for an integer beyond 128 bits
        let magnitude = match value.parse::<i128>() {
            Ok(integer) => integer.unsigned_abs(),
            Err(_) if value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => u128::MAX,
            Err(_) => 0,
        };
        self.quote(writer, magnitude)?;
        CompactFormatter.write_number_str(writer, value)?;
        self.quote(writer, magnitude)
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.in_key = true;
        CompactFormatter.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.in_key = false;
        CompactFormatter.end_object_key(writer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn written(value: &impl Serialize) -> String {
        let mut text = Vec::new();
        to_writer(&mut text, value).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn only_integers_that_javascript_would_round_become_strings() {
        let cases: &[(&str, &str)] = &[
            ("9007199254740991", "9007199254740991"),
            ("-9007199254740991", "-9007199254740991"),
            ("9007199254740992", "\"9007199254740992\""),
            ("-9007199254740992", "\"-9007199254740992\""),
            ("18446744073709551615", "\"18446744073709551615\""),
            ("-9223372036854775808", "\"-9223372036854775808\""),
            ("0", "0"),
            ("-1", "-1"),
            ("1e+300", "1e+300"),
            ("1e+16", "1e+16"),
            ("9007199254740992.0", "9007199254740992.0"),
            ("0.1", "0.1"),
            ("\"18446744073709551615\"", "\"18446744073709551615\""),
            (
                r#"{"18446744073709551615":[{"a":[9007199254740992,1,"9007199254740992"]}]}"#,
                r#"{"18446744073709551615":[{"a":["9007199254740992",1,"9007199254740992"]}]}"#,
            ),
            (
                r#"[9007199254740993,{"a":-9007199254740993,"b":null},true]"#,
                r#"["9007199254740993",{"a":"-9007199254740993","b":null},true]"#,
            ),
            (
                r#"{"a":{"9007199254740992":9007199254740992}}"#,
                r#"{"a":{"9007199254740992":"9007199254740992"}}"#,
            ),
        ];
        for (text, expected) in cases {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(written(&value), *expected);
        }
    }

    #[test]
    fn keys_that_are_integers_have_quotes_once() {
        let typed = BTreeMap::from([(u64::MAX, u64::MAX), (1, 1)]);
        assert_eq!(written(&typed), r#"{"1":1,"18446744073709551615":"18446744073709551615"}"#);
        let wide = BTreeMap::from([(i128::MIN, i128::MIN)]);
        let digits = i128::MIN.to_string();
        assert_eq!(written(&wide), format!("{{\"{digits}\":\"{digits}\"}}"));
        assert_eq!(written(&u128::MAX), format!("\"{}\"", u128::MAX));
    }

    /// As with the feature `arbitrary_precision`, which any crate of a program can enable for all of them.
    #[test]
    fn numbers_that_are_stored_as_text_are_written_in_the_same_way() {
        for (number, expected) in [
            ("9007199254740991", "9007199254740991"),
            ("-9007199254740991", "-9007199254740991"),
            ("9007199254740992", "\"9007199254740992\""),
            ("-9007199254740992", "\"-9007199254740992\""),
            ("18446744073709551615", "\"18446744073709551615\""),
            ("9007199254740993.0", "9007199254740993.0"),
            ("1e300", "1e300"),
        ] {
            let mut text = Vec::new();
            SafeIntegers::default().write_number_str(&mut text, number).unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
        let wider = format!("-{}", "9".repeat(60));
        let mut text = Vec::new();
        SafeIntegers::default().write_number_str(&mut text, &wider).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), format!("\"{wider}\""));
    }

    #[test]
    fn values_without_such_integers_are_written_as_serde_json_writes_them() {
        let value = json!({ "a": [1, 2.5, "x\n\"", null, {}, []], "b": { "c": -7 }, "d": 1e300 });
        assert_eq!(written(&value), value.to_string());
    }
}
