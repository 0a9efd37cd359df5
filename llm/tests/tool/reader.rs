//! Calls that the model is writing, as changes.

use burdock_llm::{Grown, ToolCallDelta, tool, tool::CallReader, tools};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Books a room.
#[tool]
async fn book(name: String, nights: u32, guests: Vec<String>) -> burdock::Result<()> {
    drop((name, nights, guests));
    Ok(())
}

fn delta(index: usize, name: &str, arguments: &str) -> ToolCallDelta {
    let (name, arguments) = (name.to_owned(), arguments.to_owned());
    ToolCallDelta { index, name, arguments }
}

/// Reads deltas, and returns the arguments of each call after each of them.
fn read(reader: &mut CallReader<'_>, deltas: &[ToolCallDelta]) -> Vec<BTreeMap<usize, Value>> {
    let mut grown: BTreeMap<usize, Grown<Value>> = BTreeMap::new();
    let mut seen = Vec::new();
    for delta in deltas {
        for change in reader.read(delta) {
            assert_eq!(change.index, delta.index);
            grown.entry(change.index).or_default().apply(&change.change).unwrap();
        }
        let values = grown.iter().map(|(index, value)| (*index, value.partial().unwrap().clone()));
        seen.push(values.collect());
    }
    seen
}

/// Splits a text into deltas of a call, after the one with its name.
fn deltas(index: usize, name: &str, text: &str, size: usize) -> Vec<ToolCallDelta> {
    let signs: Vec<char> = text.chars().collect();
    let pieces = signs.chunks(size).map(|piece| delta(index, "", &String::from_iter(piece)));
    [delta(index, name, "")].into_iter().chain(pieces).collect()
}

#[test]
fn arguments_grow_to_what_the_tool_receives() {
    let expected = json!({ "name": "Ada Löwe", "nights": 12, "guests": ["Ben", "Cy"] });
    let sloppy = "```json\n{\"name\": \"Ada L\u{f6}we\", nights: \"12\", \"guests\": [\"Ben\", \"Cy\",]}\n```";
    for text in [expected.to_string(), sloppy.to_owned()] {
        for size in 1..9 {
            let tools = tools![book];
            let seen = read(&mut tools.reader(), &deltas(0, "book", &text, size));
            assert_eq!(seen.last().unwrap()[&0], expected, "{text} by {size}");
            let nights: Vec<Value> = seen
                .iter()
                .map(|values| values.get(&0).map_or(Value::Null, |value| value["nights"].clone()))
                .collect();
            assert!(
                nights.iter().all(|nights| *nights == Value::Null || *nights == 12),
                "{nights:?}"
            );
        }
    }
}

#[test]
fn parallel_calls_and_unknown_tools_are_read_apart() {
    let (first, second) =
        (deltas(0, "book", r#"{"name": "Ada"}"#, 3), deltas(1, "cook", r#"{"what": [1, "x"]}"#, 2));
    let mut mixed: Vec<ToolCallDelta> = Vec::new();
    for at in 0..first.len().max(second.len()) {
        mixed.extend([first.get(at), second.get(at)].into_iter().flatten().cloned());
    }
    let tools = tools![book];
    let seen = read(&mut tools.reader(), &mixed);
    let last = seen.last().unwrap();
    assert_eq!((&last[&0], &last[&1]), (&json!({ "name": "Ada" }), &json!({ "what": [1, "x"] })));
}

#[test]
fn arguments_that_do_not_fit_stop_growing() {
    let tools = tools![book];
    let text = r#"{"name": "Ada", "nights": ["many"], "guests": ["Ben"]}"#;
    let seen = read(&mut tools.reader(), &deltas(0, "book", text, 1));
    assert_eq!(seen.last().unwrap()[&0], json!({ "name": "Ada" }));
    assert_eq!(read(&mut tools.reader(), &deltas(0, "book", "", 1)).last().unwrap().len(), 0);
}
