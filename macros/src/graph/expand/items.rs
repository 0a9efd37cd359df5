//! The items of a graph other than its impl.

use burdock_macros_shared::serde::{each, rest};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, GenericArgument, PathArguments, Type, spanned::Spanned};

use super::super::model::EdgeEnd;
use super::super::syntax::Binding;
use super::{Expansion, index_literal, plain_name};
use crate::{runtime::hash, text};

/// Expands to the type of the graph, and those of its nodes, inputs, resources and writes.
pub(super) fn expand_items(expansion: &Expansion<'_>) -> TokenStream {
    let type_ = expand_type(expansion);
    let nodes = expand_nodes(expansion);
    let bindings = expand_bindings(expansion);
    let writes = expand_writes(expansion);
    let given = expansion.graph.resources.is_empty().then_some(&expansion.resources_type);
    let entry = expand_entry(expansion, given);
    // the nodes first, because their template completes names, and the diagram contains names
    quote!(#nodes #type_ #bindings #writes #entry)
}

/// Expands to the type of the graph.
pub(in super::super) fn expand_type(expansion: &Expansion<'_>) -> TokenStream {
    let graph = expansion.graph;
    let (vis, name) = (&graph.vis, &graph.name);
    let outer = graph.attrs.iter().filter(|attr| !attr.path().is_ident("burdock"));
    let diagram = diagram(expansion);
    // rustc shows these tokens as the definition of the graph
    let structure = quote_spanned!(name.span()=> struct);
    let nothing = quote_spanned!(name.span()=> {});
    quote! {
        #(#outer)*
        #[doc = #diagram]
        #[derive(Debug)]
        #vis #structure #name #nothing
    }
}

/// Expands to `NameNode`.
pub(in super::super) fn expand_nodes(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, root, cfg, node_type, .. } = expansion;
    let (vis, title) = (&graph.vis, plain_name(&graph.name));
    let (state, places) = (&graph.state, &graph.places);
    let nodes = graph.nodes.iter().map(|node| {
        let docs = node.attrs.iter().filter(|attr| attr.path().is_ident("doc"));
        let (ident, text) = (&node.name, plain_name(&node.name));
        let action = text::written(&node.path);
        let default = format!("Runs `{action}`.");
        quote!(#(#docs)* #[doc = #default] #ident #text,)
    });
    let docs = format!("The nodes of [`{title}`].");
    quote! {
        #cfg
        #root::nodes! {
            #state { #places } (#vis struct) #[doc = #docs] #node_type #title { #(#nodes)* }
        }
    }
}

/// Expands to the places in which an editor completes names, for a graph without `NameNode`.
pub(in super::super) fn expand_editor(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, root, cfg, .. } = expansion;
    let (state, places) = (&graph.state, &graph.places);
    let nodes = graph.nodes.iter().map(|node| &node.name);
    quote! {
        #cfg
        #root::nodes! { #state { #places } enum { #(#nodes)* } }
    }
}

/// Expands to `NameInputs` and `NameResources`.
pub(in super::super) fn expand_bindings(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, root, cfg, inputs_type, resources_type, .. } = expansion;
    let (vis, title) = (&graph.vis, plain_name(&graph.name));
    let inputs = graph.inputs.iter().map(|binding| expand_field(binding, vis));
    let resources = graph.resources.iter().map(|binding| expand_field(binding, vis));
    let serde = quote!(#root::serde).to_string().replace(' ', "");
    let default = graph.inputs.iter().all(|input| optional(&input.ty).is_some());
    let default = default.then(|| quote!(::core::default::Default));
    let input_docs = format!("The inputs of a run of [`{title}`].");
    let resource_docs = format!("The resources of an app of [`{title}`].");
    quote! {
        #cfg
        #root::inputs! { (#vis struct) #[doc = #input_docs] #serde [#default] #inputs_type { #(#inputs)* } }

        #cfg
        #[doc = #resource_docs]
        #vis struct #resources_type { #(#resources)* }
    }
}

