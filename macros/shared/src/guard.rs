//! Protection against panics: a panic inside a macro becomes one error that asks for a report, and the
//! user's item is kept.

use crate::diagnostics::Diagnostics;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs a macro. If it panics, returns `kept` and an error that asks the user to report the panic.
pub fn guarded(kept: TokenStream, expand: impl FnOnce() -> TokenStream) -> TokenStream {
    catch_unwind(AssertUnwindSafe(expand)).unwrap_or_else(|panic| {
        let mut diagnostics = Diagnostics::new();
        diagnostics
            .error_at(Span::call_site(), format!("bug in burdock's macro: {}", message(&*panic)))
            .help("please report it with this code: https://github.com/burdock-rs/burdock/issues");
        let mut tokens = unmarked(kept);
        tokens.extend(diagnostics.into_compile_errors());
        tokens
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}

/// Returns a function without the markers on its arguments, which rustc does not know.
fn unmarked(item: TokenStream) -> TokenStream {
    let trees = item.into_iter().map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            let mut bare = Group::new(group.delimiter(), without_attributes(group.stream()));
            bare.set_span(group.span());
            TokenTree::Group(bare)
        }
        tree => tree,
    });
    trees.collect()
}

fn without_attributes(arguments: TokenStream) -> TokenStream {
    let mut trees = arguments.into_iter().peekable();
    let mut kept = TokenStream::new();
    while let Some(tree) = trees.next() {
        let hash = matches!(&tree, TokenTree::Punct(hash) if hash.as_char() == '#');
        let is_attribute = |next: &TokenTree| matches!(next, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket);
        if hash && trees.next_if(is_attribute).is_some() {
            continue;
        }
        kept.extend([tree]);
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "the tests need a panic")]

    use super::*;
    use quote::quote;

    #[test]
    fn a_panic_becomes_one_error_beside_the_item() {
        let item = quote!(
            async fn ask(#[input] text: String) -> Result<Writes> {
                work(
                    #[cfg(any())]
                    3,
                )
            }
        );
        let tokens = guarded(item, || panic!("no field {}", 3)).to_string();
        let kept = quote!(
            async fn ask(text: String) -> Result<Writes> {
                work(
                    #[cfg(any())]
                    3,
                )
            }
        );
        let rest = tokens.strip_prefix(&kept.to_string()).unwrap_or_else(|| panic!("{tokens}"));
        assert_eq!(rest.matches("compile_error").count(), 1, "{rest}");
        assert!(rest.contains("bug in burdock's macro: no field 3"), "{rest}");
        assert!(rest.contains("please report it"), "{rest}");
    }

    #[test]
    fn without_a_panic_only_the_expansion_is_returned() {
        assert_eq!(guarded(quote!(kept), || quote!(expansion)).to_string(), "expansion");
    }
}
