//! Spans of generated tokens.
//!
//! rustc labels an expression from its first token to its last. Both need the span of the user's token,
//! otherwise the label covers the whole macro call.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// Returns the spans of the first and the last token.
pub fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let mut spans = tokens.to_token_stream().into_iter();
    let first = spans.next();
    let last = spans.last().or_else(|| first.clone());
    let start = first.map_or_else(Span::call_site, |tree| match tree {
        TokenTree::Group(group) => group.span_open(),
        tree => tree.span(),
    });
    let end = last.map_or(start, |tree| match tree {
        TokenTree::Group(group) => group.span_close(),
        tree => tree.span(),
    });
    (start, end)
}

/// Returns a span at the same place that belongs to the macro, so that lints for the user's code do not apply.
pub fn ours(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// Returns the tokens as if the user had written them at `span`. Not for names of the macro that hygiene has to
/// hide.
pub fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|tree| match tree {
            TokenTree::Group(group) => {
                let mut moved = Group::new(group.delimiter(), respanned(group.stream(), span));
                moved.set_span(span);
                TokenTree::Group(moved)
            }
            mut tree => {
                tree.set_span(span);
                tree
            }
        })
        .collect()
}
