//! Strict serialization to JSON: values that `serde_json` would lose or could not read back are errors.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::{Error, Value, value::Serializer as JsonSerializer};
use serde_path_to_error::Track;
use std::{cell::Cell, fmt::Display};

/// The maximum number of nested JSON arrays and objects in a field of a state, an item or an input.
///
/// A value with more levels is rejected when it is written. `serde_json` reads at most 128 levels,
/// and a log entry adds some of its own around a value.
pub const MAX_DEPTH: usize = 100;

/// Serializes a value to JSON from which it can be read back.
///
/// # Errors
/// Returns an error
/// - if [`serde_json::to_value`] returns one: for a map whose keys are not strings, or a number beyond 64
///   bits;
/// - if `null` would be read back as another value: for NaN, infinities, and a value inside of `Some` that
///   is written as `null`, which would be read as `None`;
/// - if two entries of an object have the same name;
/// - if it has more than [`MAX_DEPTH`] levels.
///
/// The error names the path to the value, except for entries of the same name.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    serialize(&StrictValue::new(value))
}

/// Like [`to_json`], for an element of a list that is itself a field.
pub(super) fn element_to_json<T: Serialize>(element: &T) -> Result<Value, Error> {
    serialize(&StrictValue::<T> { value: element, place: Place::ELEMENT })
}

/// Like [`to_json`], for a value that consists of fields, each with at most [`MAX_DEPTH`] levels.
pub(crate) fn fields_to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    serialize(&Fields::fields(value))
}

/// Serializes a value. Returns an error if two entries of an object have the same name, because one would be lost.
fn serialize<T: Serialize + ?Sized, const FIELDS: bool>(
    value: &StrictValue<'_, T, FIELDS>,
) -> Result<Value, Error> {
    let entries = Cell::new(0);
    let place = value.place.counting(&entries);
    let counting = StrictValue::<T, FIELDS> { value: value.value, place };
    let json = counting.serialize(JsonSerializer).map_err(|error| located(value, &error))?;
    check_entries(&json, &entries)?;
    Ok(json)
}

/// Returns an error if the objects of the JSON have fewer entries than were written.
fn check_entries(json: &Value, written: &Cell<usize>) -> Result<(), Error> {
    fn entries(json: &Value) -> usize {
        match json {
            Value::Array(list) => list.iter().map(entries).sum(),
            Value::Object(map) => map.len() + map.values().map(entries).sum::<usize>(),
            _ => 0,
        }
    }
    if written.get() > entries(json) {
        return Err(Error::custom("two entries of an object have the same name"));
    }
    Ok(())
}

/// Like [`to_json`], with a serialization function of the program.
pub(super) fn written_by<T>(
    value: &T,
    write: impl Fn(&T, StrictSerializer<'_, JsonSerializer>) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let entries = Cell::new(0);
    let place = Place::VALUE.counting(&entries);
    let json = write(value, StrictSerializer { inner: JsonSerializer, place })?;
    check_entries(&json, &entries)?;
    Ok(json)
}

/// Adds the path to the value that caused the error, which is found by serializing again.
fn located(value: &impl Serialize, error: &Error) -> Error {
    let mut track = Track::new();
    drop(value.serialize(serde_path_to_error::Serializer::new(JsonSerializer, &mut track)));
    at_path(error, &track.path().to_string())
}

/// Adds a path to an error, unless it is the root. A long path is truncated.
pub(super) fn at_path(error: &impl Display, path: &str) -> Error {
    const MAX_LEN: usize = 80;
    match path {
        "." | "" => Error::custom(error),
        path if path.len() > MAX_LEN => {
            let start: String = path.chars().take(MAX_LEN).collect();
            Error::custom(format_args!("{error} at `{start}…`"))
        }
        path => Error::custom(format_args!("{error} at `{path}`")),
    }
}

/// A serializer, or a part of one, that rejects values that would not be read back unchanged. With
/// `FIELDS`, it also rejects values that are not written as an object.
#[doc(hidden)]
#[derive(Debug)]
pub struct StrictSerializer<'c, S, const FIELDS: bool = false> {
    inner: S,
    place: Place<'c>,
}

