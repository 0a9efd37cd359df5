//! `#[prompt]`: a function without a body becomes a call of a language model, and an action.
//!
//! ```text
//! tokens ─parse→ PromptSyntax ─check→ expand→ fn, and with a state struct + #[streaming_action]
//! ```

mod action;
mod check;
mod docs;
mod expand;
mod fallback;
mod parse;
mod settings;
mod source;
mod syntax;
mod template;

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Item;

/// Expands the attribute.
pub(crate) fn prompt(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some(prompt) = parse::parse_prompt(arguments, item.clone(), &mut diagnostics) else {
        let mut tokens = kept(item);
        tokens.extend(diagnostics.into_compile_errors());
        return tokens;
    };
    check::check_prompt(&prompt, &mut diagnostics);
    if diagnostics.is_empty() {
        return expand::expand_prompt(&prompt);
    }
    let mut tokens = fallback::expand_fallback(&prompt);
    tokens.extend(diagnostics.into_compile_errors());
    tokens
}

/// An item that is not a prompt, if rustc can read it.
fn kept(item: TokenStream) -> TokenStream {
    match syn::parse2(item) {
        Ok(Item::Verbatim(_)) | Err(_) => TokenStream::new(),
        Ok(item) => item.to_token_stream(),
    }
}
