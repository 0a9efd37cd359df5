//! Deserialization of integers from the strings that the server sends.

use super::MAX_SAFE;
use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor},
};
use std::fmt;

/// Wraps a deserializer or a visitor. Where a type expects an integer, it also accepts the string that the server
/// would send for that integer.
///
/// Integer types reject such strings otherwise, so no value changes its meaning. Types whose content serde buffers
/// (untagged, internally tagged, flattened) do not announce that they expect an integer, and do not accept the
/// string.
pub(crate) struct Integers<T>(pub(crate) T);

/// A visitor that expects an integer.
struct Integer<V>(V);

/// An integer in the form that the server sends.
enum Sent {
    Positive(u64),
    Negative(i64),
}

impl Sent {
    fn parse(text: &str) -> Option<Self> {
        let (sent, magnitude, canonical) = if let Ok(value) = text.parse::<u64>() {
            (Self::Positive(value), value, value.to_string())
        } else {
            let value = text.parse::<i64>().ok()?;
            (Self::Negative(value), value.unsigned_abs(), value.to_string())
        };
        (magnitude > MAX_SAFE && canonical == text).then_some(sent)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Integer<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match Sent::parse(text) {
            Some(Sent::Positive(value)) => self.0.visit_u64(value),
            Some(Sent::Negative(value)) => self.0.visit_i64(value),
            None => self.0.visit_str(text),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.0.visit_f64(value)
    }
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => { $(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* Integers(visitor))
        }
    )* };
}

macro_rules! expect_integer {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_any(Integer(visitor))
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Integers<D> {
    type Error = D::Error;

    expect_integer! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    forward! {
        deserialize_any();
        deserialize_bool();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

macro_rules! delegate {
    ($($method:ident: $type:ty),*) => { $(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Integers<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    // the methods that the deserializer of a `Value` calls
    delegate! {
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str,
        visit_borrowed_str: &'de str, visit_string: String
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Integers(value))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Integers(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Integers(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Integers(fields))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Integers(variant))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Integers<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Integers(value))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Integers<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Integers(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Integers<A> {
    type Error = A::Error;

    // integer keys are strings in JSON
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Integers(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Integers<A> {
    type Error = A::Error;
    type Variant = Integers<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (name, variant) = self.0.variant_seed(seed)?;
        Ok((name, Integers(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Integers<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Integers(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Integers(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Integers(visitor))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::json::to_writer;
    use serde::{Deserialize, Serialize, de::DeserializeOwned};
    use serde_json::{Value, json};
    use std::{collections::BTreeMap, fmt::Debug};

    fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
        serde_path_to_error::deserialize(Integers(value)).map_err(|error| error.to_string())
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(u64);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        Newtype(i64),
        Tuple(u64, i64),
        Struct { id: u64, text: String },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        id: u64,
        below: i64,
        small: u8,
        float: f64,
        text: String,
        given: Option<u64>,
        none: Option<u64>,
        newtype: Newtype,
        list: Vec<(u64, bool)>,
        keyed: BTreeMap<u64, i64>,
        shapes: Vec<Shape>,
        nested: BTreeMap<String, Option<Vec<u64>>>,
        any: Value,
        unit: (),
        char: char,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Id(u64),
        Text(String),
    }

    fn all(id: u64, below: i64) -> All {
        All {
            id,
            below,
            small: 7,
            float: 1e300,
            text: id.to_string(),
            given: Some(id),
            none: None,
            newtype: Newtype(id),
            list: vec![(id, true), (1, false)],
            keyed: BTreeMap::from([(id, below)]),
            shapes: vec![
                Shape::Unit,
                Shape::Newtype(below),
                Shape::Tuple(id, below),
                Shape::Struct { id, text: below.to_string() },
            ],
            nested: BTreeMap::from([("a".into(), Some(vec![id, 2])), ("b".into(), None)]),
            any: json!([1, "text", { "a": null }, 0.5]),
            unit: (),
            char: 'x',
        }
    }

    #[test]
    fn values_that_the_server_sends_are_read_back_unchanged() {
        for id in [0, MAX_SAFE, MAX_SAFE + 1, u64::MAX] {
            for below in [0, -1, i64::MIN, i64::MAX, -(1 << 53), 1 - (1 << 53)] {
                let mut sent = Vec::new();
                to_writer(&mut sent, &all(id, below)).unwrap();
                let sent: Value = serde_json::from_slice(&sent).unwrap();
                assert_eq!(read::<All>(sent), Ok(all(id, below)));
            }
        }
    }

    #[test]
    fn numbers_are_still_accepted() {
        let value = serde_json::to_value(all(u64::MAX, i64::MIN)).unwrap();
        assert_eq!(read::<All>(value), Ok(all(u64::MAX, i64::MIN)));
    }

    #[test]
    fn other_strings_are_rejected_with_the_messages_of_serde_json() {
        for text in [
            "1",
            "9007199254740991",
            "+9007199254740992",
            "09007199254740992",
            " 9007199254740992",
            "18446744073709551616",
            "-9223372036854775809",
            "9007199254740992.0",
            "9e20",
            "",
        ] {
            let expected = serde_json::from_value::<u64>(json!(text)).unwrap_err().to_string();
            assert_eq!(read::<u64>(json!(text)), Err(expected));
        }
        for value in [json!(1.5), json!(-1), json!(true), json!(null), json!([1]), json!({})] {
            let expected = serde_json::from_value::<u64>(value.clone()).unwrap_err().to_string();
            assert_eq!(read::<u64>(value), Err(expected));
        }
        assert!(read::<i64>(json!("9223372036854775808")).is_err());
        assert!(read::<u32>(json!("9007199254740992")).is_err());
    }

    #[test]
    fn types_that_accept_strings_receive_strings() {
        let text = "18446744073709551615";
        assert_eq!(read::<String>(json!(text)), Ok(text.into()));
        assert_eq!(read::<Value>(json!([text])), Ok(json!([text])));
        assert_eq!(read::<Either>(json!(text)), Ok(Either::Text(text.into())));
        assert_eq!(read::<Either>(json!(u64::MAX)), Ok(Either::Id(u64::MAX)));
    }
}
