//! From a checked graph to its items; nothing here can fail.
//!
//! Tables, headers of impls and calls into burdock: what needs facts about actions is decided by
//! constant functions there, called under the span of the token that a message has to label.

mod checks;
mod items;
mod transitions;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::check::CheckedGraph;
use super::model::{ActionId, NodeId};
use crate::{names, text};

/// Everything that `graph!` makes.
pub(crate) fn expand_graph(graph: &CheckedGraph) -> TokenStream {
    let expansion = Expansion::new(graph);
    let items = items::expand_items(&expansion);
    let aliases = expansion.aliases();
    let tables = checks::expand_tables(&expansion);
    let checks = checks::expand_checks(&expansion);
    let bindings = items::expand_bindings(&expansion);
    let implementation = expand_impl(&expansion);
    let cfg = &expansion.cfg;
    quote! {
        #items
        #cfg
        const _: () = {
            #aliases
            #tables
            #checks
            #bindings
            #implementation
        };
    }
}

/// A graph and the names that its expansion uses.
struct Expansion<'a> {
    graph: &'a CheckedGraph,
    /// `::burdock::__private`
    private: TokenStream,
    /// The graph's `cfg` attributes, which all its items share.
    cfg: TokenStream,
    node_type: Ident,
    inputs_type: Ident,
    resources_type: Ident,
    writes_type: Ident,
}

impl<'a> Expansion<'a> {
    fn new(graph: &'a CheckedGraph) -> Self {
        let burdock = super::burdock_path(&graph.attrs);
        let cfg = graph.attrs.iter().filter(|attr| text::is_cfg(attr));
        let name = &graph.name;
        Self {
            graph,
            private: quote!(#burdock::__private),
            cfg: quote!(#(#cfg)*),
            node_type: format_ident!("{name}Node"),
            inputs_type: format_ident!("{name}Inputs"),
            resources_type: format_ident!("{name}Resources"),
            writes_type: format_ident!("{name}Writes"),
        }
    }

    /// One alias per distinct path, so that rustc speaks about a path once.
    fn aliases(&self) -> TokenStream {
        let Self { private, .. } = self;
        let state = &self.graph.state;
        let aliases = self.graph.actions.iter().enumerate().map(|(index, action)| {
            let alias = action_alias(ActionId(index));
            let path = &action.path;
            quote!(type #alias = #path;)
        });
        quote! {
            #[allow(unused_imports, reason = "what falls back is not used in a sound graph")]
            use #private::{NoFacts as _, NoProbe as _, PlainField as _, Unvisitable as _};
            type __State = #state;
            #(#aliases)*
        }
    }

    /// The variant of a node.
    fn variant(&self, node: NodeId) -> TokenStream {
        let Self { node_type, .. } = self;
        let name = &self.graph[node].name;
        quote!(#node_type::#name)
    }

    /// The alias of a node's action.
    fn alias(&self, node: NodeId) -> Ident {
        action_alias(self.graph[node].action)
    }

    /// `Visit::<Action, Graph>`
    fn visit(&self, node: NodeId) -> TokenStream {
        let Self { private, .. } = self;
        let alias = self.alias(node);
        let name = &self.graph.name;
        quote!(#private::Visit::<#alias, #name>)
    }
}

fn action_alias(action: ActionId) -> Ident {
    format_ident!("__A{}", action.0)
}

/// A local name that the user's expressions cannot see.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn expand_impl(expansion: &Expansion<'_>) -> TokenStream {
    let Expansion {
        graph,
        private,
        node_type,
        inputs_type,
        resources_type,
        writes_type,
        ..
    } = expansion;
    let name = &graph.name;
    let start = expansion.variant(graph.start());
    let item = match &graph.yields {
        Some(yields) => {
            let ty = &yields.ty;
            quote!(#ty)
        }
        None => quote!(::core::convert::Infallible),
    };
    let (node, step, inputs, state) =
        (local("__node"), local("__step"), local("__inputs"), super::model::state_ident());
    let ids: Vec<NodeId> = graph.ids().collect();
    let variants: Vec<TokenStream> = ids.iter().map(|id| expansion.variant(*id)).collect();
    let visits: Vec<TokenStream> = ids.iter().map(|id| expansion.visit(*id)).collect();
    let names = ids.iter().map(|id| &graph[*id].name);
    let performs = ids.iter().map(|id| expand_perform(expansion, *id, &step));
    let transition = transitions::expand_transitions(expansion, &node);
    let on_error = transitions::expand_error_edges(expansion, &node);
    let policy = transitions::expand_policies(expansion, &node);
    let topology = items::expand_topology(expansion);
    quote! {
        impl #private::Over<__State> for #name {}
        impl #private::Scope for #name {
            type Inputs = #inputs_type;
            type Resources = #resources_type;
        }
        impl #private::Graph for #name {
            type State = __State;
            type Item = #item;
            type Node = #node_type;
            type Writes = #writes_type;
            const TOPOLOGY: #private::Topology = #topology;
            const START: #node_type = #start;
            async fn execute(#step: #private::StepRun<'_, Self>) -> #private::StepResult<Self> {
                match #step.node() {
                    #(#variants => #performs.await,)*
                }
            }
            fn transition(
                #node: #node_type,
                #state: &__State,
            ) -> ::core::result::Result<#private::Next<#node_type>, #private::UnsetSlot> {
                #transition
            }
            fn on_error(
                #node: #node_type,
                #state: &__State,
            ) -> ::core::option::Option<
                ::core::result::Result<#private::Next<#node_type>, #private::UnsetSlot>,
            > {
                #on_error
            }
            fn policy(#node: #node_type) -> ::core::option::Option<#private::Policy> {
                #policy
            }
            fn missing_input(
                #node: #node_type,
                #inputs: &#inputs_type,
            ) -> ::core::option::Option<&'static str> {
                match #node {
                    #(#variants => #visits::missing_input(#inputs),)*
                }
            }
            fn writes(#node: #node_type, #state: &__State) -> #writes_type {
                match #node {
                    #(#variants => #writes_type::#names(#visits::writes(#state)),)*
                }
            }
        }
    }
}

/// Runs a node's action with its parameters bound.
fn expand_perform(expansion: &Expansion<'_>, id: NodeId, step: &Ident) -> TokenStream {
    let visit = expansion.visit(id);
    let parameters = &expansion.graph[id].parameters;
    if parameters.is_empty() {
        return quote!(#visit::perform_unbound(#step));
    }
    let private = &expansion.private;
    let params = local("__params");
    let binds = parameters.iter().map(|parameter| {
        let (name, value) = (&parameter.name, &parameter.value);
        quote!(#private::bind(&mut #params.#name, #value);)
    });
    quote!(#visit::perform(#step, |#params| { #(#binds)* }))
}

/// Names as the graph's tables have them.
fn plain_name(ident: &Ident) -> String {
    names::plain(ident)
}
