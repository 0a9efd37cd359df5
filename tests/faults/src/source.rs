//! The parts of a source file that may be faulty: the input of `graph!`, the attributes of burdock, and the
//! arguments of actions; on request, whole actions and states.
//!
//! Strings and comments have no faults. The tokens are those of proc-macro2, which has no tokens inside strings and
//! comments, so that only literals and doc comments have to be excluded.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::ops::Range;

/// The attributes of actions.
const ACTIONS: [&str; 2] = ["action", "streaming_action"];

/// The sections of a graph whose entries are `name: Type`.
const BINDINGS: [&str; 2] = ["inputs", "resources"];

/// How much of a file may be faulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The input of `graph!`, attributes, and the arguments of actions.
    Macros,
    /// Also the whole function of an action, and the whole struct of a state.
    Items,
}

/// The part of the compiler that interprets a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A macro of burdock.
    Macro,
    /// rustc itself: it is in the body of an action or in the fields of a state.
    Rust,
}

/// One token that may be faulty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) part: Part,
    /// Its range in the file, in bytes.
    pub(crate) range: Range<usize>,
}

/// The kind of a token: only a name can be misspelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Name,
    Number,
    Other,
}

/// A file, and the places in it where faults are made.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    /// Complete types: of inputs, resources, items, states and arguments.
    pub(crate) types: Vec<Range<usize>>,
    /// Whole lines on which every token may be faulty.
    pub(crate) lines: Vec<Range<usize>>,
    /// The rest of a statement or of another element of a list, from each of its tokens except the first.
    pub(crate) cuts: Vec<Range<usize>>,
}

impl Source {
    /// Finds the places in `text`. Returns `None` if it is not valid Rust.
    pub(crate) fn new(text: String, extent: Extent) -> Option<Self> {
        let stream: TokenStream = text.parse().ok()?;
        let mut finder = Finder {
            text: &text,
            extent,
            part: Part::Macro,
            tokens: Vec::new(),
            types: Vec::new(),
            cuts: Vec::new(),
        };
        finder.stream(stream.clone());
        let Finder { mut tokens, mut types, mut cuts, .. } = finder;
        tokens.sort_by_key(|token| token.range.start);
        types.sort_by_key(|range| range.start);
        cuts.sort_by_key(|range| range.start);
        let lines = lines(&text, stream, &tokens);
        Some(Self { text, tokens, types, lines, cuts })
    }

    /// Returns the part of the first token at or after this position.
    pub(crate) fn part(&self, at: usize) -> Part {
        let next = self.tokens.iter().find(|token| token.range.start >= at);
        next.map_or(Part::Macro, |token| token.part)
    }
}

struct Finder<'t> {
    text: &'t str,
    extent: Extent,
    part: Part,
    tokens: Vec<Token>,
    types: Vec<Range<usize>>,
    cuts: Vec<Range<usize>>,
}