/// Expands to `NameWrites`.
pub(in super::super) fn expand_writes(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, root, cfg, writes_type, .. } = expansion;
    let (vis, title) = (&graph.vis, plain_name(&graph.name));
    let writes = graph.nodes.iter().map(|node| {
        let (ident, text, path) = (&node.name, plain_name(&node.name), &node.path);
        let written = quote_spanned!(path.span()=> <#path as #root::Action>::Writes);
        quote!(#ident #text: #written,)
    });
    let docs = format!("The writes of the nodes of [`{title}`].");
    quote! {
        #cfg
        #root::written! { (#vis enum) #[doc = #docs] #writes_type { #(#writes)* } }
    }
}

/// Expands to the functions of the graph's type. `given` is the type of the resources of a graph without resources:
/// callers then need not pass them.
pub(in super::super) fn expand_entry(
    expansion: &Expansion<'_>,
    given: Option<&Ident>,
) -> TokenStream {
    let Expansion { graph, root, cfg, .. } = expansion;
    let (vis, name) = (&graph.vis, &graph.name);
    let given = given.map(|resources| quote!(#resources {}));
    quote! {
        #cfg
        #root::entry! { (#vis fn) #name #given }
    }
}

fn expand_field(binding: &Binding, vis: &syn::Visibility) -> TokenStream {
    let Binding { attrs, name, ty, .. } = binding;
    let docs = format!("The value of `{}`.", plain_name(name));
    let docs = attrs.is_empty().then(|| quote!(#[doc = #docs]));
    quote!(#(#attrs)* #docs #vis #name: #ty,)
}

/// Expands to the inputs and resources that the graph provides to its actions.
pub(super) fn expand_scope(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, private, inputs_type, resources_type, .. } = expansion;
    let name = &graph.name;
    let inputs = graph.inputs.iter().map(|Binding { name, ty, .. }| {
        let hash = hash(&plain_name(name));
        let inner = optional(ty).map(|inner| quote!(, some #inner));
        quote!(#name #hash: #ty #inner;)
    });
    let resources = graph.resources.iter().map(|Binding { name, ty, .. }| {
        let (plain, written) = (plain_name(name), text::written(ty));
        let hash = hash(&plain);
        quote!(#name #plain #hash: #ty, #written;)
    });
    quote! {
        #private::scope! {
            #name #inputs_type { #(#inputs)* } #resources_type { #(#resources)* }
        }
    }
}

/// Returns the `T` of a type that is written `Option<T>`.
fn optional(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

/// Expands to the value of `Graph::TOPOLOGY`.
pub(super) fn expand_topology(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, private, .. } = expansion;
    let name = plain_name(&graph.name);
    let former_names = &graph.former_names;
    let docs = text::docs(&graph.attrs);
    let state = text::written(&graph.state);
    let start = index_literal(graph.start().0);
    let info = |binding: &Binding| {
        let (name, ty) = (plain_name(&binding.name), text::written(&binding.ty));
        let info = if optional(&binding.ty).is_some() {
            quote!(#private::BindingInfo::optional(#name, #ty))
        } else {
            quote!(#private::BindingInfo::required(#name, #ty))
        };
        if binding.public { quote!(#info.public()) } else { info }
    };
    let schema = |ty: &Type| quote!(#private::SchemaOf::<#ty>::SCHEMA);
    let inputs = graph.inputs.iter().map(|binding| {
        let schema = uses_serde_of_its_type(&binding.attrs).then(|| schema(&binding.ty));
        let schema = schema.map(|schema| quote!(.schema(#schema)));
        let info = info(binding);
        quote!(#info #schema)
    });
    let resources = graph.resources.iter().map(info);
    let formerly = (!former_names.is_empty()).then(|| quote!(.formerly(&[#(#former_names),*])));
    let docs = (!docs.is_empty()).then(|| quote!(.docs(#docs)));
    let given = (!graph.inputs.is_empty() || !graph.resources.is_empty())
        .then(|| quote!(.given(&[#(#inputs),*], &[#(#resources),*])));
    let yields = graph.yields.as_ref().map(|yields| {
        let (ty, schema) = (text::written(&yields.ty), schema(&yields.ty));
        quote!(.yields(#ty, #schema))
    });
    quote! {
        #private::Topology::new(#name, #start, __NODES, __EDGES)
            .over(#state, <__State as #private::StateFields>::FIELDS)
            #formerly #docs #given #yields
    }
}

/// Returns whether serde uses the impls of a field's type, and not custom functions.
fn uses_serde_of_its_type(attrs: &[Attribute]) -> bool {
    let mut by_type = true;
    each(attrs, |meta, word| {
        by_type &= !["with", "serialize_with", "deserialize_with"].contains(&word);
        rest(meta)
    });
    by_type
}

/// Returns the diagram for the rustdoc of the graph.
fn diagram(expansion: &Expansion<'_>) -> String {
    let graph = expansion.graph;
    let name = |id: super::super::model::NodeId| plain_name(&graph[id].name);
    let width = graph.ids().map(|id| name(id).chars().count()).max().unwrap_or_default();
    let mut lines = vec![String::new(), "```text".to_owned()];
    lines.push(format!("{:width$} ──▶ {}", "●", name(graph.start())));
    let mut before = None;
    for edge in &graph.edges {
        let from = if before == Some(edge.from) { String::new() } else { name(edge.from) };
        before = Some(edge.from);
        let to = match edge.to {
            EdgeEnd::Node(id) => name(id),
            EdgeEnd::Pause(id) => format!("⏸ {}", name(id)),
            EdgeEnd::End => "◼".to_owned(),
        };
        let arrow = if edge.error { "╌╌▶" } else { "──▶" };
        let label = edge.label.as_ref().map(|label| format!("   {label}")).unwrap_or_default();
        lines.push(format!("{from:width$} {arrow} {to}{label}"));
    }
    lines.push("```".to_owned());
    lines.join("\n")
}
