//! Writes TypeScript types of Rust types for the tests of the client, and keeps them current.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "typescript/forms.rs"]
mod forms;

use burdock_llm::typescript::{Declarations, Mark};
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
