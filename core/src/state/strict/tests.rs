use super::*;
use crate::Vector;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Each form of serde's data model, with a number in each.
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
    omitted: Option<f64>,
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
    let [number, single, option, list, vector, tuple, pair, newtype, map, other, more] = numbers;
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
        omitted: None,
        integers: (-1, -2, -3, i64::MIN, -5, 6, 7, 8, u64::MAX, 10),
    }
}

#[test]
fn values_serialize_as_with_serde_json_and_are_read_back() {
    let value = everything([0.5; 11]);
    let json = to_json(&value).unwrap();
    assert_eq!(json, serde_json::to_value(&value).unwrap());
    let text = serde_json::to_string(&Fields::fields(&value)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json);
    assert_eq!(serde_json::from_value::<Everything>(json).unwrap(), value);
}

#[test]
fn numbers_without_json_form_are_rejected_with_their_path() {
    let paths = [
        "number",
        "single",
        "option",
        "list[1]",
        "vector[0]",
        "tuple[1]",
        "pair[1]",
        "newtype",
        "map.-3",
        "variants[1]",
        "variants[2][1]",
    ];
    for (at, path) in paths.into_iter().enumerate() {
        for (number, text) in [(f64::NAN, "NaN"), (f64::NEG_INFINITY, "-inf")] {
            let mut numbers = [0.5; 11];
            numbers[at] = number;
            let error = to_json(&everything(numbers)).unwrap_err();
            assert_eq!(error.to_string(), format!("JSON has no number for {text} at `{path}`"));
        }
    }
    let error = to_json(&Variant::Struct { number: f64::NAN }).unwrap_err();
    assert_eq!(error.to_string(), "JSON has no number for NaN at `number`");
    assert_eq!(to_json(&f64::NAN).unwrap_err().to_string(), "JSON has no number for NaN");
}

#[derive(Serialize)]
#[serde(untagged)]
enum Untagged {
    Nothing,
    Number(u8),
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Wrapped<T>(T);

/// Returns whether a value can be written inside of `Some`, in each form of nesting.
fn is_kept(value: &impl Serialize) -> bool {
    let kept = to_json(&Some(value)).is_ok();
    assert_eq!(to_json(&vec![("key", Some(value))]).is_ok(), kept);
    assert_eq!(to_json(&BTreeMap::from([("key", Some(value))])).is_ok(), kept);
    assert_eq!(to_json(&crate::Slot::set(value)).is_ok(), kept);
    kept
}

#[test]
fn null_inside_of_some_is_rejected_in_every_form() {
    assert!(!is_kept(&()));
    assert!(!is_kept(&Unit));
    assert!(!is_kept(&Value::Null));
    assert!(!is_kept(&None::<u8>));
    assert!(!is_kept(&Box::new(None::<u8>)));
    assert!(!is_kept(&Some(None::<u8>)));
    assert!(!is_kept(&Wrapped(None::<u8>)));
    assert!(!is_kept(&Wrapped(Wrapped(Unit))));
    assert!(!is_kept(&Untagged::Nothing));
    assert!(!is_kept(&std::marker::PhantomData::<u8>));

    assert!(is_kept(&Some(7)));
    assert!(is_kept(&Wrapped(Some(7))));
    assert!(is_kept(&Untagged::Number(7)));
    assert!(is_kept(&[None::<u8>]));
    assert!(is_kept(&((), Unit)));
    assert!(is_kept(&[("key", ())]));
    assert!(is_kept(&Variant::Unit));

    for json in [to_json(&()), to_json(&None::<u8>), to_json(&Unit), to_json(&Value::Null)] {
        assert_eq!(json.unwrap(), Value::Null);
    }
    let error = to_json(&BTreeMap::from([("key", Some(()))])).unwrap_err().to_string();
    let what = "a value inside of `Some` or a set slot is written as `null`";
    assert_eq!(error, format!("{what}, which is read as no value at `key`"));
}

/// One level of nesting, in each form that serde has.
#[derive(Serialize)]
#[serde(untagged)]
enum Nest {
    Leaf(u8),
    List(Vec<Nest>),
    Map(BTreeMap<&'static str, Nest>),
    Pair(Box<(Nest, u8)>),
    Some(Option<Box<Nest>>),
    Wrapped(Box<Wrapped<Nest>>),
    Struct { nest: Box<Nest> },
    Variant(Box<NestVariant>),
}

#[derive(Serialize)]
enum NestVariant {
    Newtype(Nest),
    Tuple(Nest, u8),
    Struct { nest: Nest },
}

impl Nest {
    fn around(self, form: usize) -> Self {
        let boxed = |nest| Box::new(nest);
        match form % 9 {
            0 => Self::List(vec![Self::Leaf(0), self]),
            1 => Self::Map(BTreeMap::from([("nest", self)])),
            2 => Self::Pair(Box::new((self, 0))),
            3 => Self::Some(Some(boxed(self))),
            4 => Self::Wrapped(Box::new(Wrapped(self))),
            5 => Self::Struct { nest: boxed(self) },
            6 => Self::Variant(Box::new(NestVariant::Newtype(self))),
            7 => Self::Variant(Box::new(NestVariant::Tuple(self, 0))),
            _ => Self::Variant(Box::new(NestVariant::Struct { nest: self })),
        }
    }
}

fn levels(json: &Value) -> usize {
    match json {
        Value::Array(list) => 1 + list.iter().map(levels).max().unwrap_or_default(),
        Value::Object(map) => 1 + map.values().map(levels).max().unwrap_or_default(),
        _ => 0,
    }
}

#[test]
fn values_are_rejected_exactly_if_their_json_has_too_many_levels() {
    for step in 1..9 {
        let mut nest = Nest::Leaf(7);
        for round in 0..150 {
            nest = nest.around(round * step);
            let json = serde_json::to_value(&nest).unwrap();
            let fits = levels(&json) <= MAX_DEPTH;
            assert_eq!(to_json(&nest).is_ok(), fits);
            assert_eq!(to_json(&json).is_ok(), fits);
            assert_eq!(fields_to_json(&BTreeMap::from([("field", &nest)])).is_ok(), fits);
        }
    }
}

#[test]
fn the_path_in_the_error_of_a_deep_value_is_truncated() {
    let mut json = Value::Null;
    for _ in 0..200_000 {
        json = Value::Array(vec![json]);
    }
    let error = to_json(&BTreeMap::from([("deep", &json)])).unwrap_err().to_string();
    assert!(error.starts_with("it has more than 100 levels at `deep[0][0][0]"), "{error}");
    assert!(error.ends_with("…`") && error.len() < 150, "{error}");
    // the destructor of `Value` is recursive
    std::mem::forget(json);
}

#[test]
fn raw_json_is_rejected() {
    /// A value that serializes like a `RawValue` of `serde_json`.
    struct Raw;

    impl Serialize for Raw {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut raw = serializer.serialize_struct(RAW_VALUE, 1)?;
            raw.serialize_field(RAW_VALUE, "7")?;
            raw.end()
        }
    }

