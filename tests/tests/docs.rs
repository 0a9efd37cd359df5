//! No page of the docs is forgotten.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::Path};

/// Pages whose blocks are kept true by a test of their own.
const ELSEWHERE: [&str; 1] = ["expansions.md"];

#[test]
fn every_page_with_rust_blocks_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let compiled = fs::read_to_string(root.join("tests/src/lib.rs")).unwrap();
    let entries = [root.to_owned(), root.join("docs")].map(|folder| fs::read_dir(folder).unwrap());
    for path in entries.into_iter().flatten().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "md") || ELSEWHERE.contains(&&*name)
        {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        let blocks = page.lines().filter(|line| line.starts_with("```rust")).count();
        let included = compiled.contains(&format!("/{name}\")]"));
        assert!(blocks == 0 || included, "{name} has Rust blocks: include it in tests/src/lib.rs");
        assert!(!page.contains("```rust,ignore"), "{name} has a block that nobody compiles");
    }
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/getting-started.md"];
    for page in pages.iter().chain(&["docs/language.md"]) {
        let path = root.join(page);
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            // an anchor of the same page, or of the web
            if file.is_empty() || file.contains("://") || file.contains(' ') {
                continue;
            }
            let target = path.parent().unwrap().join(file);
            assert!(target.exists(), "{page} links to {link}, which is not there");
        }
    }
}
