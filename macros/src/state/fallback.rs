//! The impl of a state that is rejected, so that actions and graphs report no follow-up errors.

use super::{expand::expand_impl, syntax::Rejected};
use crate::runtime;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// Expands to an impl of `State` whose fields are `errors`. Each type that depends on them is rustc's error type, which
/// causes no further errors.
pub(super) fn expand_fallback(rejected: &Rejected, errors: &TokenStream) -> TokenStream {
    let name = &rejected.name;
    let burdock = runtime::burdock(rejected.burdock.as_ref());
    let serde = rejected.by_serde.then(|| expand_serde(name));
    let methods = quote! {
        fn __set_slots(&self) -> __private::FieldSet {
            ::core::unreachable!()
        }

        fn __whole(
            &self,
            _: usize,
        ) -> ::core::result::Result<
            ::core::option::Option<__private::Patch>,
            __private::serde_json::Error,
        > {
            ::core::unreachable!()
        }
    };
    let implementation = expand_impl(name, &burdock, &methods);
    quote! {
        const _: () = {
            use #burdock::__private;
            impl __private::StateFields for #name {
                const FIELDS: &'static [__private::FieldInfo] = { #errors };
            }
            #implementation
            #serde
        };
    }
}

/// Expands to impls of serde's traits.
fn expand_serde(name: &Ident) -> TokenStream {
    quote! {
        impl __private::serde::Serialize for #name {
            fn serialize<S: __private::serde::Serializer>(
                &self,
                _: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                ::core::unreachable!()
            }
        }

        impl<'de> __private::serde::Deserialize<'de> for #name {
            fn deserialize<D: __private::serde::Deserializer<'de>>(
                _: D,
            ) -> ::core::result::Result<Self, D::Error> {
                ::core::unreachable!()
            }
        }
    }
}
