//! What stands for a graph that has errors, so that the rest of the crate does not add more.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::syntax::{Binding, GraphSyntax};

/// The graph's type under its attributes; what was generated for it is missing.
pub(crate) fn expand_fallback(graph: &GraphSyntax) -> TokenStream {
    let GraphSyntax { attrs, vis, name, inputs, resources, nodes, .. } = graph;
    let attrs: Vec<_> = attrs.iter().filter(|attr| !attr.path().is_ident("burdock")).collect();
    let node_type = format_ident!("{name}Node");
    let inputs_type = format_ident!("{name}Inputs");
    let resources_type = format_ident!("{name}Resources");
    let mut seen: Vec<String> = Vec::new();
    let variants = nodes.iter().map(|node| &node.name).filter(|name| {
        let text = name.to_string();
        let new = !seen.contains(&text);
        seen.push(text);
        new
    });
    let field = |binding: &Binding| {
        let (name, ty) = (&binding.name, &binding.ty);
        quote!(#vis #name: #ty,)
    };
    let inputs = once(inputs).into_iter().map(field);
    let resources = once(resources).into_iter().map(field);
    quote! {
        #(#attrs)*
        #vis struct #name {}
        #[allow(non_camel_case_types, dead_code, reason = "named after nodes")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #vis enum #node_type { #(#variants),* }
        #[allow(dead_code, reason = "beside an error")]
        #vis struct #inputs_type { #(#inputs)* }
        #[allow(dead_code, reason = "beside an error")]
        #vis struct #resources_type { #(#resources)* }
    }
}

/// The bindings whose names were not there before.
fn once(bindings: &[Binding]) -> Vec<&Binding> {
    let mut kept: Vec<&Binding> = Vec::new();
    for binding in bindings {
        if kept.iter().all(|other| other.name != binding.name) {
            kept.push(binding);
        }
    }
    kept
}
