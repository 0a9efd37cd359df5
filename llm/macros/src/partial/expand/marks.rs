//! The function that marks the schema of a type.

use super::{
    super::model::{Field, Form, Kind, Record, Shape, Tagging, Variant},
    Context,
};
use crate::spans::respanned;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

/// Expands the body of `__mark`, with the arguments `__marks` and `__node`.
pub(super) fn expand_marks(context: &Context<'_>) -> TokenStream {
    let root = &context.model.root;
    match &context.model.shape {
        Shape::Struct(record) => expand_record(root, record),
        Shape::Names => TokenStream::new(),
        Shape::Enum(tagging, variants) => {
            let variants = variants.iter().map(|variant| expand_variant(root, tagging, variant));
            quote!(let _ = (&__marks, __node); #(#variants)*)
        }
    }
}

/// Marks a variant. Its object appears with its tag, and with the content if that is adjacent.
fn expand_variant(root: &TokenStream, tagging: &Tagging, variant: &Variant) -> TokenStream {
    let key = &variant.keys[0];
    let record = expand_record(root, &variant.record);
    let is_unit = variant.record.form == Form::Nothing;
    match tagging {
        Tagging::External if is_unit => TokenStream::new(),
        Tagging::External => quote! {{
            __marks.required(__node, #key);
            let __node = &__marks.place_of(__node, #key);
            #record
        }},
        Tagging::Internal(tag) => quote! {{
            let __node = &__marks.variant(__node, #tag, #key);
            __marks.required(__node, #tag);
            #record
        }},
        Tagging::Adjacent(tag, _) if is_unit => quote! {{
            let __node = &__marks.variant(__node, #tag, #key);
            __marks.required(__node, #tag);
        }},
        Tagging::Adjacent(tag, content) => quote! {{
            let __node = &__marks.variant(__node, #tag, #key);
            __marks.required(__node, #tag);
            __marks.required(__node, #content);
            let __node = &__marks.place_of(__node, #content);
            #record
        }},
        Tagging::Untagged => record,
    }
}

fn expand_record(root: &TokenStream, record: &Record) -> TokenStream {
    let fields = record
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| expand_field(root, record.form, index, field));
    quote!(let _ = (&__marks, __node); #(#fields)*)
}

fn expand_field(root: &TokenStream, form: Form, index: usize, field: &Field) -> TokenStream {
    let Field { ty, span, keys, kind, marks, .. } = field;
    let (key, root) = (&keys[0], respanned(root.clone(), *span));
    let mark = quote_spanned!(*span=> <#root::PartialOf<#ty> as #root::Grow>::__mark);
    match (form, kind) {
        (Form::Inner, _) | (_, Kind::Flattened) => {
            quote_spanned!(*span=> __marks.visit(__node, #mark);)
        }
        (Form::List, _) => quote_spanned!(*span=> __marks.element(__node, #index, #mark);),
        _ => {
            let required =
                marks.required.is_some().then(|| quote!(__marks.required(__node, #key);));
            let own = match kind {
                Kind::Done(..) => quote!(__marks.done(__node, #key);),
                Kind::State => quote_spanned! {*span=>
                    __marks.state(__node, #key);
                    __marks.property(__node, #key, #mark);
                },
                _ => quote_spanned!(*span=> __marks.property(__node, #key, #mark);),
            };
            quote!(#required #own)
        }
    }
}
