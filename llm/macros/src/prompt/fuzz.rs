//! Fuzzing of `#[prompt]`: for any tokens, it may not panic, lose the user's function, or generate invalid
//! Rust.
#![allow(clippy::panic, reason = "a test")]

use super::prompt;
use crate::{
    fuzz::no_fault,
    mutate::{Pool, Random, mutate, words},
    tree::{Tree, tokens, trees},
};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    str::FromStr,
};

/// A use of the attribute: its arguments, and the item below it.
#[derive(Clone)]
struct Call {
    arguments: Vec<Tree>,
    item: Vec<Tree>,
}

#[test]
fn the_corpus_has_prompts() {
    let found = seeds().len();
    assert!(found >= 50, "{found} prompts");
}

#[test]
fn no_prompt_of_the_corpus_breaks_the_macro() {
    let faults: Vec<_> = seeds().iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_input_breaks_the_macro() {
    let (seeds, words) = (seeds(), words());
    no_fault(|number| fault(&changed(&seeds, &words, number)?));
}

/// Returns the input with this number.
fn changed(seeds: &[Call], words: &[Vec<Tree>], number: u64) -> Option<Call> {
    let mut random = Random(number);
    let mut call = random.pick(seeds)?.clone();
    let other = random.pick(seeds)?;
    let pool = Pool { words, other: &other.item };
    for _ in 0..=random.below(4) {
        let in_arguments = random.below(4) == 0;
        let trees = if in_arguments { &mut call.arguments } else { &mut call.item };
        mutate(trees, &pool, &mut random);
    }
    Some(call)
}

/// Describes the fault in the expansion of a call, if there is one.
fn fault(call: &Call) -> Option<String> {
    let (arguments, item) = (tokens(&call.arguments), tokens(&call.item));
    let shown = format!("#[prompt({arguments})] {item}");
    let expanded = catch_unwind(AssertUnwindSafe(|| prompt(arguments, item.clone())));
    let Ok(output) = expanded else { return Some(format!("it panics: {shown}")) };
    let refused = output.to_string().contains(":: core :: compile_error !");
    match syn::parse2::<syn::File>(output.clone()) {
        Err(error) if !refused => Some(format!("invalid Rust ({error}): {shown}\n{output}")),
        _ => lost(item, &output).map(|name| format!("`{name}` is lost: {shown}\n{output}")),
    }
}

/// Returns the name of the function if it is missing in the expansion.
fn lost(item: TokenStream, output: &TokenStream) -> Option<String> {
    let item: syn::TraitItemFn = syn::parse2(without_visibility(item)?).ok()?;
    let name = item.sig.ident.to_string();
    let mut trees = output.clone().into_iter().peekable();
    while let Some(tree) = trees.next() {
        let function = matches!(&tree, TokenTree::Ident(word) if word == "fn");
        if function && matches!(trees.peek(), Some(TokenTree::Ident(found)) if *found == name) {
            return None;
        }
    }
    Some(name)
}

/// Removes the visibility, so that the function parses as one of a trait.
fn without_visibility(item: TokenStream) -> Option<TokenStream> {
    let parse = |input: syn::parse::ParseStream<'_>| {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<syn::Visibility>()?;
        if input.peek(syn::Token![#]) {
            return Err(input.error("attributes precede the visibility"));
        }
        input.parse::<TokenStream>()
    };
    syn::parse::Parser::parse2(parse, item).ok()
}

/// Returns every prompt in the tests of the runtime and in the docs, sorted by file.
fn seeds() -> Vec<Call> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut calls = Vec::new();
    for folder in
        ["../../tests/ui/prompt", "../../tests/ui/pass/prompt", "../tests/prompt", "src/docs"]
    {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for text in paths.iter().filter_map(|path| fs::read_to_string(path).ok()) {
            for block in blocks(&text) {
                collect(&TokenStream::from_str(&block).unwrap_or_default(), &mut calls);
            }
        }
    }
    calls
}

/// Returns the fenced blocks of a page, or the whole text of a program.
fn blocks(text: &str) -> Vec<String> {
    if !text.contains("\n```\n\n") {
        return vec![text.to_owned()];
    }
    let shown = |line: &str| line.strip_prefix("# ").unwrap_or(line).to_owned();
    let parts = text.split("```").skip(1).step_by(2);
    parts.map(|part| part.lines().skip(1).map(shown).collect::<Vec<_>>().join("\n")).collect()
}

fn collect(stream: &TokenStream, calls: &mut Vec<Call>) {
    let found: Vec<TokenTree> = stream.clone().into_iter().collect();
    // the start of an item, with its attributes and docs
    let mut start = 0;
    for at in 0..found.len() {
        match (&found[at], found.get(at + 1)) {
            (TokenTree::Group(group), _) if group.delimiter() == Delimiter::Brace => {
                collect(&group.stream(), calls);
                start = at + 1;
            }
            (TokenTree::Punct(end), _) if end.as_char() == ';' => start = at + 1,
            (TokenTree::Punct(hash), Some(TokenTree::Group(attr))) if hash.as_char() == '#' => {
                let Some(arguments) = arguments(&attr.stream()) else { continue };
                let end =
                    found[at..].iter().position(is_end).map_or(found.len(), |end| at + end + 1);
                let item = found[start..at].iter().chain(&found[at + 2..end]).cloned();
                calls.push(Call { arguments: trees(arguments), item: trees(item.collect()) });
            }
            _ => {}
        }
    }
}

/// Returns whether a token ends an item.
fn is_end(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Punct(end) => end.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// Returns the arguments of `prompt` or `prompt(…)`, with any path.
fn arguments(attr: &TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = attr.clone().into_iter().collect();
    match trees.as_slice() {
        [.., TokenTree::Ident(name)] if name == "prompt" => Some(TokenStream::new()),
        [.., TokenTree::Ident(name), TokenTree::Group(arguments)] if name == "prompt" => {
            Some(arguments.stream())
        }
        _ => None,
    }
}