/// The place of a value within the value that is serialized.
#[derive(Clone, Copy, Debug)]
struct Place<'c> {
    /// The number of levels that the value may still have.
    levels: usize,
    null: Null,
    /// Counts the entries of all objects, if set.
    entries: Option<&'c Cell<usize>>,
}

/// Whether a `null` at this place is read back as the value that was written.
#[derive(Clone, Copy, Debug)]
enum Null {
    /// It is read back unchanged.
    Kept,
    /// It is read as `None`.
    Lost,
}

impl<'c> Place<'c> {
    const VALUE: Self = Self { levels: MAX_DEPTH, null: Null::Kept, entries: None };
    const FIELDS: Self = Self { levels: MAX_DEPTH + 1, ..Self::VALUE };
    const ELEMENT: Self = Self { levels: MAX_DEPTH - 1, ..Self::VALUE };

    /// Enables the counter of entries.
    fn counting(self, entries: &'c Cell<usize>) -> Self {
        Self { entries: Some(entries), ..self }
    }

    /// Counts an entry of an object.
    fn count(self) {
        if let Some(entries) = self.entries {
            entries.set(entries.get() + 1);
        }
    }

    /// Returns the place inside of an array or object.
    fn inside<E: serde::ser::Error>(self) -> Result<Self, E> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels, null: Null::Kept, ..self }),
            None => Err(E::custom(format_args!("it has more than {MAX_DEPTH} levels"))),
        }
    }

    /// Returns the place inside of the array or object of a variant, which is the only entry of another object.
    fn variant<E: serde::ser::Error>(self) -> Result<Self, E> {
        self.count();
        self.inside().and_then(Self::inside)
    }

    /// Returns the place inside of a struct.
    fn of_struct<E: serde::ser::Error>(self, name: &str) -> Result<Self, E> {
        if name == RAW_VALUE {
            // its text is not checked, and can have any depth
            return Err(E::custom("it holds a `RawValue`: use `serde_json::Value`"));
        }
        if name == NUMBER {
            return Ok(Self { entries: None, ..self });
        }
        self.inside()
    }
}

/// The struct name under which `serde_json` serializes a `RawValue`.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The struct name under which it serializes a number with its feature `arbitrary_precision`. In JSON it is
/// not an object.
const NUMBER: &str = "$serde_json::private::Number";

impl<S: Serializer, const FIELDS: bool> StrictSerializer<'_, S, FIELDS> {
    /// Returns the serializer for a value that is not written as an object.
    fn value(self) -> Result<S, S::Error> {
        if FIELDS {
            Err(S::Error::custom("serde does not write it as an object"))
        } else {
            Ok(self.inner)
        }
    }

    /// Returns the serializer for a value that is written as `null`.
    fn null(self) -> Result<S, S::Error> {
        match self.place.null {
            Null::Kept => self.value(),
            Null::Lost => Err(S::Error::custom(
                "a value inside of `Some` or a set slot is written as `null`, which is read as no value",
            )),
        }
    }
}

const OUT_OF_RANGE: &str = "number out of range";

/// A value that is serialized strictly, on its own or inside of another one.
pub(crate) struct StrictValue<'a, T: ?Sized, const FIELDS: bool = false> {
    value: &'a T,
    place: Place<'a>,
}

/// A value that is serialized strictly, and has to be written as an object.
pub(crate) type Fields<'a, T> = StrictValue<'a, T, true>;

impl<'a, T: ?Sized> StrictValue<'a, T> {
    pub(crate) fn new(value: &'a T) -> Self {
        Self { value, place: Place::VALUE }
    }
}

impl<'a, T: ?Sized> Fields<'a, T> {
    pub(crate) fn fields(value: &'a T) -> Self {
        Self { value, place: Place::FIELDS }
    }
}

