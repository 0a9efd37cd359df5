//! The items of a graph that has errors, so that the rest of the crate reports no follow-up errors.
//!
//! The valid parts are expanded, without checks. A type of which a variant or field may be missing becomes an error
//! type, because the program may use its name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Pat, PatWild, Token};

use super::expand::{Expansion, expand_constant, items};
use super::model::{ActionId, ActionPath, Arm, GraphModel, Incomplete, Node, Target};
use super::syntax::{YieldsSyntax, unparsed, unparsed_type};

/// Expands to the known parts of the items of the graph.
pub(crate) fn expand_fallback(mut model: GraphModel) -> TokenStream {
    let incomplete = std::mem::take(&mut model.incomplete);
    add_placeholders(&mut model, &incomplete);
    add_wildcard_arms(&mut model);
    let graph = model.complete();
    let expansion = Expansion::new(&graph);
    let Expansion { node_type, inputs_type, resources_type, writes_type, .. } = &expansion;
    let unknown = |names: [&Ident; 2]| expand_unknown(&expansion, names);
    let type_ = items::expand_type(&expansion);
    let nodes = if incomplete.nodes {
        let editor = items::expand_editor(&expansion);
        let unknown = unknown([node_type, writes_type]);
        quote!(#editor #unknown)
    } else {
        let (nodes, writes) = (items::expand_nodes(&expansion), items::expand_writes(&expansion));
        quote!(#nodes #writes)
    };
    let bindings = if incomplete.bindings {
        unknown([inputs_type, resources_type])
    } else {
        items::expand_bindings(&expansion)
    };
    let without_resources = incomplete.bindings || graph.resources.is_empty();
    let entry = items::expand_entry(&expansion, without_resources.then_some(resources_type));
    let constant = expand_constant(&expansion, &TokenStream::new());
    quote!(#nodes #type_ #bindings #entry #constant)
}

/// Adds a node to a graph without nodes, and a type for a missing `yields`.
fn add_placeholders(model: &mut GraphModel, incomplete: &Incomplete) {
    let (graph, name) = (&mut model.graph, unparsed());
    if graph.nodes.is_empty() {
        graph.actions.push(ActionPath { key: String::new(), path: name.clone().into() });
        graph.nodes.push(Node {
            attrs: Vec::new(),
            timeout: None,
            retry: None,
            name: name.clone(),
            action: ActionId(0),
            path: name.clone().into(),
            parameters: Vec::new(),
            on_error: None,
            ordinary_entry: true,
        });
        model.transitions.push(None);
    }
    if incomplete.yields && graph.yields.is_none() {
        graph.yields = Some(YieldsSyntax { keyword: name, ty: unparsed_type() });
    }
}

/// Adds a wildcard arm to each `match`, because the missing arm may be one that was not parsed.
fn add_wildcard_arms(model: &mut GraphModel) {
    let ordinary = model.transitions.iter_mut().flatten();
    let on_error = model.graph.nodes.iter_mut().filter_map(|node| node.on_error.as_mut());
    for transition in ordinary.chain(on_error) {
        add_wildcard_arm(&mut transition.target);
    }
}

fn add_wildcard_arm(target: &mut Target) {
    match target {
        Target::If(branch) => {
            add_wildcard_arm(&mut branch.then);
            add_wildcard_arm(&mut branch.otherwise);
        }
        Target::Match(branch) => {
            branch.arms.iter_mut().for_each(|arm| add_wildcard_arm(&mut arm.target));
            branch.arms.push(Arm {
                pattern: Pat::Wild(PatWild {
                    attrs: Vec::new(),
                    underscore_token: Token![_](Span::call_site()),
                }),
                guard: None,
                arrow: Token![=>](Span::call_site()),
                target: Target::Unknown,
            });
        }
        Target::Node(_) | Target::Pause(_) | Target::End | Target::Unknown => {}
    }
}

/// Expands to aliases of an error type.
fn expand_unknown(expansion: &Expansion<'_>, names: [&Ident; 2]) -> TokenStream {
    let (vis, cfg, unparsed) = (&expansion.graph.vis, &expansion.cfg, unparsed());
    quote! {
        #(
            #cfg
            #[allow(dead_code, reason = "beside an error")]
            #vis type #names = #unparsed;
        )*
    }
}
