//! Expands a state to its impls.

use super::{
    arguments::Version,
    serde::{Codec, MissingValue, Serialized},
    syntax::{FieldSyntax, StateSyntax},
};
use crate::{names::plain, runtime, spans::respanned, text};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// Expands to the impl of `State`, and of `Field` for each index.
pub(super) fn expand_state(state: &StateSyntax) -> TokenStream {
    let burdock = runtime::burdock(state.burdock.as_ref());
    let name = &state.name;
    let version = expand_version(&state.version, &burdock);
    let info = expand_fields(state, &burdock);
    let fields = state
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| expand_field(state, index, field, &burdock));
    let methods = expand_methods(state, &burdock);
    let implementation = expand_impl(name, &burdock, &quote!(#version #methods));
    quote! {
        #[automatically_derived]
        #[allow(unexpected_cfgs, reason = "rust-analyzer sets it")]
        const _: () = {
            use #burdock::__private::{
                FallbackElements as _, FallbackReadBack as _, FallbackSchema as _, NotSlot as _,
                PlainField as _, PlainPatch as _,
            };
            #info
            #implementation
            #(#fields)*
        };
    }
}

/// Expands to the impl of `State`, which holds if the state has the traits that it needs.
///
/// A bound that names a lifetime is not checked where it stands. Otherwise rustc would report a missing trait at each
/// mention of the state, and not only in [the fields](expand_fields). The cases `state_is_not_clone` and
/// `state_is_not_serialize` of `tests/ui` fail if rustc changes that.
pub(super) fn expand_impl(name: &Ident, burdock: &TokenStream, items: &TokenStream) -> TokenStream {
    quote! {
        impl #burdock::State for #name
        where
            for<'a> #name: ::core::clone::Clone
                + ::core::marker::Send
                + ::core::marker::Sync
                + #burdock::__private::serde::Serialize
                + #burdock::__private::serde::de::DeserializeOwned,
        {
            #items
        }
    }
}

