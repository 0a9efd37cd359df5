//! Types in every serde representation.
#![allow(dead_code, reason = "their schemas are what matters")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A short story.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Story {
    /// The title on its cover.
    title: String,
    genre: Genre,
    chapters: Vec<Chapter>,
    cover: Cover,
    /// From 1 to 5.
    rating: u8,
    review: String,
    translator: Option<String>,
    sequel: Option<Box<Story>>,
}

/// A part of a story.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Chapter {
    title: String,
    #[serde(default)]
    pages: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Cover {
    color: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Genre {
    /// With dragons.
    Fantasy,
    /// With robots.
    ScienceFiction,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Color {
    Red,
    Green,
}

/// Numbers of all sizes.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Sizes {
    byte: u8,
    int: i32,
    long: i64,
    size: usize,
    float: f64,
    short: Option<u16>,
    huge: Option<u64>,
    pair: (u8, String),
    triple: [f32; 3],
    letter: char,
    nothing: (),
}

/// Enums in all representations.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Shapes {
    external: External,
    internal: Internal,
    adjacent: Adjacent,
    untagged: Untagged,
    color: Color,
    maybe_color: Option<Color>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) enum External {
    Unit,
    Newtype(String),
    Tuple(u8, String),
    Struct { name: String, colors: Vec<Color> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(crate) enum Internal {
    /// Nothing more.
    NothingYet,
    /// A part of a story.
    Part(Chapter),
    PageRange {
        page_count: u32,
        #[serde(rename = "first-page")]
        first: String,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Adjacent {
    Unit,
    Newtype(Vec<String>),
    Struct { name: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Number(f64),
    Text(String),
    Chapter(Chapter),
    Pair(u8, u8),
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Flattened {
    id: String,
    #[serde(flatten)]
    cover: Cover,
    #[serde(flatten)]
    internal: Internal,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tree {
    name: Name,
    children: Vec<Tree>,
    by_name: HashMap<String, Tree>,
    parent: Option<Box<Tree>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Name(String);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    #[serde(rename = "with space")]
    spaced: String,
    #[serde(rename = "1st")]
    first: bool,
    r#type: String,
    set: BTreeSet<String>,
    by_number: BTreeMap<u32, Vec<Color>>,
    anything: serde_json::Value,
    object: serde_json::Map<String, serde_json::Value>,
    #[schemars(extend("nullable" = true))]
    odd: String,
    /** Ends a comment: */
    comment: Option<Empty>,
    extra: Extra,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Empty {}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Extra {
    name: Option<u8>,
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}