impl Finder<'_> {
    /// Finds attributes and graphs in Rust.
    fn stream(&mut self, stream: TokenStream) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut signature = false;
        let mut found = 0;
        for (at, tree) in trees.iter().enumerate() {
            if at < found {
                continue;
            }
            let before = |back: usize| at.checked_sub(back).and_then(|at| trees.get(at));
            let TokenTree::Group(group) = tree else { continue };
            let graph = before(1).is_some_and(|tree| is_punct(tree, '!'))
                && before(2).is_some_and(|tree| is_word(tree, &["graph"]));
            let attribute = group.delimiter() == Delimiter::Bracket
                && before(1).is_some_and(|tree| is_punct(tree, '#'));
            if graph {
                self.graph(group);
            } else if attribute && is_ours(group) {
                signature |= names_one(group, &ACTIONS);
                self.attribute(&trees[at - 1], group);
                if self.extent == Extent::Items {
                    found = at + 1 + self.item(&trees[at + 1..]);
                    signature = false;
                }
            } else if signature && before(2).is_some_and(|tree| is_word(tree, &["fn"])) {
                signature = false;
                self.arguments(group);
            } else if !attribute {
                self.stream(group.stream());
            }
        }
    }

    /// Adds the rest of an item after its first attribute, and returns the number of its trees.
    fn item(&mut self, trees: &[TokenTree]) -> usize {
        let is_body = |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        let Some(end) = trees.iter().position(is_body) else { return 0 };
        let is_struct = trees[..end].iter().any(|tree| is_word(tree, &["struct"]));
        for (at, tree) in trees[..=end].iter().enumerate() {
            let before = at.checked_sub(2).and_then(|at| trees.get(at));
            if let TokenTree::Group(group) = tree
                && before.is_some_and(|tree| is_word(tree, &["fn"]))
            {
                self.bindings(&group.stream());
            }
            self.part = if is_struct || at == end { Part::Rust } else { Part::Macro };
            self.tree(tree);
        }
        self.cuts(&trees[..=end]);
        self.part = Part::Macro;
        end + 1
    }

    fn graph(&mut self, graph: &Group) {
        let trees: Vec<TokenTree> = graph.stream().into_iter().collect();
        self.cuts(&trees);
        for tree in trees {
            self.tree(&tree);
            let TokenTree::Group(group) = tree else { continue };
            match group.delimiter() {
                Delimiter::Parenthesis => self.whole(&group.stream()),
                Delimiter::Brace => self.sections(&group),
                _ => {}
            }
        }
    }

    /// Adds the types in `inputs`, `resources` and `yields`.
    fn sections(&mut self, body: &Group) {
        let trees: Vec<TokenTree> = body.stream().into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            if is_word(tree, &["yields"]) {
                let ty = trees[at + 1..].iter().take_while(|tree| !is_punct(tree, ';'));
                self.whole(&ty.cloned().collect());
            }
            if let (true, Some(TokenTree::Group(group))) =
                (is_word(tree, &BINDINGS), trees.get(at + 1))
            {
                self.bindings(&group.stream());
            }
        }
    }

    fn attribute(&mut self, hash: &TokenTree, attribute: &Group) {
        self.tree(hash);
        self.tree(&attribute.clone().into());
        let inner: Vec<TokenTree> = attribute.stream().into_iter().collect();
        let (Some(TokenTree::Group(list)), true) = (inner.get(1), names_one(attribute, &ACTIONS))
        else {
            return;
        };
        let list: Vec<TokenTree> = list.stream().into_iter().collect();
        for (at, tree) in list.iter().enumerate() {
            if let (true, Some(TokenTree::Group(ty))) =
                (is_word(tree, &["yields"]), list.get(at + 1))
            {
                self.whole(&ty.stream());
            }
            if is_word(tree, &["state"]) {
                let path = list.iter().skip(at + 2).take_while(|tree| !is_punct(tree, ','));
                self.whole(&path.cloned().collect());
            }
        }
    }

    /// Adds the arguments of an action: their markers, names and types.
    fn arguments(&mut self, arguments: &Group) {
        for tree in arguments.stream() {
            self.tree(&tree);
        }
        self.bindings(&arguments.stream());
    }

    /// Adds the types of `name: Type, …`.
    fn bindings(&mut self, stream: &TokenStream) {
        let mut ty: Option<TokenStream> = None;
        let mut angles = 0_usize;
        let mut before = None;
        for tree in stream.clone() {
            match &tree {
                TokenTree::Punct(sign) if sign.as_char() == ',' && angles == 0 => {
                    if let Some(ty) = ty.take() {
                        self.whole(&ty);
                    }
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' && ty.is_none() => {
                    ty = Some(TokenStream::new());
                }
                _ => {
                    if is_punct(&tree, '<') {
                        angles += 1;
                    } else if is_punct(&tree, '>') && before != Some('-') {
                        angles = angles.saturating_sub(1);
                    }
                    if let Some(ty) = &mut ty {
                        ty.extend([tree.clone()]);
                    }
                }
            }
            before = match &tree {
                TokenTree::Punct(sign) => Some(sign.as_char()),
                _ => None,
            };
        }
        if let Some(ty) = ty {
            self.whole(&ty);
        }
    }

    /// Adds one type, as a whole.
    fn whole(&mut self, ty: &TokenStream) {
        let mut spans = ty.clone().into_iter().map(|tree| tree.span().byte_range());
        if let Some(first) = spans.next() {
            let end = spans.last().map_or(first.end, |last| last.end);
            self.types.push(first.start..end);
        }
    }

    /// Adds a token and all tokens in it.
    fn tree(&mut self, tree: &TokenTree) {
        let range = tree.span().byte_range();
        if self.text[range.clone()].starts_with("//") || self.text[range.clone()].starts_with("/*")
        {
            return;
        }
        match tree {
            TokenTree::Group(group) => {
                let (open, close) =
                    (group.span_open().byte_range(), group.span_close().byte_range());
                // the brackets of a doc comment have the span of the comment
                if self.text[open.clone()].starts_with("//") {
                    return;
                }
                self.push(TokenKind::Other, open);
                let trees: Vec<TokenTree> = group.stream().into_iter().collect();
                for tree in &trees {
                    self.tree(tree);
                }
                self.cuts(&trees);
                self.push(TokenKind::Other, close);
            }
            TokenTree::Ident(_) => self.push(TokenKind::Name, range),
            TokenTree::Punct(_) => self.push(TokenKind::Other, range),
            TokenTree::Literal(literal) => {
                if literal.to_string().starts_with(|first: char| first.is_ascii_digit()) {
                    self.push(TokenKind::Number, range);
                }
            }
        }
    }

    /// Adds the cuts of the elements of a list: each ends at a `;` or a `,`, or with a block.
    fn cuts(&mut self, trees: &[TokenTree]) {
        let mut first = true;
        for (at, tree) in trees.iter().enumerate() {
            if !first {
                let ends = |end: usize| ends(&trees[end], trees.get(end + 1));
                let end = (at..trees.len()).find(|end| ends(*end)).unwrap_or(trees.len() - 1);
                self.cuts.push(tree.span().byte_range().start..trees[end].span().byte_range().end);
            }
            first = ends(tree, trees.get(at + 1));
        }
    }

    fn push(&mut self, kind: TokenKind, range: Range<usize>) {
        self.tokens.push(Token { kind, part: self.part, range });
    }
}

