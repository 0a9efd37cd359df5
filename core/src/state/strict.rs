//! JSON that reads back as it was: what `serde_json` would lose is an error here.

use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::{Error, Value};
use std::fmt::Display;

/// Writes a value as JSON, unless JSON has no words for it.
///
/// # Errors
/// What [`serde_json::to_value`] refuses (a map whose keys are no strings, a number beyond 64 bits),
/// and what it would write as `null`: NaN and infinities.
#[doc(hidden)]
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    value.serialize(Strict::json())
}

/// A serializer, or a part of one, that refuses numbers which JSON lacks; with `FIELDS`, it also
/// refuses whatever is written as something else than an object.
#[doc(hidden)]
#[derive(Debug)]
pub struct Strict<S, const FIELDS: bool = false>(S);

impl Strict<serde_json::value::Serializer> {
    pub(crate) fn json() -> Self {
        Self(serde_json::value::Serializer)
    }
}

impl<S: Serializer, const FIELDS: bool> Strict<S, FIELDS> {
    /// The serializer for what has no fields.
    fn value(self) -> Result<S, S::Error> {
        if FIELDS {
            Err(S::Error::custom("serde writes it as something else than an object"))
        } else {
            Ok(self.0)
        }
    }
}

const OUT_OF_RANGE: &str = "number out of range";

/// A value that is written strictly, as a whole or inside of another one.
pub(crate) struct Strictly<'a, T: ?Sized, const FIELDS: bool = false>(pub(crate) &'a T);

/// A value that is written strictly, as an object.
pub(crate) type Fields<'a, T> = Strictly<'a, T, true>;

impl<T: Serialize + ?Sized, const FIELDS: bool> Serialize for Strictly<'_, T, FIELDS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Strict::<S, FIELDS>(serializer))
    }
}

/// Methods that do what the inner serializer does.
macro_rules! forward {
    ($($method:ident($($name:ident: $ty:ty),*) -> $ok:ty;)+) => {
        $(
            fn $method(self, $($name: $ty),*) -> Result<$ok, S::Error> {
                self.value()?.$method($($name),*)
            }
        )+
    };
}

/// Methods that begin a compound with the serializer that is made of one.
macro_rules! begin {
    (|$strict:ident| $serializer:expr; $($method:ident($($name:ident: $ty:ty),*) -> $compound:ident;)+) => {
        $(
            fn $method(self, $($name: $ty),*) -> Result<Self::$compound, S::Error> {
                let $strict = self;
                $serializer.$method($($name),*).map(Strict)
            }
        )+
    };
}

