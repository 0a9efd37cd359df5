//! Serialization of partial values as JSON.

use crate::partial::{Field, Grow};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

/// The body of an enum, without its tag.
pub trait WriteBody {
    /// Writes the body of the variant.
    fn write_body<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// Serializes the body of a variant.
#[derive(Debug)]
pub struct Body<'a, P>(pub &'a P);

impl<P: WriteBody> Serialize for Body<'_, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write_body(serializer)
    }
}

/// Starts an object.
pub fn start_object<S: Serializer>(serializer: S) -> Result<S::SerializeMap, S::Error> {
    serializer.serialize_map(None)
}

/// Starts a list.
pub fn start_list<S: Serializer>(serializer: S) -> Result<S::SerializeSeq, S::Error> {
    serializer.serialize_seq(None)
}

/// Writes an object.
pub fn write_object<P: Grow, S: Serializer>(value: &P, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    value.__write_entries(&mut map)?;
    map.end()
}

/// Writes a field if it has arrived.
pub fn write_field<M: SerializeMap, P: Serialize>(
    map: &mut M,
    key: &str,
    field: &Option<P>,
) -> Result<(), M::Error> {
    field.as_ref().map_or(Ok(()), |value| map.serialize_entry(key, value))
}

/// Writes a field unless it is pending.
pub fn write_state<M: SerializeMap, P: Serialize>(
    map: &mut M,
    key: &str,
    field: &Field<P>,
) -> Result<(), M::Error> {
    if field.is_pending() { Ok(()) } else { map.serialize_entry(key, field) }
}

/// Writes the properties of a flattened field.
pub fn write_flat<M: SerializeMap, P: Grow>(
    map: &mut M,
    field: &Option<P>,
) -> Result<(), M::Error> {
    field.as_ref().map_or(Ok(()), |value| value.__write_entries(map))
}

/// Writes the properties of a newtype's only field.
pub fn write_inner<M: SerializeMap, P: Grow>(map: &mut M, field: &P) -> Result<(), M::Error> {
    field.__write_entries(map)
}

/// Returns an error, because a value that is not an object has no properties.
pub fn not_an_object<E: serde::ser::Error>() -> Result<(), E> {
    Err(E::custom("only objects can be flattened"))
}

/// Writes an element if it has arrived.
pub fn write_element<L: SerializeSeq, P: Serialize>(
    list: &mut L,
    element: &Option<P>,
) -> Result<(), L::Error> {
    element.as_ref().map_or(Ok(()), |value| list.serialize_element(value))
}
