//! `#[derive(Partial)]`: the partial form of a type, with the JSON keys that serde reads.

mod arguments;
mod check;
mod expand;
mod model;
mod parse;
mod serde;
#[cfg(test)]
mod tests;

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;

/// Expands the derive. Errors are emitted beside the expansion, so that code with the partial type compiles.
pub(crate) fn partial(item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let mut tokens = TokenStream::new();
    if let Some(model) = parse::parse_model(item, &mut diagnostics) {
        check::check_model(&model, &mut diagnostics);
        tokens.extend(expand::expand_model(&model));
    }
    tokens.extend(diagnostics.into_compile_errors());
    tokens
}
