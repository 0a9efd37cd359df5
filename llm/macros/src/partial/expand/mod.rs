//! Expands a model to the partial type and its impls. This cannot fail.

mod enums;
mod impls;
mod item;
mod marks;
mod names;
mod record;

use super::{
    model::{Field, Form, Kind, Model, Shape, Tagging},
    parse::{mentions, retained},
};
use crate::spans::respanned;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericParam, Generics, WherePredicate, parse_quote};

/// The context of all expansions of a type.
pub(super) struct Context<'a> {
    pub(super) model: &'a Model,
    /// `burdock_llm::__private::partial`.
    pub(super) private: TokenStream,
    /// The parameters of the partial form.
    pub(super) partial_generics: Generics,
    /// The parameters of the type, with the bounds that its impls need.
    pub(super) generics: Generics,
}

/// Expands the partial form and the impl of `Partial`.
pub(super) fn expand_model(model: &Model) -> TokenStream {
    let context = Context::new(model);
    if matches!(model.shape, Shape::Names) {
        return names::expand_names(&context);
    }
    let item = item::expand_item(&context);
    let impls = impls::expand_impls(&context);
    quote! {
        #item
        const _: () = { #impls };
    }
}

impl<'a> Context<'a> {
    fn new(model: &'a Model) -> Self {
        let root = &model.root;
        let private = quote!(#root::__private::partial);
        let fields: Vec<&Field> =
            model.records().into_iter().flat_map(|record| &record.fields).collect();
        let is_used =
            |parameter: &GenericParam| fields.iter().any(|field| mentions(&field.ty, parameter));
        let mut partial_generics = retained(&model.generics, is_used);
        let mut generics = model.generics.clone();
        let bounds = bounds(model, &fields, &private);
        let bounds = bounds.into_iter().chain(read_whole(model, &private));
        let bounds: Vec<WherePredicate> = bounds.collect();
        for generics in [&mut partial_generics, &mut generics] {
            generics.make_where_clause().predicates.extend(bounds.clone());
        }
        Self { model, private, partial_generics, generics }
    }

    /// Returns the type of a field of the partial form.
    pub(super) fn type_of(&self, field: &Field, form: Form) -> TokenStream {
        let ty = &field.ty;
        let root = respanned(self.model.root.clone(), field.span);
        let partial = quote_spanned!(field.span=> #root::PartialOf<#ty>);
        match &field.kind {
            Kind::Done(..) => quote_spanned!(field.span=> ::core::option::Option<#ty>),
            Kind::State => quote_spanned!(field.span=> #root::Field<#partial>),
            Kind::Grown if form == Form::Inner => partial,
            Kind::Grown | Kind::Flattened => {
                quote_spanned!(field.span=> ::core::option::Option<#partial>)
            }
        }
    }

    /// Returns the path of the module for expansions, with the span of the type of a field.
    pub(super) fn at(&self, span: Span) -> TokenStream {
        respanned(self.private.clone(), span)
    }
}

/// Returns the bound of a generic untagged enum, which serde reads to determine the variant.
fn read_whole(model: &Model, private: &TokenStream) -> Option<WherePredicate> {
    let is_untagged = matches!(model.shape, Shape::Enum(Tagging::Untagged, _));
    let is_generic = model.generics.type_params().next().is_some();
    let (name, (_, types, _)) = (&model.name, model.generics.split_for_impl());
    (is_untagged && is_generic)
        .then(|| parse_quote!(#name #types: #private::serde::de::DeserializeOwned))
}

/// Returns the bounds on the parameters that fields mention: `Partial` if the field grows.
fn bounds(model: &Model, fields: &[&Field], private: &TokenStream) -> Vec<WherePredicate> {
    let root = &model.root;
    let mut bounds: Vec<WherePredicate> = Vec::new();
    for parameter in model.generics.type_params() {
        let name = &parameter.ident;
        let parameter = GenericParam::Type(parameter.clone());
        let mut mentioning = fields.iter().filter(|field| mentions(&field.ty, &parameter));
        if mentioning.clone().any(|field| !matches!(field.kind, Kind::Done(..))) {
            bounds.push(parse_quote!(#name: #root::Partial));
        }
        if mentioning.any(|field| matches!(field.kind, Kind::Done(..))) {
            bounds.push(parse_quote!(#name: #private::DoneValue));
        }
    }
    bounds
}
