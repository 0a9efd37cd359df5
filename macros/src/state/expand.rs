//! From a state to its impls.

use super::{
    arguments::Version,
    serde::{By, Serialised},
    syntax::{FieldSyntax, StateSyntax},
};
use crate::{names::plain, spans::respanned, text};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// Implements `State`, and `Field` for each index.
pub(super) fn expand_state(state: &StateSyntax) -> TokenStream {
    let burdock = text::burdock(state.burdock.as_ref());
    let name = &state.name;
    let version = expand_version(&state.version, &burdock);
    let infos = state.fields.iter().map(|field| expand_info(field, &burdock));
    let fields = state
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| expand_field(state, index, field, &burdock));
    let methods = expand_methods(state, &burdock);
    quote! {
        #[automatically_derived]
        const _: () = {
            use #burdock::__private::{
                IsNoSlot as _, NoElements as _, NoReadBack as _, PlainField as _, PlainPatch as _,
            };
            impl #burdock::State for #name {
                const FIELDS: &'static [#burdock::__private::FieldInfo] = &[#(#infos),*];
                #version
                #methods
            }
            #(#fields)*
        };
    }
}

/// What is asked about a field by its index at run time.
fn expand_methods(state: &StateSyntax, burdock: &TokenStream) -> TokenStream {
    let place = |index: usize| Literal::usize_unsuffixed(index);
    let slots = state.fields.iter().enumerate().filter(|(_, field)| field.slot.is_some());
    let slots = slots.map(|(index, field)| {
        let (index, name) = (place(index), &field.name);
        quote!(.with_if(#index, self.#name.__read().is_some()))
    });
    let checks = state.fields.iter().enumerate().map(|(index, field)| {
        let (index, name) = (place(index), &field.name);
        quote! {
            #index => <Self as #burdock::__private::Field<#index>>::check(
                self.#name.__read().is_some(),
                __patch,
            ),
        }
    });
    quote! {
        fn __set_slots(&self) -> #burdock::__private::FieldSet {
            #burdock::__private::FieldSet::EMPTY #(#slots)*
        }

        fn __check(
            &self,
            __field: usize,
            __patch: &#burdock::__private::Patch,
        ) -> ::core::result::Result<(), #burdock::__private::serde_json::Error> {
            match __field {
                #(#checks)*
                _ => ::core::result::Result::Ok(()),
            }
        }
    }
}

/// The first version is what `State` says by itself.
fn expand_version(version: &Version, burdock: &TokenStream) -> Option<TokenStream> {
    let Version { number, migrations } = version;
    if migrations.is_empty() {
        return None;
    }
    let migrations = migrations.iter().map(|path| {
        let span = path.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
        let private = respanned(quote!(#burdock::__private), span);
        quote_spanned!(span=> |__document| #private::migrated(#path(__document)))
    });
    Some(quote! {
        const VERSION: u32 = #number;
        const MIGRATIONS: &'static [#burdock::__private::Migration] = &[#(#migrations),*];
    })
}

fn expand_info(field: &FieldSyntax, burdock: &TokenStream) -> TokenStream {
    let FieldSyntax { name, docs, ty, slot, serialised, public } = field;
    let key = &serialised.key;
    let name = plain(name);
    let ty = text::written(ty);
    let slot = slot.is_some();
    quote! {
        #burdock::__private::FieldInfo {
            name: #name, key: #key, ty: #ty, docs: #docs, slot: #slot, public: #public
        }
    }
}

fn expand_field(
    state: &StateSyntax,
    index: usize,
    field: &FieldSyntax,
    burdock: &TokenStream,
) -> TokenStream {
    let StateSyntax { name: state, .. } = state;
    let FieldSyntax { name, ty, slot, serialised, .. } = field;
    let value = slot.as_ref().unwrap_or(ty);
    let (kind, declared) = match slot {
        Some(_) => (quote!(Slotted), true),
        None => (quote!(Plain), false),
    };
    let patch = match &serialised.written {
        By::Type => quote!(__new.__patch(__old)),
        By::Nothing => quote!(::core::result::Result::Ok(::core::option::Option::None)),
        By::Function(path) => quote! {
            #burdock::__private::patch_with(|__value, __to| #path(__value, __to), __old, __new)
        },
    };
    let check = expand_check(index, serialised, burdock);
    let error = quote!(#burdock::__private::serde_json::Error);
    let option = quote!(::core::option::Option<#burdock::__private::Patch>);
    let value = quote_spanned!(ty.span()=> type Value = #value;);
    let private = respanned(quote!(#burdock::__private), name.span());
    let probe = quote_spanned! {name.span()=>
        const _: () = #private::check_slot(#private::IsSlot::<#ty>::YES, #declared);
    };
    quote! {
        impl #burdock::__private::Field<#index> for #state {
            #value
            type Kind = #burdock::__private::#kind;
            fn patch(
                __old: &#burdock::__private::Stored<Self, #index>,
                __new: &#burdock::__private::Stored<Self, #index>,
            ) -> ::core::result::Result<#option, #error> {
                #patch
            }
            #check
        }
        #probe
    }
}

/// Reads back what was written of a field, if it is written.
fn expand_check(index: usize, serialised: &Serialised, burdock: &TokenStream) -> TokenStream {
    let Serialised { written, read, .. } = serialised;
    let private = quote!(#burdock::__private);
    let read = match (written, read) {
        (By::Nothing, _) | (_, By::Nothing) => return TokenStream::new(),
        (_, By::Type) => {
            quote!(#private::ReadBack::<#private::Stored<Self, #index>>::json(__json))
        }
        (_, By::Function(path)) => quote!(#path(__json).map(::core::option::Option::Some)),
    };
    quote! {
        fn check(
            __is_set: bool,
            __patch: &#private::Patch,
        ) -> ::core::result::Result<(), #private::serde_json::Error> {
            #private::check_patch(
                __is_set,
                __patch,
                |__json| #read,
                |__value: &#private::Stored<Self, #index>| __value.__read().is_some(),
                #private::Elements::<#private::Stored<Self, #index>>::check,
            )
        }
    }
}
