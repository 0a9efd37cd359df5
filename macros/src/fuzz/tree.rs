//! Mutable token trees.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// A token, or a group of them.
#[derive(Clone)]
pub(super) enum Tree {
    Token(TokenTree),
    Group(Delimiter, Vec<Tree>),
}

/// The word that represents a group without delimiters in a text.
const NONE: &str = "__none";

/// Converts tokens to trees, with `__none { … }` as a group without delimiters.
pub(super) fn trees(tokens: TokenStream) -> Vec<Tree> {
    let mut read: Vec<Tree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            read.push(Tree::Token(token));
            continue;
        };
        let inside = trees(group.stream());
        let none = matches!(read.last(), Some(Tree::Token(TokenTree::Ident(word))) if word == NONE);
        if none && group.delimiter() == Delimiter::Brace {
            read.pop();
            read.push(Tree::Group(Delimiter::None, inside));
        } else {
            read.push(Tree::Group(group.delimiter(), inside));
        }
    }
    read
}

pub(super) fn tokens(trees: &[Tree]) -> TokenStream {
    let token = |tree: &Tree| match tree {
        Tree::Token(token) => token.clone(),
        Tree::Group(delimiter, inside) => TokenTree::Group(Group::new(*delimiter, tokens(inside))),
    };
    trees.iter().map(token).collect()
}

/// Returns the trees as text, from which [`trees`] reads them back.
pub(super) fn written(trees: &[Tree]) -> String {
    marked(trees).to_string()
}

fn marked(trees: &[Tree]) -> TokenStream {
    let mut output = TokenStream::new();
    for tree in trees {
        match tree {
            Tree::Token(token) => output.extend([token.clone()]),
            Tree::Group(Delimiter::None, inside) => output.extend([
                TokenTree::Ident(Ident::new(NONE, Span::call_site())),
                TokenTree::Group(Group::new(Delimiter::Brace, marked(inside))),
            ]),
            Tree::Group(delimiter, inside) => {
                output.extend([TokenTree::Group(Group::new(*delimiter, marked(inside)))]);
            }
        }
    }
    output
}

/// Returns the number of tokens and groups.
pub(super) fn size(trees: &[Tree]) -> usize {
    let one = |tree: &Tree| match tree {
        Tree::Token(_) => 1,
        Tree::Group(_, inside) => 1 + size(inside),
    };
    trees.iter().map(one).sum()
}
