//! Types in every serde representation.

use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Plain {
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) number: i32,
    pub(crate) maybe: Option<String>,
    pub(crate) float: f64,
    pub(crate) flag: bool,
    pub(crate) letter: char,
    pub(crate) nothing: (),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Renamed {
    #[serde(rename = "type")]
    pub(crate) kind: Color,
    pub(crate) first_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Color {
    Red,
    DarkGreen,
    /// The color of the sky.
    Blue,
}

#[derive(Serialize, Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Size {
    Small,
    VeryLarge,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) enum External {
    Unit,
    Newtype(Inner),
    Tuple(i32, String),
    Struct { x: u8 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Inner {
    pub(crate) a: i32,
    pub(crate) b: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub(crate) enum Internal {
    Unit,
    Newtype(Inner),
    Struct { x: u8, more: Vec<String> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Adjacent {
    Unit,
    Newtype(Inner),
    Tuple(i32, String),
    Struct { x: u8 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Unit,
    Number(i32),
    Text(String),
    Struct { x: u8 },
    Other { y: Vec<u8> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Flat {
    pub(crate) z: i32,
    #[serde(flatten)]
    pub(crate) name: Name,
    #[serde(flatten)]
    pub(crate) event: Internal,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Name {
    pub(crate) first: String,
    pub(crate) last: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct FlatMap {
    pub(crate) z: String,
    #[serde(flatten)]
    pub(crate) rest: HashMap<String, i32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct FlatOptional {
    pub(crate) z: i32,
    #[serde(flatten)]
    pub(crate) inner: Option<Inner>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Newtype(pub(crate) Vec<u8>);

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Unit;

#[derive(Serialize, Deserialize, JsonSchema, Default)]
pub(crate) struct Recursive {
    pub(crate) value: i64,
    pub(crate) next: Option<Box<Recursive>>,
    pub(crate) children: Vec<Recursive>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Containers {
    pub(crate) tuple: (i32, String, bool),
    pub(crate) array: [u8; 3],
    pub(crate) set: BTreeSet<i8>,
    pub(crate) by_number: BTreeMap<u128, Color>,
    pub(crate) by_size: BTreeMap<Size, i64>,
    pub(crate) by_text: HashMap<String, Vec<Option<Color>>>,
    pub(crate) any: serde_json::Value,
    pub(crate) events: Vec<Internal>,
    pub(crate) maybe: Option<External>,
    pub(crate) result: Result<i32, String>,
    pub(crate) wide: u64,
    pub(crate) positive: std::num::NonZeroU8,
}

/// A type, with its static type erased.
pub(crate) struct Type {
    pub(crate) name: &'static str,
    pub(crate) schema: serde_json::Value,
    /// Values of the type, as JSON.
    pub(crate) values: Vec<String>,
    /// Deserializes JSON into the type and serializes it again.
    pub(crate) read: fn(&str) -> Result<serde_json::Value, String>,
}

fn of<T: Serialize + DeserializeOwned + JsonSchema>(name: &'static str, values: &[T]) -> Type {
    Type {
        name,
        schema: schema_for!(T).to_value(),
        values: values.iter().map(|value| serde_json::to_string(value).unwrap()).collect(),
        read: |json| {
            let value: T = serde_json::from_str(json).map_err(|error| error.to_string())?;
            serde_json::to_value(value).map_err(|error| error.to_string())
        },
    }
}

fn inner() -> Inner {
    Inner { a: -1, b: Some("inner \"text\"\n".into()) }
}

fn events() -> Vec<Internal> {
    let more = vec!["a".into(), "ü\u{1f600}".into()];
    vec![Internal::Unit, Internal::Newtype(inner()), Internal::Struct { x: 7, more }]
}

fn external() -> Vec<External> {
    let tuple = External::Tuple(3, "three".into());
    vec![External::Unit, External::Newtype(inner()), tuple, External::Struct { x: 200 }]
}

fn adjacent() -> Vec<Adjacent> {
    let tuple = Adjacent::Tuple(3, "three".into());
    vec![Adjacent::Unit, Adjacent::Newtype(inner()), tuple, Adjacent::Struct { x: 200 }]
}

fn untagged() -> Vec<Untagged> {
    let text = Untagged::Text("some text".into());
    let other = Untagged::Other { y: vec![1, 2] };
    vec![Untagged::Unit, Untagged::Number(-5), text, Untagged::Struct { x: 1 }, other]
}

fn recursive() -> Recursive {
    let leaf = || Recursive { value: i64::MIN, ..Recursive::default() };
    let middle =
        Recursive { value: 1, next: Some(Box::new(leaf())), children: vec![leaf(), leaf()] };
    Recursive { value: 0, next: Some(Box::new(middle)), children: vec![leaf()] }
}

fn containers() -> Containers {
    Containers {
        tuple: (1, "two".into(), true),
        array: [1, 2, 255],
        set: [-1, 5].into(),
        by_number: [(1, Color::Red), (20, Color::Blue)].into(),
        by_size: [(Size::VeryLarge, 3)].into(),
        by_text: [("key".into(), vec![None, Some(Color::Red)])].into(),
        any: serde_json::json!({"x": [1, null, {"y": "z"}], "f": 1.5}),
        events: events(),
        maybe: external().pop(),
        result: Err("reason".into()),
        wide: u64::MAX,
        positive: std::num::NonZeroU8::MIN,
    }
}

/// Returns every type, with values.
pub(crate) fn types() -> Vec<Type> {
    let plain = Plain {
        text: "a \\ text".into(),
        number: 3,
        maybe: None,
        float: -0.125,
        flag: true,
        letter: 'ß',
        nothing: (),
    };
    let renamed =
        Renamed { kind: Color::DarkGreen, first_name: "Ada".into(), last_name: Some("L".into()) };
    let name = || Name { first: "Ada".into(), last: None };
    let flat = |event| Flat { z: 1, name: name(), event };
    let rest = HashMap::from([("one".into(), 1), ("two".into(), 2)]);
    vec![
        of("Plain", &[plain]),
        of("Renamed", &[renamed]),
        of("Color", &[Color::Red, Color::DarkGreen, Color::Blue]),
        of("External", &external()),
        of("Internal", &events()),
        of("Adjacent", &adjacent()),
        of("Untagged", &untagged()),
        of("Flat", &events().into_iter().map(flat).collect::<Vec<_>>()),
        of("FlatMap", &[FlatMap { z: "z".into(), rest }]),
        of(
            "FlatOptional",
            &[FlatOptional { z: 1, inner: Some(inner()) }, FlatOptional { z: 2, inner: None }],
        ),
        of("Newtype", &[Newtype(vec![1, 2, 3])]),
        of("Unit", &[Unit]),
        of("Recursive", &[recursive()]),
        of("Containers", &[containers()]),
        of("Vec<Internal>", &[events()]),
        of("Option<Inner>", &[Some(inner()), None]),
        of("HashMap<String, Inner>", &[HashMap::from([("first".to_owned(), inner())])]),
        of("i64", &[i64::MIN]),
        of("String", &["text"].map(str::to_owned)),
    ]
}
