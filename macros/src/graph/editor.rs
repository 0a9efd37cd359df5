//! The places in which an editor completes names, for the template `editor!`.
//!
//! There is a place for each name, also for one that is missing because the user is about to type it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Path;

/// The places in the order of the user's tokens.
#[derive(Clone, Default)]
pub(crate) struct Places(TokenStream);

impl Places {
    /// Adds the name of a node.
    pub(super) fn node(&mut self, name: Option<&Ident>) {
        self.0.extend(quote!([node #name]));
    }

    /// Adds the path of an action.
    pub(super) fn action(&mut self, path: Option<&Path>) {
        self.0.extend(quote!([action #path]));
    }

    /// Adds the name of a parameter of an action.
    pub(super) fn parameter(&mut self, action: &Path, name: Option<&Ident>) {
        self.0.extend(quote!([param (#action) #name]));
    }

    /// Adds each field in a condition.
    pub(super) fn condition(&mut self, condition: TokenStream) {
        let mut trees = condition.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Group(group) => self.condition(group.stream()),
                TokenTree::Ident(word) if word == "state" && trees.next_if(is_dot).is_some() => {
                    let field = trees.next_if(|tree| matches!(tree, TokenTree::Ident(_)));
                    self.0.extend(quote!([field #field]));
                }
                _ => {}
            }
        }
    }
}

impl ToTokens for Places {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

fn is_dot(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == '.')
}
