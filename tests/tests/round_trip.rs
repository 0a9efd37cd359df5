//! Values that a log accepts are restored unchanged.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use burdock::log::{Log, MemoryLog};
use burdock_sqlite::SqliteLog;
use burdock_tests::round_trip::{
    Counts, Newtype, Shape, Tagged, Unital, Untagged, Values, check, write_changed,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Asserts that values of every kind were rejected, and that most values were accepted.
fn assert_varied(counts: &Counts) {
    let Counts { inputs, items, fields, recorded } = *counts;
    assert!(inputs > 0 && items > 0 && fields > 0, "{counts:?}");
    assert!(recorded > inputs + items + fields, "{counts:?}");
}

#[tokio::test]
async fn values_are_restored_from_memory() {
    for seed in 0..4 {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
        assert_varied(&check(log, seed, 200).await);
    }
}

#[tokio::test]
async fn values_are_restored_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("log.db")).await.unwrap();
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    for seed in 100..102 {
        assert_varied(&check(Arc::clone(&shared), seed, 150).await);
    }
    log.close().await;
}

type Change = fn(&mut Values);

/// Nested lists with this number of levels.
fn nested(levels: usize) -> Value {
    (1..levels).fold(json!([]), |inner, _| json!([inner]))
}

#[tokio::test]
async fn each_value_that_cannot_be_restored_is_rejected_with_its_field() {
    let null =
        "a value inside of `Some` or a set slot is written as `null`, which is read as no value";
    let deep = "it has more than 100 levels";
    let cases: [(&str, &str, Change); 13] = [
        ("unit", null, |values| values.unit = Unital::Unit(())),
        ("json", null, |values| values.json = Value::Null),
        ("boxed", null, |values| *values.boxed = None),
        ("newtype", null, |values| values.newtype = Newtype(None)),
        ("untagged", null, |values| values.untagged = Untagged::Nothing),
        ("optional", null, |values| values.optional = Some(None)),
        ("plain", null, |values| values.plain = Shape::Unitary(Some(()))),
        ("plain", "it cannot be read back: invalid type: string \"7\"", |values| {
            let numbers = BTreeMap::from([(7, 1)]);
            values.plain = Shape::Tagged(Box::new(Tagged::Numbers { numbers }));
        }),
        ("silent", "the slot serializes in the same way", |values| values.silent = 0),
        ("json", deep, |values| values.json = nested(101)),
        // the list of the field is one level
        ("list", deep, |values| values.list.push_back(Shape::Json(nested(99)))),
        ("map", deep, |values| drop(values.map.insert(7, Shape::Json(nested(99))))),
        ("slot_map", "JSON has no number for NaN", |values| {
            values.slot_map.insert("a".into(), Shape::Float(f64::NAN));
        }),
    ];
    for (field, reason, change) in cases {
        let rejected = write_changed(change).await.unwrap();
        let expected = format!("field `{field}` cannot be recorded: {reason}");
        assert!(rejected.starts_with(&expected), "{rejected}\n{expected}");
    }
}

#[tokio::test]
async fn edge_values_are_accepted_and_restored() {
    let cases: [Change; 8] = [
        |values| values.json = nested(100),
        |values| values.list.push_back(Shape::Json(nested(98))),
        |values| drop(values.map.insert(7, Shape::Json(nested(98)))),
        |values| values.plain = Shape::Twice(Some(Some(0))),
        |values| values.plain = Shape::Json(Value::Null),
        |values| values.optional = Some(Some(0)),
        |values| values.newtype = Newtype(Some(0)),
        |values| values.plain = Shape::Unsigned(u64::MAX),
    ];
    for (case, change) in cases.into_iter().enumerate() {
        assert_eq!(write_changed(change).await, None, "case {case}");
    }
}
