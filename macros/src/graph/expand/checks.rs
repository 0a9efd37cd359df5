//! Tables of the actions, nodes and edges, and assertions on them.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};

use super::super::model::{ActionId, EdgeEnd, NodeId, Transition};
use super::{Expansion, action_alias, index_literal, node_action_alias, plain_name};
use crate::{
    runtime::hash,
    spans::{ends, respanned},
    text,
};

/// Expands to `ACTIONS`, `NODES`, `EDGES` and the fixed point over them.
pub(super) fn expand_tables(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, private, .. } = expansion;
    let actions = (0..graph.actions.len()).map(|index| action_alias(ActionId(index)));
    let nodes = graph.ids().map(|id| {
        let node = &graph[id];
        let (name, action) = (plain_name(&node.name), &graph.actions[node.action.0].key);
        let index = index_literal(node.action.0);
        let bound = node.parameters.iter().map(|parameter| {
            let (name, value) = (plain_name(&parameter.name), text::written(&parameter.value));
            quote!(#name: #value,)
        });
        let bound = (!node.parameters.is_empty()).then(|| quote!({ #(#bound)* }));
        let fields =
            |transition: &Transition| transition.fields.iter().map(plain_name).collect::<Vec<_>>();
        let conditions = fields(graph.transition(id));
        let conditions = (!conditions.is_empty()).then(|| quote!(if [#(#conditions),*]));
        let on_error = node.on_error.as_ref().map(fields).filter(|fields| !fields.is_empty());
        let on_error = on_error.map(|fields| quote!(on error [#(#fields),*]));
        quote!(#name: #action #index #bound #conditions #on_error,)
    });
    let edges = edges_in_order(expansion);
    let start = index_literal(graph.start().0);
    let ((first, last), state) = (ends(&graph.state), text::written(&graph.state));
    let mut check_state = respanned(private.clone(), first);
    check_state.extend(respanned(quote!(::check_state(__OTHER, #state)), last));
    quote! {
        const __EDGES: &[#private::Edge] = &[#(#edges),*];
        #private::tables! {
            state [#check_state];
            start #start;
            actions { #(#actions,)* }
            nodes { #(#nodes)* }
        }
    }
}

/// Returns the edges, ordered by the reverse postorder of their sources: the fixed point then needs the fewest
/// iterations.
fn edges_in_order(expansion: &Expansion<'_>) -> Vec<TokenStream> {
    let Expansion { graph, private, .. } = expansion;
    let mut ranks = vec![graph.order.len(); graph.nodes.len()];
    for (rank, id) in graph.order.iter().enumerate() {
        ranks[id.0] = rank;
    }
    let mut edges: Vec<_> = graph.edges.iter().collect();
    edges.sort_by_key(|edge| ranks[edge.from.0]);
    edges
        .into_iter()
        .map(|edge| {
            let from = index_literal(edge.from.0);
            let label = edge.label.as_deref().unwrap_or_default();
            let on_error = edge.error.then(|| quote!(.on_error()));
            let edge = match edge.to {
                EdgeEnd::Node(NodeId(to)) => {
                    let to = index_literal(to);
                    quote!(node(#from, #to, #label))
                }
                EdgeEnd::Pause(NodeId(to)) => {
                    let to = index_literal(to);
                    quote!(pause(#from, #to, #label))
                }
                EdgeEnd::End => quote!(end(#from, #label)),
            };
            quote!(#private::Edge::#edge #on_error)
        })
        .collect()
}

/// Expands to one assertion per token that an error may label.
pub(super) fn expand_checks(expansion: &Expansion<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    tokens.extend(expand_fit_checks(expansion));
    for id in expansion.graph.ids() {
        tokens.extend(expand_node_check(expansion, id));
        tokens.extend(expand_condition_checks(expansion, id));
    }
    tokens.extend(expand_use_checks(expansion));
    tokens
}

/// Checks that each action fits the graph.
fn expand_fit_checks(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, private, .. } = expansion;
    let (name, state) = (&graph.name, text::written(&graph.state));
    let mut tokens = TokenStream::new();
    for (index, action) in graph.actions.iter().enumerate() {
        let (node_action, index) = (node_action_alias(ActionId(index)), index_literal(index));
        let (first, last) = ends(&action.path);
        // labels the path, from its first token to its last
        let at_path = |head: TokenStream, rest: TokenStream| {
            let mut tokens = respanned(head, first);
            tokens.extend(respanned(rest, last));
            tokens
        };
        let over = quote!(::check_over(#state, __OTHER, __INFOS, #index, #node_action::OVER));
        let over = at_path(private.clone(), over);
        let needs = quote!(::check_needs::<#name>(__FACTS, #index, #node_action::FITS));
        let needs = at_path(private.clone(), needs);
        tokens.extend(quote! {
            const _: () = #over;
            const _: () = #needs;
        });
        if graph.yields.is_some() {
            let items = quote!(::check_items::<#name>(__FACTS, #index, #node_action::CONVERTS));
            let items = at_path(private.clone(), items);
            tokens.extend(quote!(const _: () = #items;));
        }
    }
    tokens
}

/// Checks a node: slots are written before they are read, parameters are bound, failures exist, and items are
/// declared.
fn expand_node_check(expansion: &Expansion<'_>, id: NodeId) -> TokenStream {
    let Expansion { graph, .. } = expansion;
    let node = &graph[id];
    let index = index_literal(id.0);
    let bound = node
        .parameters
        .iter()
        .map(|parameter| Literal::u64_unsuffixed(hash(&plain_name(&parameter.name))));
    let ordinary = node.ordinary_entry;
    let yields = graph.yields.is_some();
    let private = expansion.private_at(node.name.span());
    quote_spanned! {node.name.span()=>
        const _: () = #private::check_node(&__CHECKED, #index, &[#(#bound),*], #ordinary, #yields);
    }
}

fn expand_condition_checks(expansion: &Expansion<'_>, id: NodeId) -> TokenStream {
    let Expansion { graph, .. } = expansion;
    let index = index_literal(id.0);
    let transition = Some((graph.transition(id), "check_condition"));
    let on_error = graph[id].on_error.as_ref().map(|edge| (edge, "check_error_condition"));
    let mut tokens = TokenStream::new();
    for (transition, check) in transition.into_iter().chain(on_error) {
        for field in &transition.fields {
            let check = Ident::new(check, field.span());
            let name = plain_name(field);
            let private = expansion.private_at(field.span());
            tokens.extend(quote_spanned! {field.span()=>
                const _: () = #private::#check(&__CHECKED, #index, #name);
            });
        }
    }
    tokens
}

/// Checks that inputs, resources and `yields` are used.
fn expand_use_checks(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, .. } = expansion;
    let mut tokens = TokenStream::new();
    for input in &graph.inputs {
        let name = plain_name(&input.name);
        let private = expansion.private_at(input.name.span());
        tokens.extend(quote_spanned! {input.name.span()=>
            const _: () = #private::check_input(#name, __FACTS);
        });
    }
    for resource in &graph.resources {
        let name = plain_name(&resource.name);
        let private = expansion.private_at(resource.name.span());
        tokens.extend(quote_spanned! {resource.name.span()=>
            const _: () = #private::check_resource(#name, __FACTS);
        });
    }
    if let Some(yields) = &graph.yields {
        let private = expansion.private_at(yields.keyword.span());
        tokens.extend(quote_spanned! {yields.keyword.span()=>
            const _: () = #private::check_yields(__FACTS);
        });
    }
    tokens
}
