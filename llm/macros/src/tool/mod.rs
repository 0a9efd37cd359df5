//! `#[tool]`: a function becomes a tool that a language model can call.
//!
//! ```text
//! tokens ─parse→ ToolSyntax ─check→ expand→ fn, struct of its resources + const { arguments, impl Tool }
//! ```

mod check;
mod expand;
mod fallback;
mod parse;
mod syntax;
mod types;

use crate::{diagnostics::Diagnostics, kept};
use proc_macro2::TokenStream;

/// Expands the attribute.
pub(crate) fn tool(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some(tool) = parse::parse_tool(arguments, item.clone(), &mut diagnostics) else {
        let mut tokens = kept(item);
        tokens.extend(diagnostics.into_compile_errors());
        return tokens;
    };
    check::check_tool(&tool, &mut diagnostics);
    if diagnostics.is_empty() {
        return expand::expand_tool(&tool);
    }
    let mut tokens = fallback::expand_fallback(&tool);
    tokens.extend(diagnostics.into_compile_errors());
    tokens
}
