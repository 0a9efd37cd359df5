//! Fuzzing of the four macros: for any tokens, none may panic, lose the user's item, generate invalid Rust,
//! or be slow.
//!
//! `cargo test` replays `macros/corpus` and tries a small number of inputs, the same each time.
//! `cargo xtask fuzz` tries others; `FUZZ_SECONDS=600 cargo xtask fuzz` runs for ten minutes, and `FUZZ_SEED`
//! sets the first input. A failing input is written to `macros/corpus` as a program, which the next
//! `cargo test` replays.
#![allow(clippy::panic, clippy::print_stdout, reason = "a test")]

mod mutate;
mod seeds;
mod tree;

use self::{
    mutate::{Pool, Random, mutate, words},
    seeds::{Call, Macro},
};
use crate::{action, graph, state};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

/// The number of inputs that `cargo test` tries.
const SLICE: u64 = 4_000;

/// The maximum time of one expansion: a thousand times that of the slowest in the corpus.
const SLOWEST: Duration = Duration::from_secs(2);

#[test]
fn the_corpus_has_calls_of_every_macro() {
    let seeds = seeds::seeds();
    for (name, least) in [
        (Macro::State, 100),
        (Macro::Action, 100),
        (Macro::StreamingAction, 20),
        (Macro::Graph, 100),
    ] {
        let found = seeds.iter().filter(|call| call.name == name).count();
        assert!(found >= least, "{found} calls of {name:?}");
    }
}

#[test]
fn a_call_that_is_written_reads_back_as_the_same_tokens() {
    for call in seeds::seeds() {
        let again = tree::trees(tree::written(&call.item).parse().unwrap_or_default());
        assert_eq!(tree::written(&again), tree::written(&call.item));
    }
}

#[test]
fn earlier_findings_stay_fixed() {
    let calls = seeds::seeds().into_iter().map(|call| (call.written(), call));
    let faults: Vec<_> = calls
        .chain(seeds::findings())
        .filter_map(|(name, call)| Some(format!("{name}: {}", fault(&call)?)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_input_breaks_a_macro() {
    // set by `cargo xtask fuzz`, which puts the value of its caller before its own
    let setting = |name| std::env::var(name).ok()?.split(' ').next()?.parse::<u64>().ok();
    let (seconds, seed) = (setting("FUZZ_SECONDS"), setting("FUZZ_SEED").unwrap_or_default());
    let started = Instant::now();
    let more = |tried| match seconds {
        Some(seconds) => started.elapsed() < Duration::from_secs(seconds),
        None => tried < SLICE,
    };
    let (seeds, words) = (seeds::seeds(), words());
    let mut faults = BTreeSet::new();
    let mut tried = 0;
    while more(tried) {
        tried += 1;
        let Some(call) = changed(&seeds, &words, seed.wrapping_add(tried)) else { continue };
        let Some(fault) = fault(&call) else { continue };
        // reports one fault per message
        let kind: String = fault.chars().take(60).collect();
        if faults.insert(kind) && seconds.is_some() {
            let path = seeds::root().join(format!("corpus/found-{tried}.rs"));
            let written =
                fs::write(&path, format!("// {}\n{}", first_line(&fault), call.written()));
            println!("{}: {fault} ({written:?})", path.display());
        }
    }
    println!("{tried} inputs in {:.1?}", started.elapsed());
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Returns the input with this number.
fn changed(seeds: &[Call], words: &[Vec<tree::Tree>], number: u64) -> Option<Call> {
    let mut random = Random(number);
    let mut call = random.pick(seeds)?.clone();
    let other = random.pick(seeds)?;
    let pool = Pool { words, other: &other.item };
    for _ in 0..=random.below(4) {
        let arguments = !call.arguments.is_empty() && random.below(5) == 0;
        let trees = if arguments { &mut call.arguments } else { &mut call.item };
        mutate(trees, &pool, &mut random);
    }
    Some(call)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Describes the fault in the expansion of a call, if there is one.
fn fault(call: &Call) -> Option<String> {
    let (arguments, item) = (tree::tokens(&call.arguments), tree::tokens(&call.item));
    let started = Instant::now();
    let expanded = catch_unwind(AssertUnwindSafe(|| match call.name {
        Macro::State => state::state(item.clone()),
        Macro::Action => action::action(action::Kind::Plain, arguments, item.clone()),
        Macro::StreamingAction => action::action(action::Kind::Streaming, arguments, item.clone()),
        Macro::Graph => graph::graph(item.clone()),
    }));
    let took = started.elapsed();
    let Ok(output) = expanded else {
        return Some("it panics".into());
    };
    if took > SLOWEST {
        return Some(format!("it takes {took:?}"));
    }
    let refused = output.to_string().contains(":: core :: compile_error !");
    match syn::parse2::<syn::File>(output.clone()) {
        Err(error) if !refused => {
            Some(format!("the expansion is not valid Rust: {error}\n{output}"))
        }
        _ => lost(call.name, item, &output),
    }
}

/// Describes which part of the user's item is missing in the expansion, if any.
fn lost(name: Macro, item: TokenStream, output: &TokenStream) -> Option<String> {
    let known = match name {
        // rustc keeps the item of a derive
        Macro::State => return None,
        Macro::Action | Macro::StreamingAction => {
            syn::parse2::<syn::ItemFn>(item).ok().map(|function| function.sig.ident.to_string())
        }
        Macro::Graph => graph_name(item),
    }?;
    let mut trees = output.clone().into_iter().peekable();
    while let Some(tree) = trees.next() {
        let item = matches!(&tree, TokenTree::Ident(word) if word == "struct" || word == "fn");
        if item && matches!(trees.peek(), Some(TokenTree::Ident(name)) if *name == known) {
            return None;
        }
    }
    Some(format!("`{known}` is lost"))
}

/// Returns the name before the first parentheses, except those of a visibility.
fn graph_name(tokens: TokenStream) -> Option<String> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = trees.as_slice();
    while let [TokenTree::Punct(hash), TokenTree::Group(attr), after @ ..] = rest
        && hash.as_char() == '#'
        && attr.delimiter() != Delimiter::None
    {
        rest = after;
    }
    if let [TokenTree::Ident(word), after @ ..] = rest
        && word == "pub"
    {
        rest = after;
    }
    match rest {
        [TokenTree::Ident(name), TokenTree::Group(state), ..]
            if state.delimiter() == Delimiter::Parenthesis =>
        {
            syn::parse_str::<syn::Ident>(&name.to_string()).ok().map(|name| name.to_string())
        }
        _ => None,
    }
}
