//! Checks of the pages: their Rust blocks are compiled, and their links have targets.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Pages whose blocks are checked by a test of their own.
const ELSEWHERE: [&str; 1] = ["expansions.md"];

#[test]
fn every_page_with_rust_blocks_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let compiled = ["tests/src/lib.rs", "tests/guide/src/lib.rs"]
        .map(|file| fs::read_to_string(root.join(file)).unwrap())
        .concat();
    for path in pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if ELSEWHERE.contains(&&*name) {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        let blocks = page.lines().filter(|line| line.starts_with("```rust")).count();
        let included = compiled.contains(&format!("/{name}\")]"));
        assert!(
            blocks == 0 || included,
            "{name} has Rust blocks: include it in tests/src/lib.rs or tests/guide"
        );
        assert!(!page.contains("```rust,ignore"), "{name} has a block that is not compiled");
    }
}

#[test]
fn every_link_between_pages_has_a_target() {
    for path in pages() {
        let page = path.file_name().unwrap().to_string_lossy().into_owned();
        for link in prose(&fs::read_to_string(&path).unwrap()).split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.contains("://") || link.contains(' ') {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{page} links to {link}, which does not exist");
            if !anchor.is_empty() {
                let anchors = anchors(&fs::read_to_string(&target).unwrap());
                assert!(
                    anchors.contains(&anchor.to_owned()),
                    "{page} links to {link}: {anchors:?}"
                );
            }
        }
    }
}

/// The pages at the root and in `docs/`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let entries = [root.to_owned(), root.join("docs")].map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// Returns a page without its code blocks.
fn prose(page: &str) -> String {
    let mut code = false;
    let outside = page.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    });
    outside.collect::<Vec<_>>().join("\n")
}

/// Returns the anchors of the headings of a page.
fn anchors(page: &str) -> Vec<String> {
    let headings = prose(page);
    let headings = headings.lines().filter_map(|line| line.strip_prefix('#'));
    let anchor = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}
