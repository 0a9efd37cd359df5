//! The parts of the impls for one struct or variant.

mod grow;
mod read;
mod std;
mod write;

use super::{
    super::model::{Codec, Field, Form, Kind, Record},
    Context,
};
use crate::spans::respanned;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

/// A record, with the path that constructs its partial form.
pub(super) struct Constructed<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) path: TokenStream,
    pub(super) record: &'a Record,
    /// Whether a tag determines the variant.
    pub(super) has_tag: bool,
    /// The tag beside the fields, if there is one.
    pub(super) tag: Option<&'a str>,
}

impl Constructed<'_> {
    /// Returns a pattern for the record, with names of fields that start with `prefix`.
    pub(super) fn pattern(&self, prefix: &str) -> TokenStream {
        let path = &self.path;
        let fields = self.record.fields.iter().enumerate().map(|(index, field)| {
            let (member, name) = (member(field), local(prefix, index, field));
            quote_spanned!(field.span=> #member: #name)
        });
        quote!(#path { #(#fields),* })
    }

    /// Returns the keys of its own properties.
    pub(super) fn own_keys(&self) -> TokenStream {
        let keys = self.record.fields.iter().filter(|field| !matches!(field.kind, Kind::Flattened));
        let keys = keys.flat_map(|field| &field.keys).map(String::as_str).chain(self.tag);
        let tag = self.tag;
        if self.record.form == Form::Object { quote!(&[#(#keys),*]) } else { quote!(&[#tag]) }
    }

    /// Returns the functions that determine which properties belong to the flattened fields.
    pub(super) fn flattened(&self) -> TokenStream {
        let root = &self.context.model.root;
        let flattened = self.record.fields.iter().filter(|field| match self.record.form {
            Form::Object => matches!(field.kind, Kind::Flattened),
            Form::Inner => true,
            Form::List | Form::Nothing => false,
        });
        let functions = flattened.map(|field| {
            let ty = &field.ty;
            let root_at = respanned(root.clone(), field.span);
            quote_spanned!(field.span=> <#root_at::PartialOf<#ty> as #root_at::Grow>::__keys)
        });
        quote!(&[#(#functions),*])
    }
}

/// Returns the field for an expression or pattern, spanned so that an error about its type labels only the type.
fn member(field: &Field) -> TokenStream {
    respanned(field.member.clone(), field.span)
}

/// Returns the local name of a field.
fn local(prefix: &str, index: usize, field: &Field) -> Ident {
    Ident::new(&format!("__{prefix}{index}"), field.span)
}

fn read_by(by: &Codec, field: &Field, private: &TokenStream) -> TokenStream {
    match by {
        Codec::Type => quote_spanned!(field.span=> #private::DoneValue::read),
        Codec::Function(path) => quote_spanned!(field.span=> |__json| #path(__json)),
    }
}

fn write_by(by: &Codec, field: &Field, private: &TokenStream) -> TokenStream {
    match by {
        Codec::Type => quote_spanned!(field.span=> #private::DoneValue::write),
        Codec::Function(path) => {
            quote_spanned!(field.span=> |__value| #path(__value, #private::ValueSerializer))
        }
    }
}
