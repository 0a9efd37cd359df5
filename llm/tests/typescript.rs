//! Generates TypeScript types of Rust types for the tests of the client, and checks that they are
//! current.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "typescript/forms.rs"]
mod forms;
#[path = "typescript/growth.rs"]
mod growth;
#[path = "typescript/values.rs"]
mod values;

use burdock_json::Schema;
use burdock_llm::typescript::{Declarations, Mark};
use growth::{growths, mark};
use schemars::{JsonSchema, schema_for};
use std::{env, fs, path::Path};

const HEAD: &str = "\
// Generated from the Rust types in llm/tests/typescript/forms.rs by `BLESS=1 cargo test -p burdock-llm
// --test typescript`. Do not edit by hand.

";

/// Compares a file of the client's tests with this text, or writes it if `BLESS` is set.
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

/// Marks the properties of stories in a schema, as a derive would.
fn mark_stories(schema: &mut Schema) {
    for story in ["", "sequel."] {
        mark(schema, story, "rating", Mark::Done);
        mark(schema, story, "cover", Mark::Done);
        mark(schema, story, "review", Mark::State);
    }
    mark(schema, "chapters.[]", "title", Mark::Required);
}

/// Marks the chapters in the schema of shapes in the same way.
fn mark_shapes(schema: &mut Schema) {
    mark(schema, "internal", "title", Mark::Required);
    mark(schema, "untagged", "title", Mark::Required);
}

fn add<T: JsonSchema>(types: &mut Declarations) {
    types.add(&T::schema_name(), schema_for!(T).as_value());
}

/// `BLESS=1 cargo test -p burdock-llm --test typescript` writes them.
#[test]
fn client_has_the_types_of_the_forms() {
    let mut types = Declarations::new();
    let story = schema_for!(forms::Story).to_value();
    let mut marked = Schema::compile(&story).unwrap();
    mark_stories(&mut marked);
    types.add_marked("Story", &story, &marked);
    add::<forms::Sizes>(&mut types);
    add::<forms::Shapes>(&mut types);
    add::<forms::Flattened>(&mut types);
    add::<forms::Tree>(&mut types);
    add::<forms::Keys>(&mut types);
    keep("forms.ts", &format!("{HEAD}{types}"));
}

#[test]
fn marks_of_a_schema_equal_those_of_the_types() {
    let schema = schema_for!(forms::Shapes).to_value();
    let mut marked = Schema::compile(&schema).unwrap();
    mark_shapes(&mut marked);
    mark(&mut marked, "internal", "first-page", Mark::State);
    mark(&mut marked, "internal", "first-page", Mark::Required);
    let (mut walked, mut named) = (Declarations::new(), Declarations::new());
    walked.add_marked("Shapes", &schema, &marked);
    named.add("Shapes", &schema);
    assert!(named.mark("Chapter", "title", Mark::Required));
    assert!(named.mark("Internal", "first-page", Mark::State));
    assert!(named.mark("Internal", "first-page", Mark::Required));
    assert_eq!(walked.to_string(), named.to_string());
    let page = r#""first-page": { state: "growing" | "complete"; value?: string };"#;
    assert!(named.to_string().contains(page), "{named}");
}

/// The client's tests replay the changes, and type-check the value after each of them.
#[test]
fn client_has_growing_values_of_the_forms() {
    let mut all = growths::<forms::Story>(4, mark_stories);
    all.extend(growths::<forms::Sizes>(4, |_| ()));
    all.extend(growths::<forms::Shapes>(6, mark_shapes));
    all.extend(growths::<forms::Flattened>(5, |schema| mark(schema, "", "title", Mark::Required)));
    all.extend(growths::<forms::Tree>(4, |_| ()));
    all.extend(growths::<forms::Keys>(3, |_| ()));
    keep("growth.json", &growth::replay(&all));
}
