//! A value of every shape of serde's data model, and a state with fields of each kind.

use burdock::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    marker::PhantomData,
};

/// Every shape of serde's data model; most contain others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    #[default]
    Nothing,
    Unit(()),
    Bool(bool),
    Small(i8),
    Signed(i64),
    Unsigned(u64),
    Wide(i128),
    Float(f64),
    Single(f32),
    Char(char),
    Text(String),
    Borrowed(Cow<'static, str>),
    Option(Option<Box<Self>>),
    Twice(Option<Option<u8>>),
    Unitary(Option<()>),
    Marked(Option<PhantomData<u8>>),
    Json(Value),
    Maybe(Option<Value>),
    List(Vec<Self>),
    Persistent(Vector<Self>),
    Set(HashSet<u8>),
    Map(BTreeMap<String, Self>),
    Numbers(BTreeMap<i64, Self>),
    Bools(BTreeMap<bool, Self>),
    Pairs(BTreeMap<(u8, u8), u8>),
    Tuple(Box<(Self, u8)>, Box<Self>),
    Newtype(Newtype),
    Named {
        left: Box<Self>,
        right: Option<u8>,
    },
    Result(Result<u8, String>),
    Tagged(Box<Tagged>),
    Adjacent(Box<Adjacent>),
    Untagged(Box<Untagged>),
    Flat(Flat),
    Bytes(Bytes),
    Skipped(Skipped),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Newtype(pub Option<u8>);

/// Serde reads it through a buffer that loses the types of keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Tagged {
    Empty,
    Struct { shape: Shape },
    Numbers { numbers: BTreeMap<u32, u8> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "content", rename_all = "kebab-case")]
pub enum Adjacent {
    Empty,
    OneThing(Shape),
    TwoThings(u8, Shape),
}

/// No two variants have the same form, except for `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Nothing,
    Number(u64),
    Text(String),
    Struct { only: Shape },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flat {
    pub first: u8,
    #[serde(flatten)]
    pub rest: BTreeMap<String, u8>,
}

/// Bytes in serde's sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<Box<Shape>>,
}

/// A number as text.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A number that is written as `null` when it is 0, although its slot is set.
mod silent {
    use burdock::Slot;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(number: &Slot<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        number.get().filter(|number| **number > 0).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Slot<u8>, D::Error> {
        let number = Option::deserialize(deserializer)?;
        Ok(number.map_or_else(Slot::unset, Slot::set))
    }
}

/// Fields of each kind.
#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sheet {
    pub plain: Shape,
    pub slot: Slot<Shape>,
    pub list: Vector<Shape>,
    pub slot_list: Slot<Vector<Shape>>,
    pub map: OrdMap<i16, Shape>,
    pub slot_map: Slot<OrdMap<String, Shape>>,
    pub unit: Slot<Unital>,
    pub json: Slot<Value>,
    pub boxed: Slot<Box<Maybe>>,
    pub newtype: Slot<Newtype>,
    pub untagged: Slot<Untagged>,
    pub optional: Option<Option<u8>>,
    #[serde(with = "text")]
    pub with: u64,
    #[serde(with = "silent")]
    pub silent: Slot<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Shape>,
    #[serde(rename(serialize = "in", deserialize = "within"), alias = "in")]
    pub within: u8,
}

/// Values for all fields of [`Sheet`].
#[derive(Clone, Debug)]
pub struct Values {
    pub plain: Shape,
    pub slot: Shape,
    pub list: Vector<Shape>,
    pub slot_list: Vector<Shape>,
    pub map: OrdMap<i16, Shape>,
    pub slot_map: OrdMap<String, Shape>,
    pub unit: Unital,
    pub json: Value,
    pub boxed: Box<Maybe>,
    pub newtype: Newtype,
    pub untagged: Untagged,
    pub optional: Option<Option<u8>>,
    pub with: u64,
    pub silent: u8,
    pub note: Option<String>,
    pub tags: Vec<Shape>,
    pub within: u8,
}

/// Written as `null`, or as a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Unital {
    Unit(()),
    Number(u8),
}

/// Another name for an option.
pub type Maybe = Option<u8>;

/// Values that every log accepts.
pub(super) fn tame() -> Values {
    Values {
        plain: Shape::Nothing,
        slot: Shape::Nothing,
        list: Vector::new(),
        slot_list: Vector::new(),
        map: OrdMap::new(),
        slot_map: OrdMap::new(),
        unit: Unital::Number(0),
        json: Value::Bool(true),
        boxed: Box::new(Some(0)),
        newtype: Newtype(Some(0)),
        untagged: Untagged::Number(0),
        optional: None,
        with: 0,
        silent: 1,
        note: None,
        tags: Vec::new(),
        within: 0,
    }
}
