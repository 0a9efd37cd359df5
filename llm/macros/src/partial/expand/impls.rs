//! The impls of `Partial`, and of the traits of every partial form.

use super::{
    super::model::{Shape, Tagging, Variant},
    Context, enums, marks,
    record::Constructed,
};
use proc_macro2::TokenStream;
use quote::quote;

/// The parts of a struct or an enum in each impl.
pub(super) struct Parts {
    /// Reads `__json`.
    pub(super) read: TokenStream,
    /// Applies `__edit` at `__path`.
    pub(super) grow: TokenStream,
    /// Writes itself to `__serializer`.
    pub(super) write: TokenStream,
    /// Writes its properties into `__map`.
    pub(super) write_entries: TokenStream,
    /// Returns whether and how `__key` belongs to it.
    pub(super) keys: TokenStream,
    /// Further impls.
    pub(super) more: TokenStream,
}

/// Expands all impls.
pub(super) fn expand_impls(context: &Context<'_>) -> TokenStream {
    let all = constructed(context);
    let parts = match &context.model.shape {
        Shape::Enum(tagging, variants) => enums::expand_parts(context, tagging, variants, &all),
        Shape::Struct(_) | Shape::Names => struct_parts(context, &all[0]),
    };
    let std = expand_std(context, &all);
    let grow = expand_grow(context, &parts, &all);
    let partial = expand_partial(context);
    let more = &parts.more;
    quote!(#partial #grow #std #more)
}

/// Returns the struct, or each variant.
fn constructed<'a>(context: &'a Context<'a>) -> Vec<Constructed<'a>> {
    match &context.model.shape {
        Shape::Struct(record) => {
            vec![Constructed { context, path: quote!(Self), record, has_tag: false, tag: None }]
        }
        Shape::Enum(tagging, variants) => variants
            .iter()
            .map(|Variant { name, record, .. }| Constructed {
                context,
                path: quote!(Self::#name),
                record,
                has_tag: !matches!(tagging, Tagging::Untagged),
                tag: tagging.beside_the_fields(),
            })
            .collect(),
        Shape::Names => Vec::new(),
    }
}

fn struct_parts(context: &Context<'_>, record: &Constructed<'_>) -> Parts {
    let private = &context.private;
    let pattern = record.pattern("f");
    let (grow, write) = (record.grow(false), record.write_body());
    let (write_entries, own, flattened) =
        (record.write_entries(), record.own_keys(), record.flattened());
    Parts {
        read: record.read(),
        grow: quote! {
            if let ([], #private::Edit::Set(__json)) = (__path, __edit) {
                *self = <Self as #private::Grow>::from_json(__json)?;
                return ::core::result::Result::Ok(());
            }
            let #pattern = self;
            #grow
        },
        write: quote!(let #pattern = self; #write),
        write_entries: match record.record.form {
            super::super::model::Form::List | super::super::model::Form::Nothing => {
                quote!(let _ = __map; #private::not_an_object())
            }
            _ => quote! {
                let #pattern = self;
                #write_entries
                ::core::result::Result::Ok(())
            },
        },
        keys: quote!(#private::keys_of(__key, #own, #flattened)),
        more: expand_default(context, record),
    }
}

/// Expands to `Default` for a struct: nothing has arrived. Not for a newtype, whose field may not have a default.
fn expand_default(context: &Context<'_>, record: &Constructed<'_>) -> TokenStream {
    if matches!(record.record.form, super::super::model::Form::Inner) {
        return TokenStream::new();
    }
    let name = &context.model.partial;
    let (impls, types, clause) = context.partial_generics.split_for_impl();
    let nothing = record.nothing();
    quote! {
        #[automatically_derived]
        impl #impls ::core::default::Default for #name #types #clause {
            fn default() -> Self {
                #nothing
            }
        }
    }
}

/// Expands to `Clone`, `Debug` and `PartialEq`. They are not derived, so that rustc reports an error about the type
/// of a field once.
fn expand_std(context: &Context<'_>, all: &[Constructed<'_>]) -> TokenStream {
    let (name, private) = (&context.model.partial, &context.private);
    let (impls, types, clause) = context.partial_generics.split_for_impl();
    let clones = all.iter().map(|record| {
        let (pattern, clone) = (record.pattern("f"), record.clone());
        quote!(#pattern => #clone)
    });
    let debugs = all.iter().enumerate().map(|(index, record)| {
        let (pattern, debug) = (record.pattern("f"), record.debug(&debug_name(context, index)));
        quote!(#pattern => #debug)
    });
    quote! {
        #[automatically_derived]
        impl #impls ::core::clone::Clone for #name #types #clause {
            fn clone(&self) -> Self {
                match self { #(#clones,)* }
            }
        }

        #[automatically_derived]
        impl #impls ::core::fmt::Debug for #name #types #clause {
            fn fmt(&self, __formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#debugs,)* }
            }
        }

        #[automatically_derived]
        impl #impls ::core::cmp::PartialEq for #name #types #clause {
            fn eq(&self, __other: &Self) -> bool {
                <Self as #private::Grow>::__same(self, __other)
            }
        }
    }
}

fn debug_name(context: &Context<'_>, index: usize) -> String {
    match &context.model.shape {
        Shape::Enum(_, variants) => crate::names::plain(&variants[index].name),
        _ => context.model.partial.to_string(),
    }
}

fn expand_grow(context: &Context<'_>, parts: &Parts, all: &[Constructed<'_>]) -> TokenStream {
    let (name, root, private) = (&context.model.partial, &context.model.root, &context.private);
    let (impls, types, clause) = context.partial_generics.split_for_impl();
    let Parts { read, grow, write, write_entries, keys, .. } = parts;
    let marks = marks::expand_marks(context);
    let eqs = all.iter().map(|record| {
        let (left, right, eq) = (record.pattern("f"), record.pattern("g"), record.eq());
        quote!((#left, #right) => #eq)
    });
    let different = (all.len() > 1).then(|| quote!(_ => false,));
    quote! {
        #[automatically_derived]
        impl #impls #private::serde::Serialize for #name #types #clause {
            fn serialize<__S: #private::serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #write
            }
        }

        #[automatically_derived]
        impl #impls #root::Grow for #name #types #clause {
            fn from_json(
                __json: &#private::Value,
            ) -> ::core::result::Result<Self, #root::GrowError> {
                #read
            }

            fn grow(
                &mut self,
                __path: &[#private::Segment],
                __edit: &#private::Edit,
            ) -> ::core::result::Result<(), #root::GrowError> {
                #grow
            }

            fn __mark(__marks: &mut #root::Marks<'_>, __node: &#private::Node) {
                #marks
            }

            fn __same(&self, __other: &Self) -> bool {
                match (self, __other) { #(#eqs,)* #different }
            }

            fn __keys(__key: &str) -> #private::Keys {
                #keys
            }

            fn __write_entries<__M: #private::serde::ser::SerializeMap>(
                &self,
                __map: &mut __M,
            ) -> ::core::result::Result<(), __M::Error> {
                #write_entries
            }
        }
    }
}

fn expand_partial(context: &Context<'_>) -> TokenStream {
    let (model, root) = (context.model, &context.model.root);
    let (name, partial) = (&model.name, &model.partial);
    let (impls, _, clause) = context.generics.split_for_impl();
    let (_, types, _) = model.generics.split_for_impl();
    let (_, partial_types, _) = context.partial_generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impls #root::Partial for #name #types #clause {
            type Partial = #partial #partial_types;
        }
    }
}
