//! Docs and types as text.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of doc comments.
pub(crate) fn docs(attrs: &[Attribute]) -> String {
    let lines: Vec<String> = attrs
        .iter()
        .filter_map(|attr| match &attr.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    let text = text.value();
                    Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    lines.join("\n").trim().to_owned()
}

/// Tokens as a person would write them.
pub(crate) fn written(tokens: &impl ToTokens) -> String {
    crate::graph::text(tokens)
}

/// Whether an attribute decides about the whole item.
pub(crate) fn is_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}

/// The path of burdock, `::burdock` unless `crate = path` says otherwise.
pub(crate) fn burdock(path: Option<&syn::Path>) -> TokenStream {
    path.map_or_else(|| quote!(::burdock), ToTokens::to_token_stream)
}
