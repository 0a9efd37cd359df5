//! Writes TypeScript types of Rust types for the tests of the client, and keeps them current.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "typescript/forms.rs"]
mod forms;
#[path = "typescript/growth.rs"]
mod growth;
#[path = "typescript/values.rs"]
mod values;

use burdock_json::Mark as Marked;
use burdock_llm::typescript::{Declarations, Mark};
use growth::{growths, mark};
use schemars::{JsonSchema, schema_for};
use std::{env, fs, path::Path};

const HEAD: &str = "\
// Generated from the Rust types in llm/tests/typescript/forms.rs by `BLESS=1 cargo test -p burdock-llm
// --test typescript`. Do not edit by hand.

";

/// Compares a file of the client's tests with this text; writes it if `BLESS` is set.
fn keep(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/typescript/test/fixtures");
    let path = folder.join(name);
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(folder).unwrap();
        fs::write(path, text).unwrap();
    } else {
        let is_current = fs::read_to_string(path).is_ok_and(|known| known == text);
        assert!(is_current, "{name} is out of date: BLESS=1 writes it");
    }
}

fn add<T: JsonSchema>(types: &mut Declarations) {
    types.add(&T::schema_name(), schema_for!(T).as_value());
}

/// `BLESS=1 cargo test -p burdock-llm --test typescript` writes them.
#[test]
fn the_client_has_the_types_of_the_forms() {
    let mut types = Declarations::new();
    add::<forms::Story>(&mut types);
    add::<forms::Sizes>(&mut types);
    add::<forms::Shapes>(&mut types);
    add::<forms::Flattened>(&mut types);
    add::<forms::Tree>(&mut types);
    add::<forms::Keys>(&mut types);
    assert!(types.mark("Story", "rating", Mark::Done));
    assert!(types.mark("Story", "cover", Mark::Done));
    assert!(types.mark("Story", "review", Mark::State));
    assert!(types.mark("Chapter", "title", Mark::Required));
    keep("forms.ts", &format!("{HEAD}{types}"));
}

/// The client's tests replay them, and compile the values after each change as values of their types.
#[test]
fn the_client_has_growing_values_of_the_forms() {
    let mut all = growths::<forms::Story>(4, |schema| {
        for story in ["", "sequel."] {
            mark(schema, story, "rating", Marked::Done);
            mark(schema, story, "cover", Marked::Done);
            mark(schema, story, "review", Marked::State);
        }
        mark(schema, "chapters.[]", "title", Marked::Required);
    });
    all.extend(growths::<forms::Sizes>(4, |_| ()));
    all.extend(growths::<forms::Shapes>(6, |schema| {
        mark(schema, "internal", "title", Marked::Required);
        mark(schema, "untagged", "title", Marked::Required);
    }));
    all.extend(growths::<forms::Flattened>(5, |schema| {
        mark(schema, "", "title", Marked::Required);
    }));
    all.extend(growths::<forms::Tree>(4, |_| ()));
    all.extend(growths::<forms::Keys>(3, |_| ()));
    keep("growth.json", &growth::replay(&all));
}
