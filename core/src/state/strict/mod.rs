//! JSON that reads back as it was: a value that `serde_json` would lose or could not read is an error here.

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
use serde_json::{Error, Value, value::Serializer as Plain};
use serde_path_to_error::Track;
use std::{cell::Cell, fmt::Display};

/// How many levels of JSON arrays and objects a field of a state, an item or an input may have.
///
/// A value with more levels is refused when it is written. `serde_json` reads at most 128 levels,
/// and an entry adds some of its own around a value.
pub const MAX_DEPTH: usize = 100;

/// Writes a value as JSON, unless JSON has no words for it.
///
/// # Errors
/// - What [`serde_json::to_value`] refuses: a map whose keys are not strings, a number beyond 64 bits.
/// - What it would write as `null`: NaN, infinities, and a value inside of `Some` that is written as
///   `null`, which would be read as `None`.
/// - More than [`MAX_DEPTH`] levels.
///
/// The error names the path to the value.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    written(&Strictly::new(value))
}

/// Writes an element of a list that is a field itself, as [`to_json`] does.
pub(super) fn element_to_json<T: Serialize>(element: &T) -> Result<Value, Error> {
    written(&Strictly::<T> { value: element, place: Place::ELEMENT })
}

/// Writes a value that consists of fields, each with [`MAX_DEPTH`] levels, as [`to_json`] does.
pub(crate) fn fields_to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    written(&Fields::fields(value))
}

/// Writes a value, and refuses one of which an object would lose an entry to another of the same name.
fn written<T: Serialize + ?Sized, const FIELDS: bool>(
    value: &Strictly<'_, T, FIELDS>,
) -> Result<Value, Error> {
    let entries = Cell::new(0);
    let place = value.place.counting(&entries);
    let counting = Strictly::<T, FIELDS> { value: value.value, place };
    let json = counting.serialize(Plain).map_err(|error| located(value, &error))?;
    check_entries(&json, &entries)?;
    Ok(json)
}

/// Refuses JSON whose objects have fewer entries than were written.
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

/// Writes a value by a function of the program's, as [`to_json`] does.
pub(super) fn written_by<T>(
    value: &T,
    write: impl Fn(&T, Strict<'_, Plain>) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let entries = Cell::new(0);
    let json = write(value, Strict { inner: Plain, place: Place::VALUE.counting(&entries) })?;
    check_entries(&json, &entries)?;
    Ok(json)
}

/// The error with the path to the value that caused it, which is found by writing again.
fn located(value: &impl Serialize, error: &Error) -> Error {
    let mut track = Track::new();
    drop(value.serialize(serde_path_to_error::Serializer::new(Plain, &mut track)));
    at_path(error, &track.path().to_string())
}

/// The error with a path, unless that is the root.
pub(super) fn at_path(error: &impl Display, path: &str) -> Error {
    const LONGEST: usize = 80;
    match path {
        "." | "" => Error::custom(error),
        path if path.len() > LONGEST => {
            let start: String = path.chars().take(LONGEST).collect();
            Error::custom(format_args!("{error} at `{start}…`"))
        }
        path => Error::custom(format_args!("{error} at `{path}`")),
    }
}

/// A serializer, or a part of one, that refuses what does not read back as it was; with `FIELDS`, it
/// also refuses whatever is written as something else than an object.
#[doc(hidden)]
#[derive(Debug)]
pub struct Strict<'c, S, const FIELDS: bool = false> {
    inner: S,
    place: Place<'c>,
}

/// Where in the whole a value is.
#[derive(Clone, Copy, Debug)]
struct Place<'c> {
    /// How many more levels fit.
    levels: usize,
    null: Null,
    /// How many entries all objects have so far, if anyone asks.
    entries: Option<&'c Cell<usize>>,
}

/// Whether `null` reads back as what it was written for.
#[derive(Clone, Copy, Debug)]
enum Null {
    /// It does.
    Kept,
    /// It is read as `None`.
    Lost,
}

impl<'c> Place<'c> {
    const VALUE: Self = Self { levels: MAX_DEPTH, null: Null::Kept, entries: None };
    const FIELDS: Self = Self { levels: MAX_DEPTH + 1, ..Self::VALUE };
    const ELEMENT: Self = Self { levels: MAX_DEPTH - 1, ..Self::VALUE };

    /// The same place in a whole whose entries are counted.
    fn counting(self, entries: &'c Cell<usize>) -> Self {
        Self { entries: Some(entries), ..self }
    }

    /// An object gets one more entry.
    fn count(self) {
        if let Some(entries) = self.entries {
            entries.set(entries.get() + 1);
        }
    }

