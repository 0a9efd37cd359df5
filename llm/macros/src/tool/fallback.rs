//! The items of a tool that has errors, so that `tools!` reports no follow-up errors.

use super::syntax::{Argument, Source, ToolSyntax};
use proc_macro2::TokenStream;
use quote::quote;

/// Expands to the struct of the resources, and an impl.
pub(super) fn expand_fallback(tool: &ToolSyntax) -> TokenStream {
    let ToolSyntax { vis, .. } = tool;
    let (llm, name) = (tool.llm(), tool.name());
    let fields: Vec<_> = tool
        .of(Source::Resource)
        .map(|Argument { name, ty, .. }| quote!(#vis #name: &'tool #ty,))
        .collect();
    let lifetime = (!fields.is_empty()).then(|| quote!(<'tool>));
    let elided = (!fields.is_empty()).then(|| quote!(<'_>));
    quote! {
        #[allow(non_camel_case_types, dead_code, missing_docs, reason = "beside an error")]
        #[derive(Clone, Copy)]
        #vis struct #name #lifetime { #(#fields)* }
        impl #llm::tool::Tool for #name #elided {
            fn definition(&self) -> #llm::ToolDefinition {
                ::core::unreachable!()
            }
            fn call<'call>(
                &'call self,
                _: #llm::__private::tool::Value,
                _: #llm::tool::Progress<'call, #llm::__private::tool::Value>,
            ) -> #llm::__private::tool::BoxFuture<'call, #llm::__private::burdock::Result<::std::string::String>> {
                ::core::unreachable!()
            }
        }
    }
}