/// Expands to the fields. If the state or the type of a field lacks a trait, the constant is invalid, so that whatever
/// depends on it reports no further errors.
fn expand_fields(state: &StateSyntax, burdock: &TokenStream) -> TokenStream {
    let name = &state.name;
    let infos = state.fields.iter().map(|field| expand_info(field, burdock));
    let private = |span| respanned(quote!(#burdock::__private), span);
    let derived = private(name.span());
    let derived = quote_spanned!(name.span()=> #derived::is_derived::<#name>(););
    let shared = state.fields.iter().map(|FieldSyntax { ty, .. }| {
        let (span, private) = (ty.span(), private(ty.span()));
        quote_spanned!(span=> #private::is_shared::<#ty>();)
    });
    quote! {
        impl #burdock::__private::StateFields for #name {
            const FIELDS: &'static [#burdock::__private::FieldInfo] = {
                #derived
                #(#shared)*
                &[#(#infos),*]
            };
        }
    }
}

/// Expands to the methods that take the index of a field at run time.
fn expand_methods(state: &StateSyntax, burdock: &TokenStream) -> TokenStream {
    let literal = |index: usize| Literal::usize_unsuffixed(index);
    let slots = state.fields.iter().enumerate().filter(|(_, field)| field.slot.is_some());
    let slots = slots.map(|(index, field)| {
        let (index, name) = (literal(index), &field.name);
        quote!(.with_if(#index, self.#name.__read().is_some()))
    });
    let patches = state.fields.iter().enumerate().filter_map(|(index, field)| {
        let (index, FieldSyntax { name, ty, serialized, .. }) = (literal(index), field);
        let json = match &serialized.written {
            Codec::Skipped => return expand_unwritten(&index, field, &state.name, burdock),
            Codec::Type => quote!(#burdock::__private::Elements::<#ty>::json(&self.#name)),
            Codec::Function(path) => quote! {
                #burdock::__private::json_with(|__value, __to| #path(__value, __to), &self.#name)
            },
        };
        let check = if serialized.omitted_if.is_some() {
            quote! {
                #burdock::__private::check_omitted::<Self, #index>(
                    &self.#name,
                    __patch,
                    |__field| __field.__read().is_some(),
                )
            }
        } else {
            quote!(::core::result::Result::Ok(()))
        };
        Some(quote! {
            #index => #burdock::__private::whole_patch::<Self, #index>(
                #json,
                self.#name.__read().is_some(),
                |__patch| #check,
            ),
        })
    });
    quote! {
        fn __set_slots(&self) -> #burdock::__private::FieldSet {
            #burdock::__private::FieldSet::EMPTY #(#slots)*
        }

        fn __whole(
            &self,
            __field: usize,
        ) -> ::core::result::Result<
            ::core::option::Option<#burdock::__private::Patch>,
            #burdock::__private::serde_json::Error,
        > {
            match __field {
                #(#patches)*
                _ => ::core::result::Result::Ok(::core::option::Option::None),
            }
        }
    }
}

/// Expands to the version and the migrations. Version 1 is the default of `State`.
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
    let FieldSyntax { name, docs, ty, slot, serialized, public } = field;
    let key = &serialized.key;
    let name = plain(name);
    // a custom function writes or reads another form than the type
    let schema = matches!((&serialized.written, &serialized.read), (Codec::Type, Codec::Type))
        .then(|| quote!(.schema(#burdock::__private::SchemaOf::<#ty>::SCHEMA)));
    let ty = text::written(ty);
    let key = (*key != name).then(|| quote!(.key(#key)));
    let docs = (!docs.is_empty()).then(|| quote!(.docs(#docs)));
    let slot = slot.is_some().then(|| quote!(.slot()));
    let public = public.then(|| quote!(.public()));
    quote!(#burdock::__private::FieldInfo::new(#name, #ty) #key #docs #slot #public #schema)
}

fn expand_field(
    state: &StateSyntax,
    index: usize,
    field: &FieldSyntax,
    burdock: &TokenStream,
) -> TokenStream {
    let StateSyntax { name: state, .. } = state;
    let FieldSyntax { name, ty, slot, serialized, .. } = field;
    let value = slot.as_ref().unwrap_or(ty);
    let (kind, declared) = match slot {
        Some(_) => (quote!(Slotted), true),
        None => (quote!(Plain), false),
    };
    let patch = match &serialized.written {
        Codec::Type => quote!(__new.__patch(__old)),
        Codec::Skipped => quote!(::core::result::Result::Ok(::core::option::Option::None)),
        Codec::Function(path) => quote! {
            #burdock::__private::patch_with(|__value, __to| #path(__value, __to), __old, __new)
        },
    };
    let omitted = expand_omitted(index, field, state, burdock);
    let written = matches!(serialized.written, Codec::Skipped).then(|| {
        quote!(
            const WRITTEN: bool = false;
        )
    });
    let check = expand_check(index, serialized, burdock);
    let error = quote!(#burdock::__private::serde_json::Error);
    let option = quote!(::core::option::Option<#burdock::__private::Patch>);
    let named = value.clone();
    let hash = Literal::u64_unsuffixed(runtime::hash(&plain(name)));
    let value = quote_spanned!(ty.span()=> type Value = #value;);
    let private = respanned(quote!(#burdock::__private), name.span());
    let probe = quote_spanned! {name.span()=>
        const _: () = #private::check_slot(#private::IsSlot::<#ty>::YES, #declared);
    };
    quote! {
        #[cfg(rust_analyzer)]
        impl #burdock::__private::NamedField<#hash> for #state {
            type Value = #named;
        }
        impl #burdock::__private::Field<#index> for #state {
            #value
            type Kind = #burdock::__private::#kind;
            #written
            fn patch(
                __old: &#burdock::__private::Stored<Self, #index>,
                __new: &#burdock::__private::Stored<Self, #index>,
            ) -> ::core::result::Result<#option, #error> {
                #patch
            }
            #omitted
            #check
        }
        #probe
    }
}

/// Expands to the value of a missing field.
fn expand_missing(missing: &MissingValue, name: &syn::Ident, state: &syn::Ident) -> TokenStream {
    match missing {
        MissingValue::TypeDefault => quote!(::core::default::Default::default()),
        MissingValue::Function(path) => quote!(#path()),
        MissingValue::StateDefault => quote!(<#state as ::core::default::Default>::default().#name),
        MissingValue::StateFunction(path) => quote!(#path().#name),
    }
}

/// Expands to the check of a slot that serde does not write.
fn expand_unwritten(
    index: &Literal,
    field: &FieldSyntax,
    state: &syn::Ident,
    burdock: &TokenStream,
) -> Option<TokenStream> {
    let FieldSyntax { name, ty, slot, serialized, .. } = field;
    slot.as_ref()?;
    let missing = expand_missing(&serialized.missing, name, state);
    Some(quote! {
        #index => {
            let __missing: #ty = #missing;
            #burdock::__private::unwritten_slot::<Self, #index>(
                self.#name.__read().is_some(),
                __missing.__read().is_some(),
            )
        }
    })
}

/// Expands to the value that a field is read as if serde omits it, for fields with `skip_serializing_if`.
fn expand_omitted(
    index: usize,
    field: &FieldSyntax,
    state: &syn::Ident,
    burdock: &TokenStream,
) -> TokenStream {
    let FieldSyntax { name, serialized, .. } = field;
    let Some(when) = &serialized.omitted_if else { return TokenStream::new() };
    let read_as = expand_missing(&serialized.missing, name, state);
    let stored = quote!(#burdock::__private::Stored<Self, #index>);
    quote! {
        fn omitted(__value: &#stored) -> ::core::option::Option<#stored> {
            if #when(__value) { ::core::option::Option::Some(#read_as) } else { ::core::option::Option::None }
        }
    }
}

/// Expands to the functions that read a written field back.
fn expand_check(index: usize, serialized: &Serialized, burdock: &TokenStream) -> TokenStream {
    let Serialized { written, read, .. } = serialized;
    let private = quote!(#burdock::__private);
    let read = match (written, read) {
        (Codec::Skipped, _) | (_, Codec::Skipped) => return TokenStream::new(),
        (_, Codec::Type) => {
            quote!(#private::ReadBack::<#private::Stored<Self, #index>>::json(__json))
        }
        (_, Codec::Function(path)) => quote!(#path(__json).map(::core::option::Option::Some)),
    };
    quote! {
        fn read(
            __json: &#private::serde_json::Value,
        ) -> ::core::result::Result<
            ::core::option::Option<#private::Stored<Self, #index>>,
            #private::serde_json::Error,
        > {
            #read
        }

        fn check(
            __is_set: bool,
            __patch: &#private::Patch,
        ) -> ::core::result::Result<(), #private::serde_json::Error> {
            #private::check_patch(
                __is_set,
                __patch,
                <Self as #private::Field<#index>>::read,
                |__value: &#private::Stored<Self, #index>| __value.__read().is_some(),
                #private::Elements::<#private::Stored<Self, #index>>::check,
            )
        }
    }
}