    /// The place inside of an array or object.
    fn inside<E: serde::ser::Error>(self) -> Result<Self, E> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels, null: Null::Kept, ..self }),
            None => Err(E::custom(format_args!("it has more than {MAX_DEPTH} levels"))),
        }
    }

    /// The place inside of the array or object of a variant, which is the only entry of another object.
    fn variant<E: serde::ser::Error>(self) -> Result<Self, E> {
        self.count();
        self.inside().and_then(Self::inside)
    }

    /// The place inside of a struct.
    fn of_struct<E: serde::ser::Error>(self, name: &str) -> Result<Self, E> {
        if name == RAW_VALUE {
            // its text can be anything, and as deep as it likes
            return Err(E::custom("it holds a `RawValue`: use `serde_json::Value`"));
        }
        if name == NUMBER {
            return Ok(Self { entries: None, ..self });
        }
        self.inside()
    }
}

/// How `serde_json` writes a `RawValue`.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// How it writes a number under its feature `arbitrary_precision`, which is not an object.
const NUMBER: &str = "$serde_json::private::Number";

impl<S: Serializer, const FIELDS: bool> Strict<'_, S, FIELDS> {
    /// The serializer for what has no fields.
    fn value(self) -> Result<S, S::Error> {
        if FIELDS {
            Err(S::Error::custom("serde writes it as something else than an object"))
        } else {
            Ok(self.inner)
        }
    }

    /// The serializer for what is written as `null`.
    fn null(self) -> Result<S, S::Error> {
        match self.place.null {
            Null::Kept => self.value(),
            Null::Lost => Err(S::Error::custom(
                "a value inside of `Some` or a set slot is written as `null`, which is read as nothing",
            )),
        }
    }
}

const OUT_OF_RANGE: &str = "number out of range";

/// A value that is written strictly, as a whole or inside of another one.
pub(crate) struct Strictly<'a, T: ?Sized, const FIELDS: bool = false> {
    value: &'a T,
    place: Place<'a>,
}

/// A value that is written strictly, as an object.
pub(crate) type Fields<'a, T> = Strictly<'a, T, true>;

impl<'a, T: ?Sized> Strictly<'a, T> {
    pub(crate) fn new(value: &'a T) -> Self {
        Self { value, place: Place::VALUE }
    }
}

impl<'a, T: ?Sized> Fields<'a, T> {
    pub(crate) fn fields(value: &'a T) -> Self {
        Self { value, place: Place::FIELDS }
    }
}

impl<T: Serialize + ?Sized, const FIELDS: bool> Serialize for Strictly<'_, T, FIELDS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Strict::<'_, S, FIELDS> { inner: serializer, place: self.place })
    }
}

/// Methods that do what the inner serializer does.
macro_rules! forward {
    ($by:ident; $($method:ident($($name:ident: $ty:ty),*);)+) => {
        $(
            fn $method(self, $($name: $ty),*) -> Result<S::Ok, S::Error> {
                self.$by()?.$method($($name),*)
            }
        )+
    };
}

/// Methods that begin a compound, some levels deeper, with the serializer that is made of one.
macro_rules! begin {
    (|$strict:ident| $serializer:expr; $($method:ident($($name:ident: $ty:ty),*) -> $compound:ident in $place:expr;)+) => {
        $(
            fn $method(self, $($name: $ty),*) -> Result<Self::$compound, S::Error> {
                let $strict = self;
                let place = $place;
                Ok(Strict { inner: $serializer.$method($($name),*)?, place })
            }
        )+
    };
}

impl<'c, S: Serializer, const FIELDS: bool> Serializer for Strict<'c, S, FIELDS> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Strict<'c, S::SerializeSeq>;
    type SerializeTuple = Strict<'c, S::SerializeTuple>;
    type SerializeTupleStruct = Strict<'c, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Strict<'c, S::SerializeTupleVariant>;
    type SerializeMap = Strict<'c, S::SerializeMap>;
    type SerializeStruct = Strict<'c, S::SerializeStruct>;
    type SerializeStructVariant = Strict<'c, S::SerializeStructVariant>;

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

    begin! {
        |strict| strict.value()?;
        serialize_seq(len: Option<usize>) -> SerializeSeq in strict.place.inside()?;
        serialize_tuple(len: usize) -> SerializeTuple in strict.place.inside()?;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct
            in strict.place.inside()?;
    }

    begin! {
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
        self.inner.serialize_some(&Strictly::<T, FIELDS> { value, place })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let place = self.place;
        self.inner.serialize_newtype_struct(name, &Strictly::<T, FIELDS> { value, place })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.place.count();
        let value = Strictly::<T> { value, place: self.place.inside()? };
        self.inner.serialize_newtype_variant(name, index, variant, &value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.value()?.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// A compound: each method hands on a value, behind a name where it has one.
macro_rules! compound {
    ($($compound:ident $($counts:ident)? { $method:ident($($key:ident: &'static str)?) $($more:item)* })+) => {
        $(
            impl<S: $compound> $compound for Strict<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $($key: &'static str,)?
                    value: &T,
                ) -> Result<(), S::Error> {
                    $(self.place.$counts();)?
                    self.inner.$method($($key,)? &Strictly::<T> { value, place: self.place })
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

        // serde_json has rules of its own for keys, and refuses what they would lose
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
