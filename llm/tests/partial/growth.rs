//! Growth by random cuts: the partial value always equals the JSON that the same changes build.

use super::{types::*, values::Random};
use burdock_json::{Parser, Schema, apply};
use burdock_llm::{Change, Grown, Marks, Partial};
use fastrand::Rng;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::fmt::Debug;

const VALUES: u64 = 200;

/// The requirements of the tests on a type.
trait Tested: Partial + Random + JsonSchema + Serialize + DeserializeOwned + PartialEq + Debug {}

impl<T> Tested for T where
    T: Partial + Random + JsonSchema + Serialize + DeserializeOwned + PartialEq + Debug
{
}

fn marked_schema<T: Tested>() -> Schema {
    let schema = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    let mut schema = Schema::compile(schema.into_root_schema_for::<T>().as_value()).unwrap();
    Marks::apply::<T>(&mut schema);
    schema
}

/// Grows random values, cut at random places, and whole.
fn grows<T: Tested>() {
    let schema = marked_schema::<T>();
    for seed in 0..VALUES {
        let mut rng = Rng::with_seed(seed);
        let value = T::random(&mut rng, 3);
        let text = if rng.bool() {
            serde_json::to_string(&value)
        } else {
            serde_json::to_string_pretty(&value)
        };
        grows_by(&schema, &value, &text.unwrap(), seed, &mut rng);
    }
}

fn grows_by<T: Tested>(schema: &Schema, value: &T, text: &str, seed: u64, rng: &mut Rng) {
    let context = format!("{} {seed}: {text}", std::any::type_name::<T>());
    let (mut parser, mut grown) = (Parser::new(schema), Grown::<T>::new());
    let (mut json, mut changes) = (Value::Null, Vec::new());
    let longest = [1, 5, 40, text.len()][rng.usize(..4)];
    let mut rest = text;
    while !rest.is_empty() {
        let cut = rest.floor_char_boundary(rng.usize(1..=longest).min(rest.len())).max(1);
        let cut = (cut..=rest.len()).find(|cut| rest.is_char_boundary(*cut)).unwrap();
        parser.feed(&rest[..cut], &mut changes).unwrap_or_else(|e| panic!("{e}: {context}"));
        check(&mut grown, &mut json, &mut changes, &context);
        rest = &rest[cut..];
    }
    let parsed = parser.finish(&mut changes).unwrap_or_else(|e| panic!("{e}: {context}"));
    check(&mut grown, &mut json, &mut changes, &context);
    assert!(grown.is_complete(), "{context}");
    let whole: T = serde_json::from_str(&parsed.json).unwrap();
    assert!(whole == *value, "{whole:?}\n{value:?}\n{context}");
}

/// Applies changes to the typed value and to JSON, and compares them.
fn check<T: Tested>(
    grown: &mut Grown<T>,
    json: &mut Value,
    changes: &mut Vec<burdock_json::Change>,
    context: &str,
) {
    for change in changes.drain(..) {
        apply(json, &change).unwrap_or_else(|e| panic!("{e}: {context}"));
        let text = serde_json::to_string(&change).unwrap();
        let change: Change<T> = serde_json::from_str(&text).unwrap();
        grown.apply(&change).unwrap_or_else(|e| panic!("{e}: {change:?} in {context}"));
    }
    // a missing value and `null` are the same JSON
    let partial = serde_json::to_value(grown.partial()).unwrap();
    assert!(same(&partial, json), "{partial}\n{json}\nof {context}");
}

/// Compares JSON values, treating `1` and `1.0` as equal.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, l)| right.get(key).is_some_and(|r| same(l, r)))
        }
        (left, right) => left == right,
    }
}

macro_rules! tests {
    ($($name:ident: $ty:ty;)*) => {$(
        #[test]
        fn $name() {
            grows::<$ty>();
        }
    )*};
}

tests! {
    strings: String;
    numbers: u64;
    wide_numbers: Vec<(u128, i128)>;
    options: Option<String>;
    lists_of_lists: Vec<Vec<String>>;
    tuples: (String, Vec<u8>, Chapter);
    maps: std::collections::BTreeMap<String, Story>;
    stories: Story;
    scalars: Scalars;
    containers: Containers;
    wrapped: Wrapped;
    newtypes: Newtype;
    tuple_structs: Pair;
    unit_structs: Unit;
    transparent_structs: Transparent;
    names: Colour;
    lists_of_names: Vec<Colour>;
    renamed: Renamed;
    external_enums: External;
    internal_enums: Internal;
    adjacent_enums: Adjacent;
    untagged_enums: Untagged;
    enums_in_fields: Enums;
    flattened_structs_and_maps: Flattened;
    flattened_enums: FlattenedEnum;
    recursive_types: Tree;
    generic_types: Generic;
    done_fields: Done;
    flattened_external_enums: FlattenedExternal;
    flattened_adjacent_enums: FlattenedAdjacent;
    enums_in_enums: More;
}
