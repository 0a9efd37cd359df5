//! Fuzzing of the derive: for any tokens, it may neither panic nor generate invalid Rust.

use super::partial;
use crate::{
    fuzz::no_fault,
    mutate::{Pool, Random, mutate, words},
    tree::{Tree, tokens, trees},
};
use quote::ToTokens;
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};
use syn::visit_mut::{VisitMut, visit_item_mut};

#[test]
fn the_corpus_has_derives() {
    assert!(seeds().len() >= 60, "{} derives", seeds().len());
}

#[test]
fn no_derive_of_the_corpus_breaks_the_macro() {
    let faults: Vec<_> = seeds().iter().filter_map(|item| fault(item)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_input_breaks_the_macro() {
    let (seeds, words) = (seeds(), words());
    no_fault(|number| fault(&changed(&seeds, &words, number)?));
}

/// Returns the input with this number.
fn changed(seeds: &[Vec<Tree>], words: &[Vec<Tree>], number: u64) -> Option<Vec<Tree>> {
    let mut random = Random(number);
    let mut item = random.pick(seeds)?.clone();
    let pool = Pool { words, other: random.pick(seeds)? };
    for _ in 0..=random.below(4) {
        mutate(&mut item, &pool, &mut random);
    }
    Some(item)
}

/// Describes the fault in the expansion of an item, if there is one.
fn fault(item: &[Tree]) -> Option<String> {
    let item = tokens(item);
    let Ok(output) = catch_unwind(AssertUnwindSafe(|| partial(item.clone()))) else {
        return Some(format!("it panics: {item}"));
    };
    match syn::parse2::<syn::File>(output.clone()) {
        Err(error) => Some(format!("invalid Rust ({error}): {item}\n{output}")),
        Ok(file) if file.items.is_empty() => Some(format!("no expansion and no error: {item}")),
        Ok(_) => None,
    }
}

/// Returns every derive in the tests of the runtime, sorted by file.
fn seeds() -> Vec<Vec<Tree>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut derives = Derives(Vec::new());
    for folder in ["../../tests/ui/partial", "../../tests/ui/pass/partial", "../tests/partial"] {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for text in paths.iter().filter_map(|path| fs::read_to_string(path).ok()) {
            if let Ok(mut file) = syn::parse_file(&text) {
                derives.visit_file_mut(&mut file);
            }
        }
    }
    derives.0
}

/// The items that derive `Partial`, as the derive receives them.
struct Derives(Vec<Vec<Tree>>);

impl VisitMut for Derives {
    fn visit_item_mut(&mut self, item: &mut syn::Item) {
        let attrs = match item {
            syn::Item::Struct(item) => Some(&mut item.attrs),
            syn::Item::Enum(item) => Some(&mut item.attrs),
            syn::Item::Union(item) => Some(&mut item.attrs),
            _ => None,
        };
        if let Some(attrs) = attrs {
            let before = attrs.len();
            let is_derive = |attr: &syn::Attribute| {
                let text = attr.to_token_stream().to_string();
                attr.path().is_ident("derive") && text.contains("Partial")
            };
            attrs.retain(|attr| !is_derive(attr));
            if attrs.len() < before {
                self.0.push(trees(item.to_token_stream()));
            }
        }
        visit_item_mut(self, item);
    }
}