impl<T: Serialize + ?Sized, const FIELDS: bool> Serialize for StrictValue<'_, T, FIELDS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let strict = StrictSerializer::<'_, S, FIELDS> { inner: serializer, place: self.place };
        self.value.serialize(strict)
    }
}

/// Methods that call the inner serializer.
macro_rules! forward {
    ($by:ident; $($method:ident($($name:ident: $ty:ty),*);)+) => {
        $(
            fn $method(self, $($name: $ty),*) -> Result<S::Ok, S::Error> {
                self.$by()?.$method($($name),*)
            }
        )+
    };
}

/// Methods that start a compound value, with the serializer and the place for its content.
macro_rules! start_compound {
    (|$strict:ident| $serializer:expr; $($method:ident($($name:ident: $ty:ty),*) -> $compound:ident in $place:expr;)+) => {
        $(
            fn $method(self, $($name: $ty),*) -> Result<Self::$compound, S::Error> {
                let $strict = self;
                let place = $place;
                Ok(StrictSerializer { inner: $serializer.$method($($name),*)?, place })
            }
        )+
    };
}

impl<'c, S: Serializer, const FIELDS: bool> Serializer for StrictSerializer<'c, S, FIELDS> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = StrictSerializer<'c, S::SerializeSeq>;
    type SerializeTuple = StrictSerializer<'c, S::SerializeTuple>;
    type SerializeTupleStruct = StrictSerializer<'c, S::SerializeTupleStruct>;
    type SerializeTupleVariant = StrictSerializer<'c, S::SerializeTupleVariant>;
    type SerializeMap = StrictSerializer<'c, S::SerializeMap>;
    type SerializeStruct = StrictSerializer<'c, S::SerializeStruct>;
    type SerializeStructVariant = StrictSerializer<'c, S::SerializeStructVariant>;

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        // `serde_json::Value` also converts it to `f64`, which determines its digits
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
        value;
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    forward! {
        null;
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
    }

    start_compound! {
        |strict| strict.value()?;
        serialize_seq(len: Option<usize>) -> SerializeSeq in strict.place.inside()?;
        serialize_tuple(len: usize) -> SerializeTuple in strict.place.inside()?;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct
            in strict.place.inside()?;
    }

    start_compound! {
        |strict| strict.inner;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeTupleVariant in strict.place.variant()?;
        serialize_map(len: Option<usize>) -> SerializeMap in strict.place.inside()?;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct
            in strict.place.of_struct(name)?;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeStructVariant in strict.place.variant()?;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let place = Place { null: Null::Lost, ..self.place };
        self.inner.serialize_some(&StrictValue::<T, FIELDS> { value, place })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let place = self.place;
        self.inner.serialize_newtype_struct(name, &StrictValue::<T, FIELDS> { value, place })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.place.count();
        let value = StrictValue::<T> { value, place: self.place.inside()? };
        self.inner.serialize_newtype_variant(name, index, variant, &value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.value()?.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Implements the serializer of a compound value, whose methods pass the values on.
macro_rules! compound {
    ($($compound:ident $($counts:ident)? { $method:ident($($key:ident: &'static str)?) $($more:item)* })+) => {
        $(
            impl<S: $compound> $compound for StrictSerializer<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $($key: &'static str,)?
                    value: &T,
                ) -> Result<(), S::Error> {
                    $(self.place.$counts();)?
                    self.inner.$method($($key,)? &StrictValue::<T> { value, place: self.place })
                }

                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
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
    SerializeMap count {
        serialize_value()

        // serde_json itself rejects keys that cannot be read back
        fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
            self.inner.serialize_key(key)
        }
    }
    SerializeStruct count {
        serialize_field(key: &'static str)

        fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
            self.inner.skip_field(key)
        }
    }
    SerializeStructVariant count {
        serialize_field(key: &'static str)

        fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
            self.inner.skip_field(key)
        }
    }
}
