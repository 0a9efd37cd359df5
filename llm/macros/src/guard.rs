//! The last resort: a panic inside of a macro becomes one error.

use proc_macro2::{Span, TokenStream};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs a macro. If it panics, returns `kept` and an error that asks to report it.
pub(crate) fn guarded(kept: TokenStream, expand: impl FnOnce() -> TokenStream) -> TokenStream {
    catch_unwind(AssertUnwindSafe(expand)).unwrap_or_else(|panic| {
        let text = format!(
            "bug in burdock's macro: {}\n\
             help: please report it with this code: https://github.com/burdock-rs/burdock/issues",
            message(&*panic)
        );
        let mut tokens = kept;
        tokens.extend(syn::Error::new(Span::call_site(), text).into_compile_error());
        tokens
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}
