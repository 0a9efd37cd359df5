//! What a state is made of.

use super::{
    arguments::{Version, parse_public, parse_version},
    serde::{self, By, Serialised},
};
use crate::diagnostics::Diagnostics;
use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Data, DeriveInput, Fields, GenericArgument, Path, PathArguments, Type};

/// How many fields a mask has room for.
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
    /// The type in `Slot<…>`, when the type is written so.
    pub(super) slot: Option<Type>,
    pub(super) serialised: Serialised,
    /// Whether it may be shown to whoever may read the session.
    pub(super) public: bool,
}

/// Reads a derive's item; `None` when it is no struct with named fields.
pub(super) fn parse_state(item: TokenStream, diagnostics: &mut Diagnostics) -> Option<StateSyntax> {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => {
            diagnostics.syntax_error(error);
            return None;
        }
    };
    let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = item.data else {
        diagnostics
            .error(&item.ident, "a state is a struct with named fields")
            .help("actions declare the fields that they read and write by name");
        return None;
    };
    if !item.generics.params.is_empty() {
        diagnostics
            .error(&item.generics.params, "a state has no generic parameters")
            .help("a graph is over one concrete state: name the types in its fields");
        return None;
    }
    if let Some(field) = fields.named.iter().nth(CAPACITY) {
        diagnostics
            .error(&field.ident, format!("a state has at most {CAPACITY} fields"))
            .help("group fields that are read and written together in a struct of their own");
        return None;
    }
    let version = parse_version(&item.attrs, diagnostics);
    let mut syntax = StateSyntax { name: item.ident, burdock: None, version, fields: Vec::new() };
    parse_attributes(&item.attrs, &mut syntax.burdock, diagnostics);
    let container = serde::parse_container(&item.attrs, diagnostics);
    for field in fields.named {
        let slot = slot_argument(&field.ty);
        let may_lack = slot.or_else(|| argument_of(&field.ty, "Option")).is_some();
        let serialised = serde::parse_field(&field, &container, may_lack, diagnostics);
        let Some(name) = field.ident else { continue };
        if name == "_" {
            diagnostics.error(&name, "a field of a state has a name").help("give it one");
            continue;
        }
        if slot.and_then(|argument| argument_of(argument, "Option")).is_some() {
            diagnostics
                .error(&name, "a slot of an `Option` loses what it holds when it is stored")
                .note("`None` and a slot that is not set are both written as `null`")
                .help("hold an enum of your own that says what `None` stands for");
        }
        let key = &serialised.key;
        let same = |other: &&FieldSyntax| {
            other.serialised.key == *key && !matches!(other.serialised.written, By::Nothing)
        };
        if !matches!(serialised.written, By::Nothing)
            && let Some(other) = syntax.fields.iter().find(same)
        {
            diagnostics
                .error(&name, format!("serde writes this field and `{}` as `{key}`", other.name))
                .help("give one of them another name with `#[serde(rename = \"…\")]`");
        }
        let reader = |other: &&FieldSyntax| other.serialised.read_names.contains(key);
        if !matches!(serialised.written, By::Nothing)
            && let Some(other) = syntax.fields.iter().find(reader)
            && !same(&other)
        {
            diagnostics
                .error(
                    &name,
                    format!("serde reads what it writes of this field as `{}`", other.name),
                )
                .help(format!("take `{key}` out of the names that `{}` is read by", other.name));
        }
        syntax.fields.push(FieldSyntax {
            docs: crate::text::docs(&field.attrs),
            public: parse_public(&field.attrs, diagnostics),
            slot: slot.cloned(),
            serialised,
            ty: field.ty,
            name,
        });
    }
    Some(syntax)
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

/// The `T` of a type whose last segment is `Slot<T>`.
fn slot_argument(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Slot")
}

/// The `T` of a type whose last segment is `name<T>`, also where a `macro_rules!` passed the type on.
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
