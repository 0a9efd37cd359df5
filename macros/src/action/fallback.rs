//! The items of an action that has errors, so that its graph reports no follow-up errors.

use super::syntax::ActionSyntax;
use crate::names::plain;
use proc_macro2::TokenStream;
use quote::quote;

/// Expands to the type, and an impl that writes all fields. `errors` are those of the action.
///
/// The errors are in a constant that a type depends on. That makes the type rustc's error type, which causes no
/// further errors wherever a graph uses the state, the parameters or the writes of the action. They are under the `cfg`
/// of the function, as those of any item are.
pub(super) fn expand_fallback(action: &ActionSyntax, errors: &TokenStream) -> TokenStream {
    let ActionSyntax { outer, vis, .. } = action;
    if action.method {
        return expand_method(action, errors);
    }
    let name = action.name();
    let burdock = action.burdock();
    let text = plain(name);
    // an editor completes the fields also while the body is half typed
    let fields = action.arguments.fields();
    let editor = action.arguments.state.as_ref().map(|state| {
        quote! {
            #[allow(unexpected_cfgs, reason = "rust-analyzer sets it")]
            const _: () = {
                #[cfg(rust_analyzer)]
                #burdock::__fields! { #state { #(#fields)* } }
            };
        }
    });
    let cfg = outer.iter().filter(|attr| crate::text::is_cfg(attr));
    quote! {
        #editor
        #(#outer)*
        #[allow(non_camel_case_types, reason = "named after its function")]
        #[derive(Clone, Copy, Debug)]
        #vis struct #name {}

        #(#cfg)*
        const _: () = {
            use #burdock::__private;
            type __Unknown = <() as __private::WithFields<{ #errors true }>>::State;
            impl __private::Action for #name {
                type State = __Unknown;
                type Reads<'a> = ();
                type Args<'a> = ();
                type Params = __Unknown;
                type Writes = __Unknown;
                type Yields = __private::NoItems;
                const INFO: __private::ActionInfo = __private::ActionInfo::new(#text)
                    .writes(__private::FieldSet::ALL)
                    .refused();
                fn reads(_: &__Unknown) -> ::core::result::Result<(), __private::UnsetSlot> {
                    ::core::result::Result::Ok(())
                }
                async fn run(_: __private::Attempt<'_, Self>) -> #burdock::Result<__Unknown> {
                    ::core::unreachable!()
                }
            }
        };
    }
}

/// Expands to a method of the same name, because an `impl` cannot contain a type. It has no `self`, because the
/// function may also be outside of an `impl`.
fn expand_method(action: &ActionSyntax, errors: &TokenStream) -> TokenStream {
    let ActionSyntax { outer, vis, .. } = action;
    let name = action.name();
    quote! {
        #(#outer)*
        #[allow(dead_code, reason = "beside an error")]
        #vis fn #name() {}
        #errors
    }
}
