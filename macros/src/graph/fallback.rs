//! What stands for a graph that has errors, so that the rest of the crate does not add more.
//!
//! It is the expansion of what was understood, without its checks. Where a name was lost, the program
//! may know it all the same, so the type that would have it is one that rustc knows to be unknown.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Pat, PatWild, Token};

use super::expand::{Expansion, expand_constant, items};
use super::model::{ActionId, ActionPath, Arm, Doubts, GraphModel, Node, Target};
use super::syntax::{YieldsSyntax, unread, unread_type};

/// The graph's items, each as far as it is known.
pub(crate) fn expand_fallback(mut model: GraphModel) -> TokenStream {
    let doubts = std::mem::take(&mut model.doubts);
    add_stand_ins(&mut model, &doubts);
    open_matches(&mut model);
    let graph = model.complete();
    let expansion = Expansion::new(&graph);
    let Expansion { node_type, inputs_type, resources_type, writes_type, .. } = &expansion;
    let unknown = |names: [&Ident; 2]| expand_unknown(&expansion, names);
    let type_ = items::expand_type(&expansion);
    let nodes = if doubts.nodes {
        unknown([node_type, writes_type])
    } else {
        let (nodes, writes) = (items::expand_nodes(&expansion), items::expand_writes(&expansion));
        quote!(#nodes #writes)
    };
    let bindings = if doubts.bindings {
        unknown([inputs_type, resources_type])
    } else {
        items::expand_bindings(&expansion)
    };
    let bare = doubts.bindings || graph.resources.is_empty();
    let entry = items::expand_entry(&expansion, bare.then_some(resources_type));
    let constant = expand_constant(&expansion, &TokenStream::new());
    quote!(#type_ #nodes #bindings #entry #constant)
}

/// Gives a graph without nodes one, and a lost `yields` its type.
fn add_stand_ins(model: &mut GraphModel, doubts: &Doubts) {
    let (graph, name) = (&mut model.graph, unread());
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
    if doubts.yields && graph.yields.is_none() {
        graph.yields = Some(YieldsSyntax { keyword: name, ty: unread_type() });
    }
}

/// Lets every `match` go on, since what it misses may be what was lost.
fn open_matches(model: &mut GraphModel) {
    let ordinary = model.transitions.iter_mut().flatten();
    let on_error = model.graph.nodes.iter_mut().filter_map(|node| node.on_error.as_mut());
    for transition in ordinary.chain(on_error) {
        open(&mut transition.target);
    }
}

fn open(target: &mut Target) {
    match target {
        Target::If(branch) => {
            open(&mut branch.then);
            open(&mut branch.otherwise);
        }
        Target::Match(branch) => {
            branch.arms.iter_mut().for_each(|arm| open(&mut arm.target));
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

/// Types of which nothing is known.
fn expand_unknown(expansion: &Expansion<'_>, names: [&Ident; 2]) -> TokenStream {
    let (vis, cfg, unread) = (&expansion.graph.vis, &expansion.cfg, unread());
    quote! {
        #(
            #cfg
            #[allow(dead_code, reason = "beside an error")]
            #vis type #names = #unread;
        )*
    }
}
