//! Macro calls to mutate: those of the ui tests, the examples and the docs, and the findings in
//! `macros/corpus`.

use super::tree::{self, Tree};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The macro of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    State,
    Action,
    StreamingAction,
    Graph,
}

/// A macro call: the arguments of an attribute, and the item below it or the tokens between braces.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) name: Macro,
    pub(super) arguments: Vec<Tree>,
    pub(super) item: Vec<Tree>,
}

impl Call {
    /// Returns the call as source text, in which a group without delimiters is `__none { … }`.
    pub(super) fn written(&self) -> String {
        let (arguments, item) = (tree::written(&self.arguments), tree::written(&self.item));
        match self.name {
            Macro::State => format!("#[derive(State)]\n{item}\n"),
            Macro::Action => format!("#[action({arguments})]\n{item}\n"),
            Macro::StreamingAction => format!("#[streaming_action({arguments})]\n{item}\n"),
            Macro::Graph => format!("graph! {{\n{item}\n}}\n"),
        }
    }
}

/// Returns every call in the programs of the repository, sorted by file.
pub(super) fn seeds() -> Vec<Call> {
    let mut calls = Vec::new();
    for folder in ["../tests/ui", "../tests/src", "../examples", "../docs", "src/docs"] {
        for file in files(&root().join(folder)) {
            let text = fs::read_to_string(file).unwrap_or_default();
            for block in blocks(&text) {
                if let Ok(tokens) = TokenStream::from_str(&block) {
                    collect(&tokens, &mut calls);
                }
            }
        }
    }
    calls
}

/// Returns the findings of earlier runs, with the names of their files.
pub(super) fn findings() -> Vec<(String, Call)> {
    let mut findings = Vec::new();
    for file in files(&root().join("corpus")) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let mut calls = Vec::new();
        collect(&text.parse().unwrap_or_default(), &mut calls);
        findings.extend(calls.into_iter().map(|call| (file.display().to_string(), call)));
    }
    findings
}

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the Rust and Markdown files in a folder, sorted by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let is_source = |path: &PathBuf| path.extension().is_some_and(|end| end == "rs" || end == "md");
    paths
        .into_iter()
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(is_source)
        .collect()
}

/// Returns the fenced blocks of a page, or the whole text of a program.
fn blocks(text: &str) -> Vec<String> {
    if !text.contains("\n```") {
        return vec![text.to_owned()];
    }
    let parts = text.split("```").skip(1).step_by(2);
    // the first line is the language; includes the lines that rustdoc hides
    let shown = |line: &str| line.strip_prefix("# ").unwrap_or(line).to_owned();
    parts.map(|part| part.lines().skip(1).map(shown).collect::<Vec<_>>().join("\n")).collect()
}

/// Finds calls by their tokens, also in programs that do not compile.
fn collect(tokens: &TokenStream, calls: &mut Vec<Call>) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for at in 0..trees.len() {
        if let TokenTree::Group(group) = &trees[at] {
            collect(&group.stream(), calls);
        }
        let rest = &trees[at + 1..];
        match (&trees[at], rest) {
            (TokenTree::Punct(hash), [TokenTree::Group(attr), item @ ..])
                if hash.as_char() == '#' && attr.delimiter() == Delimiter::Bracket =>
            {
                calls.extend(attribute(&attr.stream(), item));
            }
            (TokenTree::Ident(name), [TokenTree::Punct(bang), TokenTree::Group(body), ..])
                if name == "graph" && bang.as_char() == '!' =>
            {
                let item = tree::trees(body.stream());
                calls.push(Call { name: Macro::Graph, arguments: Vec::new(), item });
            }
            _ => {}
        }
    }
}

/// Returns the call of an attribute, if the attribute is one of burdock's.
fn attribute(attr: &TokenStream, after: &[TokenTree]) -> Option<Call> {
    let attr: Vec<TokenTree> = attr.clone().into_iter().collect();
    let [TokenTree::Ident(word), TokenTree::Group(arguments)] = attr.as_slice() else {
        return None;
    };
    let derives = || arguments.stream().to_string().contains("State");
    let name = match word.to_string().as_str() {
        "action" => Macro::Action,
        "streaming_action" => Macro::StreamingAction,
        "derive" if derives() => Macro::State,
        _ => return None,
    };
    let brace = |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let end = after.iter().position(brace).map_or(after.len(), |at| at + 1);
    let item = tree::trees(after[..end].iter().cloned().collect());
    let arguments = if name == Macro::State { TokenStream::new() } else { arguments.stream() };
    Some(Call { name, arguments: tree::trees(arguments), item })
}
