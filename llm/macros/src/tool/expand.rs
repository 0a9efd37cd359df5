//! Expands a checked tool to its items.

use super::{
    syntax::{Argument, Source, ToolSyntax},
    types::{Inspected, field_type},
};
use crate::{
    names::plain,
    spans::{ends, ours, respanned},
};
use burdock_macros_shared::text::is_cfg;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{AttrStyle, ReturnType};

/// Expands to the function, the struct of its resources, and the impl.
pub(super) fn expand_tool(tool: &ToolSyntax) -> TokenStream {
    let function = expand_function(tool);
    let resources = expand_resources(tool);
    let implementation = expand_impl(tool);
    quote!(#function #resources #implementation)
}

/// Expands to the user's function, with the progress as its last argument if it yields.
fn expand_function(tool: &ToolSyntax) -> TokenStream {
    let ToolSyntax { attrs, vis, signature, body, .. } = tool;
    let llm = tool.llm();
    let mut signature = signature.clone();
    let mut yielding = TokenStream::new();
    if let Some(ty) = &tool.settings.yields {
        let progress = Ident::new("__progress", Span::mixed_site());
        signature.inputs.push(syn::parse_quote!(#progress: &#llm::tool::Progress<'_, #ty>));
        yielding = quote! {
            #[allow(unused_macros, reason = "a `cfg` may have removed each `yield_!`")]
            macro_rules! yield_ {
                ($item:expr $(,)?) => { #progress.send($item).await };
            }
        };
    }
    let statements = &body.stmts;
    let (inner, outer): (Vec<_>, Vec<_>) =
        attrs.iter().partition(|attr| matches!(attr.style, AttrStyle::Inner(_)));
    quote! {
        #(#outer)*
        #[allow(clippy::unused_async, clippy::unnecessary_wraps, clippy::needless_pass_by_value, clippy::too_many_arguments, clippy::trivially_copy_pass_by_ref, reason = "the tool decides what it is given")]
        #vis #signature {
            #(#inner)*
            #yielding
            #(#statements)*
        }
    }
}

/// Expands to the struct of the resources, which has the name of the function.
pub(super) fn expand_resources(tool: &ToolSyntax) -> TokenStream {
    let ToolSyntax { attrs, vis, .. } = tool;
    let name = tool.name();
    let cfg: Vec<_> = attrs.iter().filter(|attr| is_cfg(attr)).collect();
    let outer = attrs
        .iter()
        .filter(|attr| ["doc", "deprecated"].iter().any(|name| attr.path().is_ident(name)));
    let fields = tool.of(Source::Resource).map(|Argument { name, ty, .. }| {
        let ty = field_type(ty);
        quote! {
            #[allow(missing_docs, reason = "a resource")]
            #vis #name: #ty,
        }
    });
    let fields: Vec<_> = fields.collect();
    let (lifetime, elided) = lifetimes(tool);
    let text = plain(name);
    quote! {
        #(#cfg)*
        #(#outer)*
        #[allow(non_camel_case_types, reason = "named after its function")]
        #[allow(dead_code, reason = "a program may use only the function")]
        #[derive(Clone, Copy)]
        #vis struct #name #lifetime { #(#fields)* }

        #(#cfg)*
        #[allow(deprecated, reason = "the tool itself may be deprecated")]
        impl ::core::fmt::Debug for #name #elided {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#text)
            }
        }
    }
}

/// Returns the lifetime of the struct, and of its impls.
pub(super) fn lifetimes(tool: &ToolSyntax) -> (Option<TokenStream>, Option<TokenStream>) {
    let borrows = tool.of(Source::Resource).any(|argument| Inspected::of(&argument.ty).borrows);
    (borrows.then(|| quote!(<'tool>)), borrows.then(|| quote!(<'_>)))
}

fn expand_impl(tool: &ToolSyntax) -> TokenStream {
    let ToolSyntax { attrs, signature, description, .. } = tool;
    let (llm, name) = (tool.llm(), tool.name());
    let private = quote!(#llm::__private::tool);
    let cfg = attrs.iter().filter(|attr| is_cfg(attr));
    let text = plain(name);
    let shown =
        tool.settings.name.as_ref().map_or_else(|| quote!(#text), ToTokens::to_token_stream);
    let (_, elided) = lifetimes(tool);
    let serde = format!("{}::__private::serde", path_text(&llm));
    let schemars = format!("{}::__private::schemars", path_text(&llm));
    // generic, so that a type without the traits is an error of its check only; attributes need the type itself
    let (mut fields, mut generics, mut types) = (Vec::new(), Vec::new(), Vec::new());
    for (index, Argument { name, ty, attrs, .. }) in tool.of(Source::Call).enumerate() {
        if attrs.iter().any(|attr| !attr.path().is_ident("doc")) {
            fields.push(quote!(#(#attrs)* #name: #ty,));
            continue;
        }
        let generic = format_ident!("__A{index}");
        fields.push(quote!(#(#attrs)* #name: #generic,));
        generics.push(generic);
        types.push(ty);
    }
    let checks = types.iter().map(|ty| {
        let (first, last) = ends(ty);
        let check = respanned(private.clone(), ours(first));
        quote_spanned!(ours(last)=> const _: () = #check::check_argument::<#ty>();)
    });
    let timeout = tool.settings.timeout.as_ref().map(|timeout| {
        quote! {
            fn timeout(&self) -> ::core::option::Option<::core::time::Duration> {
                ::core::option::Option::Some(#timeout)
            }
        }
    });
    let local = |text: &str| Ident::new(text, Span::mixed_site());
    let [given, arguments, progress, result] =
        ["given", "arguments", "progress", "result"].map(local);
    let passed = tool.arguments.iter().map(|Argument { name, source, .. }| match source {
        Source::Resource => quote!(self.#name),
        Source::Call => quote!(#arguments.#name),
        Source::Itself => quote!(#given),
    });
    let passed: Vec<_> = passed.collect();
    let yielding = tool.settings.yields.as_ref().map(|ty| quote!(&#progress.of::<#ty>()));
    let (first, last) = match &signature.output {
        ReturnType::Type(_, ty) => ends(ty),
        ReturnType::Default => ends(name),
    };
    let mut called = name.clone();
    called.set_span(ours(first));
    let call = quote!(#called(#(#passed,)* #yielding).await);
    // rustc labels the return type if it is not a result
    let outcome = respanned(quote!(#private::outcome), ours(first));
    let call = quote_spanned!(ours(last)=> #outcome(#call)?);
    // rustc labels the return type if its value cannot be serialized
    let mut value = result.clone();
    value.set_span(value.span().located_at(last));
    let mut value_at = quote_spanned!(ours(first)=> &);
    value_at.extend(value.into_token_stream());
    let written = quote!(#private::text(#value_at));
    // rustc labels the name if the future is not `Send`
    let site = ours(name.span());
    let future = quote!({
        let #arguments = (__declared().parse)(&#given.arguments)?;
        let #result = #call;
        #written
    });
    let future = quote_spanned!(site=> ::std::boxed::Box::pin(async move #future));
    quote! {
        #(#cfg)*
        #[allow(deprecated, reason = "the tool itself may be deprecated")]
        const _: () = {
            #[derive(#llm::__private::serde::Deserialize, #llm::__private::schemars::JsonSchema)]
            #[serde(crate = #serde)]
            #[schemars(crate = #schemars)]
            struct __Arguments<#(#generics),*> { #(#fields)* }
            type __Taken = __Arguments<#(#types),*>;
            #(#checks)*
            fn __declared() -> #private::Declared<__Taken> {
                #[allow(unused_imports, reason = "only one of them applies")]
                use #private::{AnyArguments as _, ValidArguments as _};
                (&&#private::Arguments::<__Taken>::new()).declared()
            }

            impl #llm::tool::Tool for #name #elided {
                fn definition(&self) -> #llm::ToolDefinition {
                    (__declared().definition)(#shown, #description)
                }
                #timeout
                fn call<'call>(
                    &'call self,
                    #given: &'call #llm::ToolCall,
                    #progress: #llm::tool::Progress<'call, #private::Value>,
                ) -> #private::BoxFuture<'call, #llm::__private::burdock::Result<::std::string::String>> {
                    let _ = &#progress;
                    #future
                }
            }
        };
    }
}

/// Returns a path as the text of an attribute.
fn path_text(path: &TokenStream) -> String {
    path.to_string().replace(' ', "")
}
