//! Parses tokens to the model.

use super::{
    arguments,
    model::{Codec, Field, Form, Kind, Marked, Model, Record, Shape, Variant},
    serde::{self, Container},
};
use crate::{diagnostics::Diagnostics, names::plain};
use burdock_macros_shared::rename::Rename;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Fields, GenericArgument, GenericParam, Generics, PathArguments,
    Type, ext::IdentExt, spanned::Spanned,
};

/// Parses the item of a derive. Returns `None` if it has no partial form.
pub(super) fn parse_model(item: TokenStream, diagnostics: &mut Diagnostics) -> Option<Model> {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => {
            diagnostics.syntax_error(error);
            return None;
        }
    };
    let lifetimes = item.generics.lifetimes().next().map(|lifetime| lifetime.lifetime.clone());
    if let Some(lifetime) = lifetimes {
        diagnostics
            .error(&lifetime, "a type with lifetimes has no partial form")
            .help("use owned types, such as `String` instead of `&str`");
        return None;
    }
    let root = arguments::parse_container(&item.attrs, diagnostics);
    let container = serde::parse_container(&item.attrs, diagnostics);
    if container.is_other_form {
        return None;
    }
    let shape = parse_shape(&item, &container, diagnostics)?;
    Some(Model {
        partial: format_ident!("{}Partial", item.ident.unraw(), span = item.ident.span()),
        root: root.map_or_else(|| quote!(::burdock_llm), ToTokens::into_token_stream),
        attrs: kept(&item.attrs),
        vis: item.vis,
        name: item.ident,
        generics: item.generics,
        shape,
    })
}

fn parse_shape(
    item: &DeriveInput,
    container: &Container,
    diagnostics: &mut Diagnostics,
) -> Option<Shape> {
    match &item.data {
        Data::Struct(data) => {
            if let Some((word, _)) = &container.tag {
                diagnostics
                    .error(word, "the partial form of a struct cannot have a tag")
                    .help("remove the tag, or write an enum with this struct as a variant");
            }
            let rename = container.rename_all;
            Some(Shape::Struct(parse_record(&data.fields, rename, container, diagnostics)))
        }
        Data::Enum(data) => {
            let variants: Vec<Variant> = data
                .variants
                .iter()
                .filter_map(|variant| parse_variant(variant, container, diagnostics))
                .collect();
            if variants.is_empty() {
                diagnostics
                    .error(&item.ident, "an enum without variants has no partial form")
                    .note("no JSON text is a value of this type");
                return None;
            }
            let is_name = |variant: &Variant| variant.record.form == Form::Nothing;
            let tagging = container.tagging();
            let is_plain = matches!(tagging, super::model::Tagging::External);
            if is_plain && variants.iter().all(is_name) {
                return Some(Shape::Names);
            }
            Some(Shape::Enum(tagging, variants))
        }
        Data::Union(data) => {
            diagnostics
                .error(&data.union_token, "`Partial` can be derived only for structs and enums");
            None
        }
    }
}

fn parse_variant(
    variant: &syn::Variant,
    container: &Container,
    diagnostics: &mut Diagnostics,
) -> Option<Variant> {
    arguments::reject(&variant.attrs, diagnostics);
    let of = serde::parse_variant(&variant.attrs, diagnostics);
    if of.is_skipped {
        return None;
    }
    let rename = of.rename_all.unwrap_or(container.rename_all_fields);
    Some(Variant {
        keys: of.names.keys(container.rename_all.variant(&plain(&variant.ident))),
        attrs: kept(&variant.attrs),
        record: parse_record(&variant.fields, rename, container, diagnostics),
        name: variant.ident.clone(),
    })
}

fn parse_record(
    fields: &Fields,
    rename: Rename,
    container: &Container,
    diagnostics: &mut Diagnostics,
) -> Record {
    let is_named = matches!(fields, Fields::Named(_));
    let form = match fields {
        Fields::Unit => Form::Nothing,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Form::Inner,
        _ if container.is_transparent => Form::Inner,
        Fields::Unnamed(_) => Form::List,
        Fields::Named(_) => Form::Object,
    };
    let mut record = Record { form, is_named, fields: Vec::new(), is_closed: container.is_closed };
    for field in fields {
        let position = record.fields.len();
        record.fields.extend(parse_field(field, position, form, rename, diagnostics));
    }
    // without the fields that serde skips
    if form == Form::Inner && record.fields.len() != 1 {
        record.form = if is_named { Form::Object } else { Form::List };
    }
    record
}

