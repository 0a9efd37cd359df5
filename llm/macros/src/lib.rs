//! The macros of [burdock-llm](https://docs.rs/burdock-llm): `#[prompt]`, `#[tool]` and `#[derive(Partial)]`.
//! Use them through `burdock_llm`, which documents them.

#[cfg(test)]
mod attribute_fuzz;
#[cfg(test)]
mod fuzz;
// shared with the macros of burdock
#[cfg(test)]
#[path = "../../../macros/src/fuzz/mutate.rs"]
mod mutate;
mod partial;
mod prompt;
mod tool;
#[cfg(test)]
#[allow(dead_code, reason = "findings are not written to files here")]
#[path = "../../../macros/src/fuzz/tree.rs"]
mod tree;

use burdock_macros_shared::{diagnostics, guard::guarded, names, spans};
use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;
use quote::ToTokens;
use syn::Item;

#[doc = include_str!("docs/partial.md")]
#[proc_macro_derive(Partial, attributes(partial))]
pub fn derive_partial(item: TokenStream) -> TokenStream {
    guarded(TokenStream2::new(), || partial::partial(item.into())).into()
}

#[doc = include_str!("docs/prompt.md")]
#[proc_macro_attribute]
pub fn prompt(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, item) = (arguments.into(), TokenStream2::from(item));
    // keeps nothing: rustc rejects a function without a body
    guarded(TokenStream2::new(), || prompt::prompt(arguments, item)).into()
}

#[doc = include_str!("docs/tool.md")]
#[proc_macro_attribute]
pub fn tool(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, item) = (arguments.into(), TokenStream2::from(item));
    let kept = kept(item.clone());
    guarded(kept, || tool::tool(arguments, item)).into()
}

/// Returns an item that cannot be expanded, if it is valid Rust.
fn kept(item: TokenStream2) -> TokenStream2 {
    match syn::parse2(item) {
        Ok(Item::Verbatim(_)) | Err(_) => TokenStream2::new(),
        Ok(item) => item.to_token_stream(),
    }
}
