//! The items of a prompt that has errors, so that its callers report no follow-up errors.

use super::syntax::PromptSyntax;
use crate::names::{plain, type_of};
use proc_macro2::TokenStream;
use quote::quote;

/// Expands to the function, and the type of the action if the attribute has a state.
pub(super) fn expand_fallback(prompt: &PromptSyntax) -> TokenStream {
    let PromptSyntax { outer, vis, signature, .. } = prompt;
    let llm = prompt.llm();
    let (name, types, generics) = (&signature.name, &signature.types, &signature.generics);
    let clause = &generics.where_clause;
    let output = signature.output.as_ref().map_or_else(|| quote!(()), |output| quote!(#output));
    let action = expand_action(prompt);
    quote! {
        #(#outer)*
        #[allow(dead_code, missing_docs, reason = "beside an error")]
        #vis fn #name #generics (#(_: #types),*) -> #llm::prompt::Prompt<#output> #clause {
            ::core::unreachable!()
        }
        #action
    }
}

/// Expands to an action that writes all fields and counts as rejected, so that its graph reports no errors.
fn expand_action(prompt: &PromptSyntax) -> Option<TokenStream> {
    let state = prompt.settings.state.as_ref()?;
    let output = prompt.signature.output.as_ref()?;
    let PromptSyntax { vis, signature, .. } = prompt;
    let llm = prompt.llm();
    let burdock = quote!(#llm::__private::burdock);
    let (name, text) = (&signature.name, plain(&signature.name));
    let writes = type_of("Writes", name);
    Some(quote! {
        #[allow(non_camel_case_types, missing_docs, reason = "beside an error")]
        #[derive(Clone, Copy, Debug)]
        #vis struct #name {}
        const _: () = {
            #burdock::__writes! { (#vis struct #writes) (type State = #state;) #state {} }
            impl #burdock::__private::Action for #name {
                type State = #state;
                type Reads<'a> = ();
                type Args<'a> = ();
                type Params = ();
                type Writes = Writes;
                type Yields = #burdock::__private::Items<#llm::Change<#output>>;
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
    })
}