fn parse_field(
    field: &syn::Field,
    position: usize,
    form: Form,
    rename: Rename,
    diagnostics: &mut Diagnostics,
) -> Option<Field> {
    if let Some(name) = field.ident.as_ref().filter(|name| *name == "_") {
        diagnostics
            .error(name, "a field of a partial value must have a name")
            .help("replace `_` with a name");
        return None;
    }
    let marks = arguments::parse_field(&field.attrs, diagnostics);
    let of = serde::parse_field(&field.attrs, diagnostics);
    let is_skipped = of.is_skipped || (form == Form::Inner && is_phantom(&field.ty));
    if is_skipped {
        if let Some(word) = marks.words().next() {
            diagnostics.error(word, "serde skips this field, so it has no partial form");
        }
        return None;
    }
    if form != Form::Object && !check_position(&marks, of.read.as_ref(), diagnostics) {
        return None;
    }
    let own = field.ident.as_ref().map(|name| rename.field(&plain(name))).unwrap_or_default();
    let kind = match (of.flatten, of.read) {
        (Some(_), _) => {
            if let Some(word) = marks.words().next() {
                diagnostics
                    .error(word, "a flattened field has no property of its own")
                    .help("move it to the fields of the flattened type");
            }
            Kind::Flattened
        }
        (None, Some((word, read))) => {
            check_function(&word, marks.done.is_some(), of.write.is_some(), diagnostics);
            Kind::Done(read, of.write.unwrap_or(Codec::Type))
        }
        (None, None) if marks.done.is_some() => Kind::Done(Codec::Type, Codec::Type),
        (None, None) if marks.state.is_some() => Kind::State,
        (None, None) => Kind::Grown,
    };
    Some(Field {
        member: match &field.ident {
            Some(name) => name.to_token_stream(),
            None => Literal::usize_unsuffixed(position).into_token_stream(),
        },
        vis: field.vis.clone(),
        attrs: kept(&field.attrs),
        span: blamed(&field.ty),
        ty: field.ty.clone(),
        keys: of.names.keys(own),
        kind,
        marks,
    })
}

/// Rejects marks on a field that is not a property. Returns whether the field can grow in place.
fn check_position(
    marks: &Marked,
    read: Option<&(syn::Path, Codec)>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let name = |word: &syn::Path| word.get_ident().map(ToString::to_string).unwrap_or_default();
    if let Some((word, _)) = read {
        diagnostics
            .error(word, format!("`{}` requires a field that is a property in JSON", name(word)))
            .note("a value that is read by a function appears when it is complete")
            .help("use a struct with named fields, and `#[partial(done)]` on the field");
        return false;
    }
    if let Some(word) = marks.words().next() {
        diagnostics
            .error(word, format!("`{}` requires a field that is a property in JSON", name(word)))
            .help("use a struct with named fields, or move it to the field that has this type");
    }
    marks.done.is_none()
}

/// Checks a function that reads a field: it needs the complete value, and a function that writes the same form.
fn check_function(
    word: &syn::Path,
    is_done: bool,
    is_written: bool,
    diagnostics: &mut Diagnostics,
) {
    let name = word.get_ident().map(ToString::to_string).unwrap_or_default();
    if !is_done {
        diagnostics
            .error(word, format!("`{name}` can read this field only when it is complete"))
            .help("put `#[partial(done)]` on the field, which then appears when it is complete");
    } else if !is_written {
        diagnostics
            .error(word, format!("`{name}` without `serialize_with`"))
            .help("add `serialize_with`, or write both functions in a module for `with`");
    }
}

/// Returns the attributes that the partial form keeps: docs, lint levels and `deprecated`.
fn kept(attrs: &[Attribute]) -> Vec<Attribute> {
    let is_kept = |attr: &&Attribute| {
        ["doc", "allow", "deprecated"].iter().any(|name| attr.path().is_ident(name))
    };
    attrs.iter().filter(is_kept).cloned().collect()
}

fn is_phantom(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "PhantomData"))
}

/// Returns the token of a type that an error should label: the innermost type in containers of std.
fn blamed(ty: &Type) -> Span {
    const CONTAINERS: [&str; 11] = [
        "Option", "Vec", "VecDeque", "Box", "Rc", "Arc", "BTreeMap", "HashMap", "BTreeSet",
        "HashSet", "Cow",
    ];
    match ty {
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return ty.span() };
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return last.ident.span();
            };
            let types = arguments.args.iter().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            let is_map = last.ident == "HashMap";
            let inner = if is_map { types.take(2).last() } else { types.last() };
            match inner {
                Some(inner) if CONTAINERS.iter().any(|name| last.ident == name) => blamed(inner),
                _ => last.ident.span(),
            }
        }
        Type::Array(array) => blamed(&array.elem),
        Type::Group(group) => blamed(&group.elem),
        Type::Paren(paren) => blamed(&paren.elem),
        _ => {
            ty.to_token_stream().into_iter().next().map_or_else(Span::call_site, |tree| tree.span())
        }
    }
}

/// Returns whether a type mentions a parameter.
pub(super) fn mentions(tokens: &impl ToTokens, parameter: &GenericParam) -> bool {
    fn within(tokens: TokenStream, name: &str) -> bool {
        tokens.into_iter().any(|tree| match tree {
            proc_macro2::TokenTree::Ident(ident) => ident == name,
            proc_macro2::TokenTree::Group(group) => within(group.stream(), name),
            _ => false,
        })
    }
    let name = match parameter {
        GenericParam::Type(parameter) => &parameter.ident,
        GenericParam::Const(parameter) => &parameter.ident,
        GenericParam::Lifetime(_) => return false,
    };
    within(tokens.to_token_stream(), &name.to_string())
}

/// Returns the generics that the fields of the partial form mention, with their bounds.
pub(super) fn retained(generics: &Generics, is_used: impl Fn(&GenericParam) -> bool) -> Generics {
    let mut retained = generics.clone();
    let (used, unused): (Vec<_>, Vec<_>) =
        generics.params.iter().cloned().partition(|parameter| is_used(parameter));
    retained.params = used.into_iter().collect();
    if let Some(clause) = &mut retained.where_clause {
        let is_kept = |predicate: &syn::WherePredicate| {
            !unused.iter().any(|parameter| mentions(predicate, parameter))
        };
        clause.predicates = clause.predicates.iter().filter(|p| is_kept(p)).cloned().collect();
    }
    retained
}