impl<S: Serializer, const FIELDS: bool> Serializer for Strict<S, FIELDS> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Strict<S::SerializeSeq>;
    type SerializeTuple = Strict<S::SerializeTuple>;
    type SerializeTupleStruct = Strict<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Strict<S::SerializeTupleVariant>;
    type SerializeMap = Strict<S::SerializeMap>;
    type SerializeStruct = Strict<S::SerializeStruct>;
    type SerializeStructVariant = Strict<S::SerializeStructVariant>;

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        // with the digits that `serde_json::Value` gives it
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            self.value()?.serialize_f64(value)
        } else {
            Err(S::Error::custom(format_args!("JSON has no number for {value}")))
        }
    }

    fn serialize_i128(self, value: i128) -> Result<S::Ok, S::Error> {
        match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => self.serialize_u64(value),
            (_, Ok(value)) => self.serialize_i64(value),
            _ => Err(S::Error::custom(OUT_OF_RANGE)),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<S::Ok, S::Error> {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => Err(S::Error::custom(OUT_OF_RANGE)),
        }
    }

    forward! {
        serialize_bool(value: bool) -> S::Ok;
        serialize_i8(value: i8) -> S::Ok;
        serialize_i16(value: i16) -> S::Ok;
        serialize_i32(value: i32) -> S::Ok;
        serialize_i64(value: i64) -> S::Ok;
        serialize_u8(value: u8) -> S::Ok;
        serialize_u16(value: u16) -> S::Ok;
        serialize_u32(value: u32) -> S::Ok;
        serialize_u64(value: u64) -> S::Ok;
        serialize_char(value: char) -> S::Ok;
        serialize_str(value: &str) -> S::Ok;
        serialize_bytes(value: &[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(name: &'static str) -> S::Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> S::Ok;
    }

    begin! {
        |strict| strict.value()?;
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
    }

    begin! {
        |strict| strict.0;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Strictly::<T, FIELDS>(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Strictly::<T, FIELDS>(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, &Strictly::<T>(value))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.value()?.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// A compound: each method hands on a value, behind a name where it has one.
macro_rules! compound {
    ($($compound:ident { $method:ident($($key:ident: &'static str)?) $($more:item)* })+) => {
        $(
            impl<S: $compound> $compound for Strict<S> {
                type Ok = S::Ok;
                type Error = S::Error;

                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $($key: &'static str,)?
                    value: &T,
                ) -> Result<(), S::Error> {
                    self.0.$method($($key,)? &Strictly::<T>(value))
                }

                fn end(self) -> Result<S::Ok, S::Error> {
                    self.0.end()
                }

                $($more)*
            }
        )+
    };
}

compound! {
    SerializeSeq { serialize_element() }
    SerializeTuple { serialize_element() }
    SerializeTupleStruct { serialize_field() }
    SerializeTupleVariant { serialize_field() }
    SerializeMap {
        serialize_value()

        // serde_json has rules of its own for keys, and refuses what they would lose
        fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
            self.0.serialize_key(key)
        }
    }
    SerializeStruct {
        serialize_field(key: &'static str)

        fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
            self.0.skip_field(key)
        }
    }
    SerializeStructVariant {
        serialize_field(key: &'static str)

        fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
            self.0.skip_field(key)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::Vector;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    /// Everything that serde knows, with a number in each.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        number: f64,
        single: f32,
        option: Option<f64>,
        list: Vec<f64>,
        vector: Vector<f64>,
        tuple: (bool, f64),
        pair: Pair,
        newtype: Newtype,
        map: BTreeMap<i32, f64>,
        variants: Vec<Variant>,
        letter: char,
        text: String,
        unit: (),
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<f64>,
        integers: (i8, i16, i32, i64, i128, u8, u16, u32, u64, u128),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Pair(u8, f64);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(f64);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Variant {
        Unit,
        Newtype(f64),
        Tuple(u8, f64),
        Struct { number: f64 },
    }

    fn everything(numbers: [f64; 11]) -> Everything {
        let [number, single, option, list, vector, tuple, pair, newtype, map, other, more] =
            numbers;
        #[expect(clippy::cast_possible_truncation, reason = "exact, or not finite")]
        let single = single as f32;
        Everything {
            number,
            single,
            option: Some(option),
            list: vec![0.5, list],
            vector: Vector::from([vector]),
            tuple: (true, tuple),
            pair: Pair(1, pair),
            newtype: Newtype(newtype),
            map: BTreeMap::from([(-3, map)]),
            variants: vec![
                Variant::Unit,
                Variant::Newtype(other),
                Variant::Tuple(2, more),
                Variant::Struct { number: 0.5 },
            ],
            letter: 'ß',
            text: "a\0b".into(),
            unit: (),
            left_out: None,
            integers: (-1, -2, -3, i64::MIN, -5, 6, 7, 8, u64::MAX, 10),
        }
    }

    #[test]
    fn what_json_holds_is_written_as_serde_json_does_and_reads_back() {
        let value = everything([0.5; 11]);
        let json = to_json(&value).unwrap();
        assert_eq!(json, serde_json::to_value(&value).unwrap());
        let text = serde_json::to_string(&Strictly::<_, true>(&value)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json);
        assert_eq!(serde_json::from_value::<Everything>(json).unwrap(), value);
    }

    #[test]
    fn a_number_that_json_lacks_is_found_wherever_it_is() {
        for at in 0..11 {
            for (lacking, text) in [(f64::NAN, "NaN"), (f64::NEG_INFINITY, "-inf")] {
                let mut numbers = [0.5; 11];
                numbers[at] = lacking;
                let error = to_json(&everything(numbers)).unwrap_err();
                assert_eq!(error.to_string(), format!("JSON has no number for {text}"));
            }
        }
        let error = to_json(&Variant::Struct { number: f64::NAN }).unwrap_err();
        assert_eq!(error.to_string(), "JSON has no number for NaN");
    }

    #[test]
    fn keys_that_are_no_strings_and_numbers_beyond_64_bits_are_refused() {
        let error = to_json(&BTreeMap::from([((1, 2), 3)])).unwrap_err();
        assert_eq!(error.to_string(), "key must be a string");
        for error in [to_json(&u128::MAX).unwrap_err(), to_json(&i128::MIN).unwrap_err()] {
            assert_eq!(error.to_string(), "number out of range");
        }
        let error = serde_json::to_string(&Strictly::<_>(&u128::MAX)).unwrap_err();
        assert_eq!(error.to_string(), "number out of range");
    }
}
