//! `#[action]` and `#[streaming_action]`: a function becomes a type that implements `Action`.
//!
//! ```text
//! tokens ─parse→ ActionSyntax ─check, rewrite the body→ expand→ struct + const { Reads, Writes, fn, impl }
//! ```

mod arguments;
mod body;
mod check;
mod docs;
mod expand;
mod fallback;
mod parse;
mod syntax;

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;

/// The attribute of an action.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `#[action]`
    Plain,
    /// `#[streaming_action]`
    Streaming,
}

/// Expands either attribute.
pub(crate) fn action(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some(mut syntax) = parse::parse_action(kind, arguments, item.clone(), &mut diagnostics)
    else {
        let mut tokens = item;
        tokens.extend(diagnostics.into_compile_errors());
        return tokens;
    };
    check::check_action(&syntax, &mut diagnostics);
    body::rewrite_body(&mut syntax, &mut diagnostics);
    if diagnostics.is_empty() {
        return expand::expand_action(&syntax);
    }
    fallback::expand_fallback(&syntax, &diagnostics.into_compile_errors())
}
