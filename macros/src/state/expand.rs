//! From a state to its impls.

use super::{
    arguments::Version,
    serde::Serialised,
    syntax::{FieldSyntax, StateSyntax},
};
use crate::{names::plain, spans::respanned, text};
use proc_macro2::{Span, TokenStream};
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
    quote! {
        #[automatically_derived]
        const _: () = {
            use #burdock::__private::{IsNoSlot as _, PlainPatch as _};
            impl #burdock::State for #name {
                const FIELDS: &'static [#burdock::__private::FieldInfo] = &[#(#infos),*];
                #version
            }
            #(#fields)*
        };
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
        quote_spanned!(span=> |document| #private::migrated(#path(document)))
    });
    Some(quote! {
        const VERSION: u32 = #number;
        const MIGRATIONS: &'static [#burdock::__private::Migration] = &[#(#migrations),*];
    })
}

fn expand_info(field: &FieldSyntax, burdock: &TokenStream) -> TokenStream {
    let FieldSyntax { name, key, docs, ty, slot, public, .. } = field;
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
    let patch = match serialised {
        Serialised::Plain => quote!(new.__patch(old)),
        Serialised::Skipped => quote!(::core::result::Result::Ok(::core::option::Option::None)),
        Serialised::With(path) => quote! {
            #burdock::__private::patch_with(|value, to| #path(value, to), old, new)
        },
    };
    let result = quote! {
        ::core::result::Result<
            ::core::option::Option<#burdock::__private::Patch>,
            #burdock::__private::serde_json::Error,
        >
    };
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
                old: &#burdock::__private::Stored<Self, #index>,
                new: &#burdock::__private::Stored<Self, #index>,
            ) -> #result {
                #patch
            }
        }
        #probe
    }
}
