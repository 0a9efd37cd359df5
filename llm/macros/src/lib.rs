//! The macros of [burdock-llm](https://docs.rs/burdock-llm): `#[prompt]` and `#[derive(Partial)]`.
//! Use them through `burdock_llm`, which documents them.

#[cfg(test)]
mod fuzz;
// shared with the macros of burdock
#[cfg(test)]
#[path = "../../../macros/src/fuzz/mutate.rs"]
mod mutate;
mod partial;
mod prompt;
#[cfg(test)]
#[allow(dead_code, reason = "findings are not written to files here")]
#[path = "../../../macros/src/fuzz/tree.rs"]
mod tree;

use burdock_macros_shared::{diagnostics, guard::guarded, names, spans};
use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

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
