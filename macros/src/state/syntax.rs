//! The syntax tree of a state.

use super::{
    arguments::{Version, parse_public, parse_version},
    serde::{self, Codec, Serialized},
};
use crate::diagnostics::Diagnostics;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{Attribute, Data, DeriveInput, Fields, GenericArgument, Path, PathArguments, Type};

/// The capacity of a field mask.
const CAPACITY: usize = 256;

/// A state and its fields.
pub(super) struct StateSyntax {
    pub(super) name: Ident,
    pub(super) burdock: Option<Path>,
    pub(super) version: Version,
    pub(super) fields: Vec<FieldSyntax>,
}

/// One field.
pub(super) struct FieldSyntax {
    pub(super) name: Ident,
    pub(super) docs: String,
    /// The type as written.
    pub(super) ty: Type,
    /// The type in `Slot<…>`, if the type is written as one.
    pub(super) slot: Option<Type>,
    pub(super) serialized: Serialized,
    /// Whether it is public to readers of the session.
    pub(super) public: bool,
}

/// An item that is not a state.
pub(super) struct Rejected {
    pub(super) name: Ident,
    pub(super) burdock: Option<Path>,
    /// Whether serde rejects it as well, so that its derives implement nothing.
    pub(super) by_serde: bool,
}

/// Parses the item of a derive.
///
/// # Errors
/// Returns an error if the item is not a struct with named fields, or if serde rejects it; `None` if it has no name or
/// is generic.
pub(super) fn parse_state(
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Result<StateSyntax, Option<Rejected>> {
    let item: DeriveInput = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(error) => {
            diagnostics.syntax_error(error);
            return Err(name_of(item).map(|name| Rejected { name, burdock: None, by_serde: true }));
        }
    };
    let mut burdock = None;
    parse_attributes(&item.attrs, &mut burdock, diagnostics);
    let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = item.data else {
        diagnostics
            .error(&item.ident, "a state is a struct with named fields")
            .help("actions declare the fields that they read and write by name");
        return Err(Some(Rejected { name: item.ident, burdock, by_serde: false }));
    };
    if !item.generics.params.is_empty() {
        diagnostics
            .error(&item.generics.params, "a state cannot be generic")
            .help("a graph has one concrete state: use concrete types in its fields");
        return Err(None);
    }
    if let Some(field) = fields.named.iter().nth(CAPACITY) {
        diagnostics
            .error(&field.ident, format!("a state has at most {CAPACITY} fields"))
            .help("group fields that are read and written together in a struct of their own");
        return Err(Some(Rejected { name: item.ident, burdock, by_serde: false }));
    }
    let before = diagnostics.len();
    serde::reject_invalid(&item.attrs, &fields, diagnostics);
    if diagnostics.len() > before {
        return Err(Some(Rejected { name: item.ident, burdock, by_serde: true }));
    }
    let version = parse_version(&item.attrs, diagnostics);
    let mut syntax = StateSyntax { name: item.ident, burdock, version, fields: Vec::new() };
    let container = serde::parse_container(&item.attrs, diagnostics);
    for field in fields.named {
        let slot = slot_argument(&field.ty);
        let is_optional = slot.or_else(|| argument_of(&field.ty, "Option")).is_some();
        let serialized = serde::parse_field(&field, &container, is_optional, diagnostics);
        let Some(name) = field.ident else { continue };
        if name == "_" {
            diagnostics
                .error(&name, "a field of a state must have a name")
                .help("replace `_` with a name");
            continue;
        }
        if slot.and_then(|argument| argument_of(argument, "Option")).is_some() {
            diagnostics
                .error(&name, "a slot cannot hold an `Option`")
                .note("`None` and a slot that is not set are both stored as `null`")
                .help("use an enum of your own instead of the `Option`");
        }
        let key = &serialized.key;
        // rustc reports a second field of the same name
        let is_new = syntax.fields.iter().all(|other| other.name != name);
        let same = |other: &&FieldSyntax| {
            other.serialized.key == *key && !matches!(other.serialized.written, Codec::Skipped)
        };
        if is_new
            && !matches!(serialized.written, Codec::Skipped)
            && let Some(other) = syntax.fields.iter().find(same)
        {
            diagnostics
                .error(&name, format!("serde writes this field and `{}` as `{key}`", other.name))
                .help("give one of them another name with `#[serde(rename = \"…\")]`");
        }
        let reader = |other: &&FieldSyntax| other.serialized.read_names.contains(key);
        if !matches!(serialized.written, Codec::Skipped)
            && let Some(other) = syntax.fields.iter().find(reader)
            && !same(&other)
        {
            diagnostics
                .error(&name, format!("serde reads the value of this field as `{}`", other.name))
                .help(format!("remove `{key}` from the names that `{}` is read from", other.name));
        }
        syntax.fields.push(FieldSyntax {
            docs: crate::text::docs(&field.attrs),
            public: parse_public(&field.attrs, diagnostics),
            slot: slot.cloned(),
            serialized,
            ty: field.ty,
            name,
        });
    }
    Ok(syntax)
}

/// Returns the name after `struct`.
fn name_of(item: TokenStream) -> Option<Ident> {
    let mut trees = item.into_iter();
    trees.find(|tree| matches!(tree, TokenTree::Ident(word) if word == "struct"))?;
    match trees.next() {
        Some(TokenTree::Ident(name)) => Some(name),
        _ => None,
    }
}

fn parse_attributes(
    attrs: &[Attribute],
    burdock: &mut Option<Path>,
    diagnostics: &mut Diagnostics,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("burdock")) {
        let parsed = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                *burdock = Some(meta.value()?.call(Path::parse_mod_style)?);
                return Ok(());
            }
            Err(syn::Error::new_spanned(&meta.path, "unknown argument\nhelp: write `crate = path`"))
        });
        if let Err(error) = parsed {
            diagnostics.syntax_error(error);
        }
    }
}

/// Returns the `T` of a type whose last segment is `Slot<T>`.
fn slot_argument(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Slot")
}

/// Returns the `T` of a type whose last segment is `name<T>`, also inside the groups of `macro_rules!`.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let path = match ty {
        Type::Path(path) => path,
        Type::Group(group) => return argument_of(&group.elem, name),
        Type::Paren(paren) => return argument_of(&paren.elem, name),
        _ => return None,
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match (last.ident == name, arguments.args.first()) {
        (true, Some(GenericArgument::Type(argument))) => Some(argument),
        _ => None,
    }
}
