//! Parser for the arguments of `#[partial(…)]`.

use super::model::Marked;
use crate::{
    diagnostics::Diagnostics,
    names::{plain, suggestion},
};
use proc_macro2::TokenTree;
use syn::{Attribute, Path, meta::ParseNestedMeta};

const OF_FIELDS: [&str; 3] = ["done", "required", "state"];

/// Parses `#[partial(crate = path)]` on a type.
pub(super) fn parse_container(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Option<Path> {
    let mut root = None;
    each(attrs, "write `#[partial(crate = path)]`", diagnostics, |meta, name, diagnostics| {
        match name {
            "crate" if root.is_some() => {
                diagnostics.error(&meta.path, "`crate` is given twice");
            }
            "crate" => {
                root = Some(meta.value()?.call(Path::parse_mod_style)?);
                return Ok(());
            }
            word if OF_FIELDS.contains(&word) => {
                diagnostics
                    .error(&meta.path, format!("`{word}` applies to a field"))
                    .help("move it to a field");
            }
            other => unknown(meta, other, &["crate"], diagnostics),
        }
        skip_value(meta)
    });
    root
}

/// Parses `#[partial(done)]`, `#[partial(required)]`, `#[partial(state)]` on a field.
pub(super) fn parse_field(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Marked {
    let mut marked = Marked::default();
    let help = "write `#[partial(done)]`, `#[partial(required)]` or `#[partial(state)]`";
    each(attrs, help, diagnostics, |meta, name, diagnostics| {
        let place = match name {
            "done" => &mut marked.done,
            "required" => &mut marked.required,
            "state" => &mut marked.state,
            "crate" => {
                diagnostics
                    .error(&meta.path, "`crate` applies to the type")
                    .help("move it above the type");
                return skip_value(meta);
            }
            other => {
                unknown(meta, other, &OF_FIELDS, diagnostics);
                return skip_value(meta);
            }
        };
        if place.is_some() {
            diagnostics.error(&meta.path, format!("`{name}` is given twice"));
        }
        *place = Some(meta.path.clone());
        Ok(())
    });
    if let (Some(done), Some(_)) = (&marked.done, &marked.state) {
        diagnostics
            .error(done, "a field cannot be both `done` and `state`")
            .note("a `done` field is absent until it is complete, so it has no other state");
        marked.done = None;
    }
    marked
}

/// Rejects the attribute on a variant.
pub(super) fn reject(attrs: &[Attribute], diagnostics: &mut Diagnostics) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("partial")) {
        diagnostics
            .error(attr.path(), "`#[partial]` is not allowed on a variant")
            .help("move it to a field of the variant");
    }
}

fn unknown(meta: &ParseNestedMeta<'_>, name: &str, known: &[&str], diagnostics: &mut Diagnostics) {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let error = diagnostics.error(&meta.path, format!("unknown argument `{name}`"));
    if let Some(help) = suggestion(name, "argument", &known) {
        error.help(help);
    }
}

/// Calls `read` with each argument and its name.
fn each(
    attrs: &[Attribute],
    help: &str,
    diagnostics: &mut Diagnostics,
    mut read: impl FnMut(&ParseNestedMeta<'_>, &str, &mut Diagnostics) -> syn::Result<()>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("partial")) {
        let mut is_empty = true;
        let parsed = match &attr.meta {
            syn::Meta::List(_) => attr.parse_nested_meta(|meta| {
                is_empty = false;
                let name = meta.path.get_ident().map(plain).unwrap_or_default();
                read(&meta, &name, diagnostics)
            }),
            _ => Ok(()),
        };
        match parsed {
            Err(error) => diagnostics.syntax_error(error),
            Ok(()) if is_empty => {
                diagnostics.error(attr.path(), "this attribute has no arguments").help(help);
            }
            Ok(()) => {}
        }
    }
}

/// Skips the value of an argument.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    while !meta.input.is_empty() && !meta.input.peek(syn::Token![,]) {
        meta.input.parse::<TokenTree>()?;
    }
    Ok(())
}
