//! `#[derive(State)]`: assigns an index to each field, so that field sets are bit masks.

mod arguments;
mod expand;
pub(crate) mod serde;
mod syntax;

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;

/// Expands the derive.
pub(crate) fn state(item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some(syntax) = syntax::parse_state(item, &mut diagnostics) else {
        return diagnostics.into_compile_errors();
    };
    let mut tokens = expand::expand_state(&syntax);
    tokens.extend(diagnostics.into_compile_errors());
    tokens
}
