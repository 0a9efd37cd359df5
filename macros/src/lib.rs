//! The macros of [burdock](https://docs.rs/burdock): `#[derive(State)]`, `#[action]`,
//! `#[streaming_action]` and `graph!`. Use them through `burdock`, which documents them.
//!
//! Each macro is a small compiler: tokens → syntax → checks that collect all errors → expansion.

mod action;
#[cfg(test)]
mod expansions;
#[cfg(test)]
mod fuzz;
mod graph;
#[cfg(test)]
mod half_typed;
mod runtime;
mod sized;
mod state;

use burdock_macros_shared::{diagnostics, guard::guarded, names, spans, text};
use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

#[doc = include_str!("docs/state.md")]
#[proc_macro_derive(State, attributes(burdock, state))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    guarded(TokenStream2::new(), || state::state(item.into())).into()
}

#[doc = include_str!("docs/action.md")]
#[proc_macro_attribute]
pub fn action(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, item) = (arguments.into(), TokenStream2::from(item));
    guarded(item.clone(), || action::action(action::Kind::Plain, arguments, item)).into()
}

#[doc = include_str!("docs/streaming_action.md")]
#[proc_macro_attribute]
pub fn streaming_action(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, item) = (arguments.into(), TokenStream2::from(item));
    guarded(item.clone(), || action::action(action::Kind::Streaming, arguments, item)).into()
}

#[doc = include_str!("docs/graph.md")]
#[proc_macro]
pub fn graph(tokens: TokenStream) -> TokenStream {
    // keeps nothing: rustc suppresses errors about unresolved paths in a module with our error, but not those
    // about the missing methods of an incomplete graph
    guarded(TokenStream2::new(), || graph::graph(tokens.into())).into()
}