/// Returns whether an element of a list ends with this tree.
fn ends(tree: &TokenTree, next: Option<&TokenTree>) -> bool {
    let is_block = matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let continues = next.is_some_and(|next| {
        is_word(next, &["else"])
            || is_punct(next, ';')
            || is_punct(next, ',')
            || is_punct(next, '.')
    });
    is_punct(tree, ';') || is_punct(tree, ',') || (is_block && !continues)
}

/// Returns the lines whose tokens are all among `faulty`, apart from strings.
fn lines(text: &str, stream: TokenStream, faulty: &[Token]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    leaves(stream, &mut all);
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        if line.trim_start().starts_with("//") {
            continue;
        }
        let on_line = |token: &Range<usize>| token.start < range.end && token.end > range.start;
        let ours = faulty.iter().filter(|token| on_line(&token.range)).count();
        let others = all
            .iter()
            .filter(|token| on_line(token))
            .filter(|token| !faulty.iter().any(|faulty| faulty.range == **token))
            .filter(|token| !text[token.start..token.end].contains('"'))
            .count();
        if ours > 0 && others == 0 {
            found.push(range);
        }
    }
    found
}

fn leaves(stream: TokenStream, found: &mut Vec<Range<usize>>) {
    for tree in stream {
        if let TokenTree::Group(group) = tree {
            found.extend([group.span_open().byte_range(), group.span_close().byte_range()]);
            leaves(group.stream(), found);
        } else {
            found.push(tree.span().byte_range());
        }
    }
}

fn is_punct(tree: &TokenTree, sign: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_word(tree: &TokenTree, words: &[&str]) -> bool {
    matches!(tree, TokenTree::Ident(ident) if words.iter().any(|word| ident == word))
}

/// Returns whether an attribute is one of `words`.
fn names_one(attribute: &Group, words: &[&str]) -> bool {
    attribute.stream().into_iter().next().is_some_and(|tree| is_word(&tree, words))
}

/// Returns whether an attribute is burdock's, or derives `State`. Markers are in the arguments of an action.
fn is_ours(attribute: &Group) -> bool {
    let mut trees = attribute.stream().into_iter();
    match (trees.next(), trees.next()) {
        (Some(tree), Some(TokenTree::Group(list))) if is_word(&tree, &["derive"]) => {
            list.stream().into_iter().any(|tree| is_word(&tree, &["State"]))
        }
        (Some(tree), _) => is_word(&tree, &ACTIONS) || is_word(&tree, &["burdock"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
