//! Growing values, change by change, for the client to replay.

use crate::values::{Values, cut, text_of};
use burdock_json::{Change, Edit, Mark, Parser, Place, Schema, apply};
use fastrand::Rng;
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Write;

/// The growth of a value: each change, and the value after it.
pub(crate) struct Growth {
    /// The name of the partial type.
    pub(crate) ty: String,
    pub(crate) steps: Vec<(Change, Value)>,
}

/// Grows random values of `T`, with these marks.
pub(crate) fn growths<T: JsonSchema + DeserializeOwned>(
    count: usize,
    marks: impl Fn(&mut Schema),
) -> Vec<Growth> {
    let document = schema_for!(T).to_value();
    let mut schema = Schema::compile(&document).unwrap();
    marks(&mut schema);
    let name = T::schema_name();
    // each type has its own seed, so that a change of one does not affect the others
    let seed = name.bytes().fold(12, |seed, byte| seed * 31 + u64::from(byte));
    let mut random = Rng::with_seed(seed);
    (0..count)
        .map(|_| {
            let value = Values { document: &document, random: &mut random }.value(&document, 0);
            if let Err(error) = serde_json::from_value::<T>(value.clone()) {
                unreachable!("{value} is not a {name}: {error}");
            }
            let text = text_of(&value, &mut random);
            let steps = grow(&schema, &cut(&text, &mut random), &value);
            Growth { ty: format!("{name}Partial"), steps }
        })
        .collect()
}

fn grow(schema: &Schema, chunks: &[&str], whole: &Value) -> Vec<(Change, Value)> {
    let mut parser = Parser::new(schema);
    let mut changes = Vec::new();
    for chunk in chunks {
        parser.feed(chunk, &mut changes).unwrap();
    }
    let parsed = parser.finish(&mut changes).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&parsed.json).unwrap(), *whole);
    assert!(
        matches!(changes.last(), Some(Change { path, edit: Edit::Complete }) if path.is_root())
    );
    let mut value = Value::Null;
    let after = |change: Change| {
        apply(&mut value, &change).unwrap();
        (change, value.clone())
    };
    changes.into_iter().map(after).collect()
}

/// Marks a property of the objects at `path`, in which `[]` stands for the elements of a list.
pub(crate) fn mark(schema: &mut Schema, path: &str, key: &str, mark: Mark) {
    let step = |place: Place, step: &str| match step {
        "[]" => schema.element(&place, 0).unwrap(),
        key => schema.property(&place, key).unwrap(),
    };
    let place = path.split_terminator('.').fold(schema.root(), step);
    assert!(schema.mark(&place, key, mark));
}

/// Writes a JSON file that the client replays.
pub(crate) fn replay(growths: &[Growth]) -> String {
    let mut text = String::from("[\n");
    for (at, Growth { ty, steps }) in growths.iter().enumerate() {
        let steps: Vec<_> = steps.iter().map(|step| json!(step).to_string()).collect();
        let comma = if at > 0 { ",\n" } else { "" };
        write!(text, "{comma}{{\"type\":{},\"steps\":[\n{}\n]}}", json!(ty), steps.join(",\n"))
            .unwrap();
    }
    text + "\n]\n"
}
