//! Types in every serde representation.
#![allow(dead_code, reason = "fields are read through serde")]

use burdock_llm::Partial;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    num::NonZero,
};

/// A story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Story {
    /// The title.
    pub title: String,
    pub chapters: Vec<Chapter>,
    #[partial(done)]
    pub rating: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Chapter {
    #[partial(required)]
    pub title: String,
    #[partial(state)]
    pub text: String,
    pub pages: Option<u32>,
    #[partial(done)]
    pub summary: Option<String>,
    #[partial(done, required)]
    pub number: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Scalars {
    pub a: u8,
    pub b: i64,
    pub c: u64,
    pub d: f64,
    pub e: bool,
    pub f: char,
    pub g: (),
    pub h: NonZero<u16>,
    pub i: Option<bool>,
    pub k: Option<String>,
    pub l: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Containers {
    pub list: Vec<Vec<String>>,
    pub queue: VecDeque<u8>,
    pub set: BTreeSet<String>,
    pub array: [String; 2],
    pub pair: (String, u8),
    pub triple: Option<(Vec<bool>, String, Chapter)>,
    pub map: BTreeMap<String, Chapter>,
    pub hash: HashMap<String, Vec<String>>,
    pub numbers: BTreeMap<u32, String>,
    pub boxed: Box<Chapter>,
    pub json: serde_json::Value,
    pub colours: Vec<Colour>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Colour {
    LightRed,
    /// Documented.
    DarkGreen,
    #[serde(rename = "BLUE", alias = "azure")]
    Blue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Newtype(pub Vec<String>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Pair(pub String, pub Newtype);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(transparent)]
pub(crate) struct Transparent {
    pub inner: Chapter,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Wrapped {
    pub newtype: Newtype,
    pub pair: Pair,
    pub unit: Unit,
    pub transparent: Transparent,
    pub colour: Colour,
    pub maybe: Option<Colour>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Renamed {
    pub first_name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub r#match: String,
    #[serde(default)]
    pub with_default: Vec<String>,
    #[serde(alias = "other")]
    pub aliased_field: Option<u8>,
    #[serde(skip)]
    pub skipped: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sometimes: Vec<u8>,
    #[partial(state)]
    pub with_state: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(crate) enum External {
    UnitVariant,
    Newtype(Chapter),
    Text(String),
    Number(u8),
    Tuple(String, u8),
    #[serde(rename = "renamed")]
    Struct {
        first_name: String,
        #[partial(done)]
        second_name: String,
    },
    Maybe(Option<String>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Internal {
    Unit,
    Newtype(Chapter),
    Struct {
        name: String,
        #[partial(done)]
        age: u8,
    },
    Other {
        #[partial(state)]
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(tag = "kind", content = "data")]
pub(crate) enum Adjacent {
    Unit,
    Newtype(Vec<String>),
    Tuple(String, u8),
    Struct {
        name: String,
        #[partial(done)]
        age: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Number(i64),
    Text(String),
    Point { x: String, y: String },
    Named { x: String, name: String },
    List(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Enums {
    pub external: Vec<External>,
    pub internal: Vec<Internal>,
    pub adjacent: Vec<Adjacent>,
    pub untagged: Vec<Untagged>,
    pub maybe: Option<Internal>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Rest {
    pub street: String,
    #[partial(done)]
    pub number: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Flattened {
    pub name: String,
    #[serde(flatten)]
    pub rest: Rest,
    #[serde(flatten)]
    pub others: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct FlattenedEnum {
    pub label: String,
    #[serde(flatten)]
    pub kind: Internal,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Tree {
    pub label: String,
    pub children: Vec<Tree>,
    pub left: Option<Box<Tree>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<T>,
    #[partial(done)]
    pub total: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Generic {
    pub pages: Page<Story>,
    pub texts: Page<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Foreign {
    pub value: u8,
}

/// Functions for a field with a custom representation.
pub(crate) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
    pub(crate) fn serialize<S: Serializer>(value: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Done {
    #[partial(done)]
    pub foreign: Foreign,
    #[partial(done)]
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub text: u32,
    #[partial(done)]
    pub list: Vec<Foreign>,
    pub after: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct FlattenedExternal {
    pub label: String,
    #[serde(flatten)]
    pub kind: External2,
    #[serde(flatten)]
    pub maybe: Option<Rest>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) enum External2 {
    Text(String),
    Named {
        #[partial(state)]
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct FlattenedAdjacent {
    pub label: String,
    #[serde(flatten)]
    pub kind: Adjacent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(tag = "t", rename_all = "SCREAMING-KEBAB-CASE")]
pub(crate) enum Units {
    OneThing,
    #[serde(alias = "second")]
    TwoThings,
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(untagged)]
pub(crate) enum Either<A, B> {
    Left(A),
    Right(B),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct More {
    pub units: Vec<Units>,
    pub either: Vec<Either<Rest, Vec<Internal>>>,
    pub deep: Option<Box<Either<Adjacent, String>>>,
    pub by_key: HashMap<String, Internal>,
    pub pairs: Vec<(Internal, External)>,
    #[partial(state)]
    pub state: Internal,
    #[partial(required)]
    pub required: Vec<Adjacent>,
    #[partial(state, required)]
    pub both: Option<Vec<u8>>,
    #[partial(done)]
    pub whole: External,
}
