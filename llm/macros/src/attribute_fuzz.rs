//! Fuzzing of `#[prompt]` and `#[tool]`: for any tokens, they may not panic, lose the user's function, or generate
//! invalid Rust.
#![allow(clippy::panic, reason = "a test")]

use crate::{
    fuzz::no_fault,
    mutate::{Pool, Random, mutate, words},
    prompt::prompt,
    tool::tool,
    tree::{Tree, tokens, trees},
};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    str::FromStr,
};

/// An attribute of functions.
struct Attribute {
    name: &'static str,
    expand: fn(TokenStream, TokenStream) -> TokenStream,
    /// The folders whose files use it.
    folders: [&'static str; 4],
}

const PROMPT: Attribute = Attribute {
    name: "prompt",
    expand: prompt,
    folders: ["../../tests/ui/prompt", "../../tests/ui/pass/prompt", "../tests/prompt", "src/docs"],
};

const TOOL: Attribute = Attribute {
    name: "tool",
    expand: tool,
    folders: ["../../tests/ui/tool", "../../tests/ui/pass/tool", "../tests/tool", "src/docs"],
};

/// A use of the attribute: its arguments, and the item below it.
#[derive(Clone)]
struct Call {
    arguments: Vec<Tree>,
    item: Vec<Tree>,
}

#[test]
fn the_corpus_has_uses() {
    for (attribute, least) in [(PROMPT, 50), (TOOL, 25)] {
        let found = seeds(&attribute).len();
        assert!(found >= least, "{found} uses of {}", attribute.name);
    }
}

#[test]
fn no_use_of_the_corpus_breaks_the_macro() {
    for attribute in [PROMPT, TOOL] {
        let seeds = seeds(&attribute);
        let faults: Vec<_> = seeds.iter().filter_map(|call| fault(&attribute, call)).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn no_input_breaks_prompt() {
    no_input_breaks(&PROMPT);
}

#[test]
fn no_input_breaks_tool() {
    no_input_breaks(&TOOL);
}

fn no_input_breaks(attribute: &Attribute) {
    let (seeds, words) = (seeds(attribute), words());
    no_fault(|number| fault(attribute, &changed(&seeds, &words, number)?));
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
fn fault(attribute: &Attribute, call: &Call) -> Option<String> {
    let Attribute { name, expand, .. } = attribute;
    let (arguments, item) = (tokens(&call.arguments), tokens(&call.item));
    let shown = format!("#[{name}({arguments})] {item}");
    let expanded = catch_unwind(AssertUnwindSafe(|| expand(arguments, item.clone())));
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

/// Returns every use in the tests of the runtime and in the docs, sorted by file.
fn seeds(attribute: &Attribute) -> Vec<Call> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut calls = Vec::new();
    for folder in attribute.folders {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for text in paths.iter().filter_map(|path| fs::read_to_string(path).ok()) {
            for block in blocks(&text) {
                let tokens = TokenStream::from_str(&block).unwrap_or_default();
                collect(attribute.name, &tokens, &mut calls);
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

fn collect(name: &str, stream: &TokenStream, calls: &mut Vec<Call>) {
    let found: Vec<TokenTree> = stream.clone().into_iter().collect();
    // the start of an item, with its attributes and docs
    let mut start = 0;
    for at in 0..found.len() {
        match (&found[at], found.get(at + 1)) {
            (TokenTree::Group(group), _) if group.delimiter() == Delimiter::Brace => {
                collect(name, &group.stream(), calls);
                start = at + 1;
            }
            (TokenTree::Punct(end), _) if end.as_char() == ';' => start = at + 1,
            (TokenTree::Punct(hash), Some(TokenTree::Group(attr))) if hash.as_char() == '#' => {
                let Some(arguments) = arguments(name, &attr.stream()) else { continue };
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

/// Returns the arguments of the attribute, with any path.
fn arguments(name: &str, attr: &TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = attr.clone().into_iter().collect();
    match trees.as_slice() {
        [.., TokenTree::Ident(word)] if word == name => Some(TokenStream::new()),
        [.., TokenTree::Ident(word), TokenTree::Group(arguments)] if word == name => {
            Some(arguments.stream())
        }
        _ => None,
    }
}
