//! `#[derive(State)]`: assigns an index to each field, so that field sets are bit masks.

mod arguments;
mod expand;
mod fallback;
pub(crate) mod serde;
mod syntax;

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;
use quote::quote;

/// Expands the derive.
pub(crate) fn state(item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let syntax = syntax::parse_state(item, &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    match syntax {
        Ok(syntax) => {
            let state = expand::expand_state(&syntax);
            quote!(#state #errors)
        }
        Err(Some(rejected)) => fallback::expand_fallback(&rejected, &errors),
        Err(None) => errors,
    }
}
