//! Lenient reading of JSON whose strings may contain unpaired surrogates.
//!
//! A field of an unexpected type is treated as absent. Strings are read as bytes, for which
//! `serde_json` allows unpaired surrogates.

use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt};

/// An unparsed JSON value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'a>(&'a RawValue);

/// The fields of an object.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Json<'a> {
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text).map(Self)
    }

    /// Returns the JSON text of the value.
    pub(super) fn raw(self) -> &'a str {
        self.0.get()
    }

    /// Returns the fields, which are empty if the value is not an object.
    pub(super) fn fields(self) -> Fields<'a> {
        serde_json::from_str(self.raw()).map(Fields).unwrap_or_default()
    }

    /// Returns the items of an array, or the value itself if it is not an array.
    pub(super) fn items(self) -> Vec<Self> {
        let items: Option<Vec<&RawValue>> = serde_json::from_str(self.raw()).ok();
        items.map_or_else(|| vec![self], |items| items.into_iter().map(Self).collect())
    }

    pub(super) fn is_string(self) -> bool {
        self.raw().starts_with('"')
    }

    pub(super) fn is_object(self) -> bool {
        self.raw().starts_with('{')
    }

    /// Returns the bytes of a string: UTF-8 except for unpaired surrogates.
    pub(super) fn bytes(self) -> Option<Vec<u8>> {
        let mut deserializer = serde_json::Deserializer::from_str(self.raw());
        deserializer.deserialize_bytes(Bytes).ok()
    }

    /// Returns the text of a string, with replacement characters for unpaired surrogates.
    pub(super) fn text(self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl<'a> Fields<'a> {
    /// Returns a field that is present and not null.
    pub(super) fn get(&self, name: &str) -> Option<Json<'a>> {
        self.0.get(name).map(|value| Json(value)).filter(|value| value.raw() != "null")
    }

    /// Returns the text of a field, if it is not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.text().filter(|text| !text.is_empty())
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn unpaired_surrogates_are_read() -> serde_json::Result<()> {
        let text = r#"{"a":"x\ud83d","b":{"c":"\ude00"},"d":null,"e":[1,"2"]}"#;
        let fields = Json::parse(text)?.fields();
        let bytes = fields.get("a").and_then(Json::bytes);
        assert_eq!(bytes.as_deref(), Some(&b"x\xed\xa0\xbd"[..]));
        let inner = fields.get("b").map(Json::fields).unwrap_or_default();
        assert_eq!(inner.text("c"), Some("\u{fffd}".repeat(3)));
        assert!(fields.get("d").is_none() && fields.get("f").is_none());
        let list = fields.get("e");
        assert_eq!(list.map(|list| list.items().len()), Some(2));
        assert!(
            list.is_some_and(|list| list.bytes().is_none() && list.fields().text("a").is_none())
        );
        Ok(())
    }
}
