//! `graph!`: declares nodes, their parameters and the transitions between them.
//!
//! ```text
//! tokens ─parse→ GraphSyntax ─resolve→ GraphModel ─check→ CheckedGraph ─expand→ tokens
//! ```
//!
//! Each stage collects its errors and continues with the valid parts. If there are errors, `fallback` replaces
//! `expand`, so that the rest of the user's crate still finds the items of the graph.

mod check;
mod conditions;
mod editor;
mod expand;
mod fallback;
mod model;
mod nodes;
mod parse;
mod parser;
mod paths;
mod resolve;
mod syntax;
mod targets;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_model;
#[cfg(test)]
mod tests_paths;
#[cfg(test)]
mod tests_typing;

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;

/// Returns the path of burdock. Defaults to `::burdock`; `#[burdock(crate = path)]` on the graph overrides it.
fn burdock_path(attrs: &[syn::Attribute]) -> TokenStream {
    let path = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("burdock"))
        .find_map(|attr| attr.parse_args_with(crate_argument).ok());
    crate::runtime::burdock(path.as_ref())
}

/// `crate = path`
fn crate_argument(input: syn::parse::ParseStream<'_>) -> syn::Result<syn::Path> {
    input.parse::<syn::Token![crate]>()?;
    input.parse::<syn::Token![=]>()?;
    input.call(syn::Path::parse_mod_style)
}

/// Expands a `graph!` call.
pub(crate) fn graph(tokens: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some(syntax) = parse::parse_graph(tokens, &mut diagnostics) else {
        return diagnostics.into_compile_errors();
    };
    let model = resolve::resolve_graph(&syntax, &mut diagnostics);
    match check::check_graph(model, &mut diagnostics) {
        Ok(checked) => expand::expand_graph(&checked),
        Err(model) => {
            let mut output = fallback::expand_fallback(*model);
            output.extend(diagnostics.into_compile_errors());
            output
        }
    }
}