    let error = to_json(&[Raw]).unwrap_err().to_string();
    assert_eq!(error, "it holds a `RawValue`: use `serde_json::Value` at `[0]`");
}

#[test]
fn objects_with_two_entries_of_the_same_name_are_rejected() {
    #[derive(Serialize)]
    struct Flat {
        first: u8,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, u8>,
    }
    #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(untagged)]
    enum Key {
        Number(u8),
        Text(&'static str),
    }
    let flat = |name| Flat { first: 7, rest: BTreeMap::from([(name, 9)]) };
    let keyed = |text| BTreeMap::from([(Key::Number(1), 1), (Key::Text(text), 2)]);
    let same = "two entries of an object have the same name";
    assert_eq!(to_json(&[flat("first")]).unwrap_err().to_string(), same);
    assert_eq!(to_json(&Some(keyed("1"))).unwrap_err().to_string(), same);
    let by =
        |value: &BTreeMap<Key, u8>, to: StrictSerializer<'_, JsonSerializer>| value.serialize(to);
    assert_eq!(written_by(&keyed("1"), by).unwrap_err().to_string(), same);

    assert!(to_json(&[flat("second"), flat("third")]).is_ok());
    assert!(to_json(&keyed("2")).is_ok() && written_by(&keyed("2"), by).is_ok());
    assert!(to_json(&everything([0.5; 11])).is_ok());
    // the missing entry of one object is not offset by the entries of another one
    assert!(to_json(&(flat("first"), serde_json::json!({"a": {"b": [{"c": 1}]}}))).is_err());
}

#[test]
fn keys_that_are_not_strings_and_numbers_beyond_64_bits_are_rejected() {
    let error = to_json(&BTreeMap::from([((1, 2), 3)])).unwrap_err();
    assert_eq!(error.to_string(), "key must be a string");
    for error in [to_json(&u128::MAX).unwrap_err(), to_json(&i128::MIN).unwrap_err()] {
        assert_eq!(error.to_string(), "number out of range");
    }
    let error = serde_json::to_string(&StrictValue::new(&u128::MAX)).unwrap_err();
    assert_eq!(error.to_string(), "number out of range");
}
