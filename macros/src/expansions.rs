//! Tests that `docs/expansions.md` shows the actual expansions of an action and a graph.
//!
//! `BLESS=1 cargo test -p burdock-macros expansions` updates the page.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use crate::{action, graph};
use proc_macro2::TokenStream;
use quote::ToTokens as _;
use std::{fs, path::PathBuf, sync::Mutex};
use syn::{Attribute, Item, ItemFn, Meta};

/// The maximum number of formatted lines of a three-line action.
const ACTION_LINES: usize = 65;

/// The maximum number of formatted lines of a graph with three nodes.
const GRAPH_LINES: usize = 150;

/// Both tests write to the same file with `BLESS`.
static PAGE: Mutex<()> = Mutex::new(());

#[test]
fn the_docs_show_the_expansion_of_a_three_line_action() {
    let source = shown("action");
    let body = source.lines().skip_while(|line| line.starts_with("#[")).count();
    assert_eq!(body, 3, "the page shows an action of three lines");
    check("action expansion", &expand_action(&source), ACTION_LINES);
}

#[test]
fn the_docs_show_the_expansion_of_a_graph_of_three_nodes() {
    let source = shown("graph");
    let call: syn::ItemMacro = syn::parse_str(&source).unwrap();
    check("graph expansion", &graph::graph(call.mac.tokens), GRAPH_LINES);
}

/// Expands the attribute of the only function in `source`.
fn expand_action(source: &str) -> TokenStream {
    let mut function: ItemFn = syn::parse_str(source).unwrap();
    let kind = |attr: &Attribute| match () {
        () if attr.path().is_ident("action") => Some(action::Kind::Plain),
        () if attr.path().is_ident("streaming_action") => Some(action::Kind::Streaming),
        () => None,
    };
    let at = function.attrs.iter().position(|attr| kind(attr).is_some()).unwrap();
    let attr = function.attrs.remove(at);
    let Meta::List(list) = &attr.meta else { panic!("the attribute has no arguments") };
    action::action(kind(&attr).unwrap(), list.tokens.clone(), function.into_token_stream())
}

/// Compares the expansion with the block of this name, or updates the block.
fn check(name: &str, tokens: &TokenStream, most: usize) {
    let _guard = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let items: syn::File = syn::parse2(tokens.clone()).unwrap();
    let refused = items.items.iter().any(|item| match item {
        Item::Macro(call) => call.mac.path.to_token_stream().to_string().contains("compile_error"),
        _ => false,
    });
    assert!(!refused, "{name}: the example does not compile:\n{tokens}");
    let expansion = prettyplease::unparse(&items);
    let lines = expansion.lines().count();
    assert!(lines <= most, "{name}: {lines} lines, at most {most}:\n{expansion}");
    if std::env::var_os("BLESS").is_some() {
        let page = fs::read_to_string(path()).unwrap();
        let (before, _, after) = split(&page, name);
        fs::write(path(), format!("{before}{expansion}{after}")).unwrap();
        return;
    }
    let shown = shown(name);
    assert!(
        shown == expansion,
        "{name}: docs/expansions.md is out of date; run `BLESS=1 cargo test -p burdock-macros expansions`.\n\
         It shows:\n{shown}\nThe expansion is:\n{expansion}",
    );
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/expansions.md")
}

/// Returns the text of the block of this name.
fn shown(name: &str) -> String {
    let page = fs::read_to_string(path()).unwrap();
    split(&page, name).1.to_owned()
}

/// Returns the text before, in and after the block that follows `<!-- name -->`.
fn split<'p>(page: &'p str, name: &str) -> (&'p str, &'p str, &'p str) {
    let marker = format!("<!-- {name} -->");
    let found =
        page.find(&marker).unwrap_or_else(|| panic!("docs/expansions.md has no `{marker}`"));
    let open = found + page[found..].find("```").unwrap();
    let ticks = page[open..].chars().take_while(|tick| *tick == '`').count();
    let start = open + page[open..].find('\n').unwrap() + 1;
    // an expansion contains a diagram in a fence, so the outer fence is longer
    let close = format!("{}\n", "`".repeat(ticks));
    let end = start + page[start - 1..].find(&format!("\n{close}")).unwrap();
    (&page[..start], &page[start..end], &page[end..])
}
