//! The items of a tool that has errors, so that `tools!` and callers report no follow-up errors.

use super::{
    expand::{expand_resources, lifetimes},
    syntax::ToolSyntax,
};
use proc_macro2::TokenStream;
use quote::quote;

/// Expands to the function, the struct of the resources, and an impl.
pub(super) fn expand_fallback(tool: &ToolSyntax) -> TokenStream {
    let ToolSyntax { vis, signature, .. } = tool;
    let (llm, name) = (tool.llm(), tool.name());
    let resources = expand_resources(tool);
    let (_, elided) = lifetimes(tool);
    let generics = &signature.generics;
    let clause = &generics.where_clause;
    let types = signature.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(argument) => Some(&argument.ty),
        syn::FnArg::Receiver(_) => None,
    });
    let output = &signature.output;
    quote! {
        #[allow(dead_code, unused, reason = "beside an error")]
        #vis async fn #name #generics (#(_: #types),*) #output #clause {
            ::core::unreachable!()
        }

        #resources

        impl #llm::tool::Tool for #name #elided {
            fn definition(&self) -> #llm::ToolDefinition {
                ::core::unreachable!()
            }
            fn call<'call>(
                &'call self,
                _: &'call #llm::ToolCall,
                _: #llm::tool::Progress<'call, #llm::__private::tool::Value>,
            ) -> #llm::__private::tool::BoxFuture<'call, #llm::__private::burdock::Result<::std::string::String>> {
                ::core::unreachable!()
            }
        }
    }
}
