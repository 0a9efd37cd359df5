//! The items of an action that has errors, so that its graph reports no follow-up errors.

use super::{Kind, syntax::ActionSyntax};
use crate::names::{plain, type_of};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Lifetime, Type};

/// Expands to the type, and an impl that writes all fields.
pub(super) fn expand_fallback(action: &ActionSyntax) -> TokenStream {
    let ActionSyntax { outer, vis, .. } = action;
    if action.method {
        return expand_method(action);
    }
    let name = action.name();
    let burdock = action.burdock();
    let item = quote! {
        #(#outer)*
        #[allow(non_camel_case_types, reason = "named after its function")]
        #[derive(Clone, Copy, Debug)]
        #vis struct #name {}
    };
    let state = if let Some(state) = &action.arguments.state {
        state.to_token_stream()
    } else {
        quote!(#burdock::__private::UnknownState)
    };
    let text = plain(name);
    let writes = type_of("Writes", name);
    let yields = action.arguments.yields.as_ref().filter(|_| action.kind == Kind::Streaming);
    let yields = yields.map_or_else(
        || quote!(#burdock::__private::NoItems),
        |ty| quote!(#burdock::__private::Items<#ty>),
    );
    let params: TokenStream = action
        .params()
        .map(|param| {
            let (name, ty) = (&param.name, owned(&param.ty));
            quote!(#name: #ty,)
        })
        .collect();
    let (template, params) = if params.is_empty() {
        (quote!(), quote!(()))
    } else {
        let ty = type_of("Params", name);
        (quote!(#burdock::__params! { (#vis struct #ty) #params }), ty.into_token_stream())
    };
    // an editor completes the fields also while the body is half typed
    let fields = action.arguments.reads.iter().chain(&action.arguments.writes);
    quote! {
        #[allow(unexpected_cfgs, reason = "rust-analyzer sets it")]
        const _: () = {
            #[cfg(rust_analyzer)]
            #burdock::__fields! { #state { #(#fields)* } }
        };
        #item
        const _: () = {
            #template
            #burdock::__writes! { (#vis struct #writes) (type State = #state;) #state {} }
            impl #burdock::__private::Action for #name {
                type State = #state;
                type Reads<'a> = ();
                type Args<'a> = ();
                type Params = #params;
                type Writes = Writes;
                type Yields = #yields;
                const INFO: #burdock::__private::ActionInfo = #burdock::__private::ActionInfo::new(#text)
                    .writes(#burdock::__private::FieldSet::ALL)
                    .refused();
                fn reads(_: &#state) -> ::core::result::Result<(), #burdock::__private::UnsetSlot> {
                    ::core::result::Result::Ok(())
                }
                async fn run(_: #burdock::__private::Attempt<'_, Self>) -> #burdock::Result<Writes> {
                    ::core::unreachable!()
                }
            }
        };
    }
}

/// Expands to a method of the same name, because an `impl` cannot contain a type. It has no `self`, because the
/// function may also be outside of an `impl`.
fn expand_method(action: &ActionSyntax) -> TokenStream {
    let ActionSyntax { outer, vis, .. } = action;
    let name = action.name();
    quote! {
        #(#outer)*
        #[allow(dead_code, reason = "beside an error")]
        #vis fn #name() {}
    }
}

/// Returns the type with `'static` references, for the field of a struct.
fn owned(ty: &Type) -> Type {
    let mut ty = ty.clone();
    if let Type::Reference(reference) = &mut ty {
        reference.lifetime = Some(Lifetime::new("'static", Span::call_site()));
    }
    ty
}
