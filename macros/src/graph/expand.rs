//! Expansion of a complete graph to its items, which cannot fail.
//!
//! It generates tables, headers of impls and calls into burdock. Rules about actions are checked by `const`
//! functions of burdock, which are called with the span of the token that the error labels.

mod checks;
pub(super) mod items;
mod transitions;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::check::CheckedGraph;
use super::model::{ActionId, CompleteGraph, NodeId};
use crate::{names, spans::respanned, text};

/// Expands to everything that `graph!` generates.
pub(crate) fn expand_graph(graph: &CheckedGraph) -> TokenStream {
    let expansion = Expansion::new(graph);
    let items = items::expand_items(&expansion);
    let checks = checks::expand_checks(&expansion);
    let constant = expand_constant(&expansion, &checks);
    quote!(#items #constant)
}

/// Expands to the impls, and the items that they need.
pub(super) fn expand_constant(expansion: &Expansion<'_>, checks: &TokenStream) -> TokenStream {
    let aliases = expansion.aliases();
    let tables = checks::expand_tables(expansion);
    let scope = items::expand_scope(expansion);
    let implementation = expand_impl(expansion);
    let cfg = &expansion.cfg;
    quote! {
        #cfg
        const _: () = {
            #aliases
            #tables
            #checks
            #scope
            #implementation
        };
    }
}

/// A graph and the names that its expansion uses.
pub(super) struct Expansion<'a> {
    pub(super) graph: &'a CompleteGraph,
    /// `::burdock::__private`
    root: TokenStream,
    /// The same path, by the name that is imported in the graph's constant.
    private: TokenStream,
    /// The `cfg` attributes of the graph, for each of its items.
    pub(super) cfg: TokenStream,
    pub(super) node_type: Ident,
    pub(super) inputs_type: Ident,
    pub(super) resources_type: Ident,
    pub(super) writes_type: Ident,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(graph: &'a CompleteGraph) -> Self {
        let burdock = super::burdock_path(&graph.attrs);
        let cfg = graph.attrs.iter().filter(|attr| text::is_cfg(attr));
        let name = &graph.name;
        Self {
            graph,
            root: quote!(#burdock::__private),
            private: quote!(__private),
            cfg: quote!(#(#cfg)*),
            node_type: format_ident!("{name}Node"),
            inputs_type: format_ident!("{name}Inputs"),
            resources_type: format_ident!("{name}Resources"),
            writes_type: format_ident!("{name}Writes"),
        }
    }

    /// Expands to one alias per distinct path, so that rustc reports errors about a path once.
    fn aliases(&self) -> TokenStream {
        let Self { graph, root, private, .. } = self;
        let (name, state) = (&graph.name, &graph.state);
        let aliases = graph.actions.iter().enumerate().map(|(index, action)| {
            let (alias, node_action) =
                (action_alias(ActionId(index)), node_action_alias(ActionId(index)));
            let path = &action.path;
            quote! {
                type #alias = #path;
                type #node_action = #private::NodeAction<#alias, #name>;
            }
        });
        quote! {
            #[allow(unused_imports, reason = "the fallback traits are unused in a valid graph")]
            use #root::{self, graph_traits::*};
            // an error type if it is not a state, so that rustc reports this once
            type __State = <#state as #private::WithFields<
                { #private::has_fields(<#state as #private::StateFields>::FIELDS) }
            >>::State;
            #(#aliases)*
        }
    }

    /// Returns [`private`](Self::private) as the first token of an expression that rustc labels at `span`.
    fn private_at(&self, span: Span) -> TokenStream {
        respanned(self.private.clone(), span)
    }

    /// Returns the path of a node's variant.
    fn variant(&self, node: NodeId) -> TokenStream {
        let Self { node_type, .. } = self;
        let name = &self.graph[node].name;
        quote!(#node_type::#name)
    }

    /// Returns the alias of the `NodeAction` of a node.
    fn node_action(&self, node: NodeId) -> Ident {
        node_action_alias(self.graph[node].action)
    }
}

fn action_alias(action: ActionId) -> Ident {
    format_ident!("__A{}", action.0)
}

/// Returns the alias of `NodeAction<Action, Graph>`.
fn node_action_alias(action: ActionId) -> Ident {
    format_ident!("__V{}", action.0)
}

/// Returns an index without a type suffix.
fn index_literal(index: usize) -> Literal {
    Literal::usize_unsuffixed(index)
}

/// Returns the name of a local variable that is hidden from the user's expressions, and that cannot be the name of
/// a constant of the user.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn expand_impl(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion { graph, private, node_type, writes_type, .. } = expansion;
    let name = &graph.name;
    let start = expansion.variant(graph.start());
    let item = if let Some(yields) = &graph.yields {
        yields.ty.to_token_stream()
    } else {
        quote!(#private::NoItems)
    };
    let (node, step, state) = (local("__node"), local("__step"), super::model::state_ident());
    let extent = local("__extent");
    let ids: Vec<NodeId> = graph.ids().collect();
    let variants: Vec<TokenStream> = ids.iter().map(|id| expansion.variant(*id)).collect();
    let methods = ids.iter().map(|id| {
        let (name, node_action) = (&graph[*id].name, expansion.node_action(*id));
        // with the span of the path, where rustc reports that it is not an action
        let span = graph[*id].path.span();
        let at = |ident: &Ident| {
            let mut ident = ident.clone();
            ident.set_span(span);
            ident
        };
        let [writes, variant, action] = [writes_type, name, &node_action].map(at);
        let written = quote_spanned!(span=> #writes::#variant(#action::writes(#state, #extent)));
        quote!(#name #node_action: #written,)
    });
    let performs = ids.iter().map(|id| expand_perform(expansion, *id, &step));
    let transition = transitions::expand_transitions(expansion, &node);
    let lints = transitions::expand_lints(graph.ids().map(|id| graph.transition(id)));
    let on_error = transitions::expand_error_edges(expansion, &node);
    let policy = transitions::expand_policies(expansion, &node);
    let topology = items::expand_topology(expansion);
    quote! {
        impl #private::Graph for #name {
            type State = __State;
            type Item = #item;
            type Node = #node_type;
            type Writes = #writes_type;
            const TOPOLOGY: #private::Topology = #topology;
            const START: #node_type = #start;
            async fn execute(#step: impl #private::NodeRunner<Self>) -> #private::StepResult {
                match #private::NodeRunner::node(&#step) {
                    #(#variants => #performs.await,)*
                }
            }
            #lints
            fn transition(
                #node: #node_type,
                #state: &__State,
            ) -> #private::Decision<Self> {
                #transition
            }
            #on_error
            #policy
            #private::node_methods! { #name: #node_type #state #extent -> #writes_type { #(#methods)* } }
        }
    }
}

/// Expands to the call that runs the action of a node with its parameters.
fn expand_perform(expansion: &Expansion<'_>, id: NodeId, step: &Ident) -> TokenStream {
    let node_action = expansion.node_action(id);
    let parameters = &expansion.graph[id].parameters;
    if parameters.is_empty() {
        return quote!(#node_action::perform_unbound(#step));
    }
    let params = local("__params");
    // with its type, so that nothing is inferred if the action does not fit
    let path = &expansion.graph[id].path;
    let private = &expansion.private;
    let bound = quote_spanned!(path.span()=> <#path as #private::Action>::Params);
    let binds = parameters.iter().map(|parameter| {
        let (name, value) = (&parameter.name, &parameter.value);
        let bind = expansion.private_at(name.span());
        let bind = quote_spanned!(name.span()=> #bind::bind);
        quote!(#bind(&mut (*#params).#name, #value);)
    });
    quote!(#node_action::perform(#step, |#params: &mut #bound| { #(#binds)* }))
}

/// Returns a name as in the tables of the graph.
fn plain_name(ident: &Ident) -> String {
    names::plain(ident)
}
