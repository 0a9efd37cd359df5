//! The model of a graph: names are ids, conditions are ready to be emitted, edges lie flat.
//!
//! `resolve` makes a [`GraphModel`], in which a start or a transition can still be missing.
//! `check` turns it into a `CheckedGraph`, in which neither can, and `fallback` into a [`WholeGraph`],
//! in which stand-ins take their place.

use std::ops::{Deref, Index};

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Expr, Pat, Path, Token, Visibility, token};

use super::syntax::{Binding, ParameterSyntax, YieldsSyntax};

/// A node's place in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) usize);

/// An action path's place in [`Graph::actions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ActionId(pub(crate) usize);

/// A resolved graph that nobody has checked.
pub(crate) struct GraphModel {
    pub(crate) graph: Graph,
    pub(crate) start: Option<NodeId>,
    /// What follows each node, by node id.
    pub(crate) transitions: Vec<Option<Transition>>,
    pub(crate) doubts: Doubts,
}

impl GraphModel {
    /// Nothing is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.start.is_some() && self.transitions.iter().all(Option::is_some)
    }

    /// Puts stand-ins where something is missing.
    pub(crate) fn complete(self) -> WholeGraph {
        let unknown = || Transition { target: Target::Unknown, fields: Vec::new() };
        let transitions = self.transitions.into_iter().map(|found| found.unwrap_or_else(unknown));
        WholeGraph {
            graph: self.graph,
            start: self.start.unwrap_or(NodeId(0)),
            transitions: transitions.collect(),
        }
    }
}

/// A graph that starts somewhere and in which something follows every node.
pub(crate) struct WholeGraph {
    graph: Graph,
    start: NodeId,
    transitions: Vec<Transition>,
}

impl WholeGraph {
    /// Where the first run begins.
    pub(crate) fn start(&self) -> NodeId {
        self.start
    }

    /// What follows the node.
    pub(crate) fn transition(&self, node: NodeId) -> &Transition {
        &self.transitions[node.0]
    }
}

impl Deref for WholeGraph {
    type Target = Graph;

    fn deref(&self) -> &Graph {
        &self.graph
    }
}

/// Everything about a graph except where it starts and what follows its nodes.
pub(crate) struct Graph {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) former_names: Vec<String>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) state: Path,
    pub(crate) inputs: Vec<Binding>,
    pub(crate) resources: Vec<Binding>,
    pub(crate) yields: Option<YieldsSyntax>,
    pub(crate) nodes: Vec<Node>,
    /// The distinct action paths, in the order of their first use.
    pub(crate) actions: Vec<ActionPath>,
    /// Every edge, by source in node order, then as written; ordinary ones before error edges.
    pub(crate) edges: Vec<Edge>,
    /// The nodes that can be reached, in reverse postorder from the start.
    pub(crate) order: Vec<NodeId>,
}

impl Graph {
    /// Every node id, in the order of the nodes.
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }
}

impl Index<NodeId> for Graph {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

/// One node.
pub(crate) struct Node {
    /// Docs, nothing else.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) timeout: Option<Expr>,
    pub(crate) retry: Option<Expr>,
    pub(crate) name: Ident,
    /// Which distinct path the action has.
    pub(crate) action: ActionId,
    /// The same path with the spans of this node.
    pub(crate) path: Path,
    pub(crate) parameters: Vec<ParameterSyntax>,
    /// What `on error` says for this node.
    pub(crate) on_error: Option<Transition>,
    /// Is the start, or an ordinary or pause edge leads here.
    pub(crate) ordinary_entry: bool,
}

/// An action path that one or more nodes use.
pub(crate) struct ActionPath {
    /// Its tokens as text: equal for equal paths.
    pub(crate) key: String,
    /// As written at its first use.
    pub(crate) path: Path,
}

/// What follows a node, and what deciding it reads.
#[derive(Clone)]
pub(crate) struct Transition {
    pub(crate) target: Target,
    /// The fields its conditions read, each once, at its first place.
    pub(crate) fields: Vec<Ident>,
}

/// Where a transition leads.
#[derive(Clone)]
pub(crate) enum Target {
    Node(NodeId),
    /// A bare `pause` is already resolved to the start.
    Pause(NodeId),
    End,
    /// Could not be read or resolved; stands only beside an error.
    Unknown,
    If(Box<If>),
    Match(Box<Match>),
}

/// `if condition { then } else { otherwise }`.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "the token is named as everywhere in syn")]
pub(crate) struct If {
    pub(crate) if_token: Token![if],
    /// Rewritten: places lie under [`state_ident`].
    pub(crate) condition: TokenStream,
    pub(crate) then: Target,
    pub(crate) otherwise: Target,
}

/// `match scrutinee { arms }`.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "the token is named as everywhere in syn")]
pub(crate) struct Match {
    pub(crate) match_token: Token![match],
    /// Rewritten: places lie under [`state_ident`].
    pub(crate) scrutinee: TokenStream,
    pub(crate) brace: token::Brace,
    pub(crate) arms: Vec<Arm>,
}

/// `pattern if guard => target,`
#[derive(Clone)]
pub(crate) struct Arm {
    pub(crate) pattern: Pat,
    pub(crate) guard: Option<Guard>,
    pub(crate) arrow: Token![=>],
    pub(crate) target: Target,
}

/// `if condition` after a pattern.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) if_token: Token![if],
    /// Rewritten: places lie under [`state_ident`].
    pub(crate) condition: TokenStream,
}

/// One leaf of one transition.
pub(crate) struct Edge {
    pub(crate) from: NodeId,
    pub(crate) to: EdgeEnd,
    /// The conditions along the branch, as text.
    pub(crate) label: Option<String>,
    /// Written with `on error`.
    pub(crate) error: bool,
    /// The target's own token: a node's name, or the word `pause` or `end`.
    pub(crate) token: Ident,
}

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeEnd {
    Node(NodeId),
    Pause(NodeId),
    End,
}

impl EdgeEnd {
    /// The node that runs next, now or after the pause.
    pub(crate) fn node(self) -> Option<NodeId> {
        match self {
            EdgeEnd::Node(id) | EdgeEnd::Pause(id) => Some(id),
            EdgeEnd::End => None,
        }
    }
}

/// What earlier errors leave open; rules that would only repeat them stay silent.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(crate) struct Doubts {
    /// Any node may have a transition that was lost.
    pub(crate) sources: bool,
    /// Any node may have an edge that was lost.
    pub(crate) edges: bool,
    /// A node may have another name than was read.
    pub(crate) nodes: bool,
    /// An input or a resource may have another name or type than was read.
    pub(crate) bindings: bool,
    /// The graph may have a `yields` that was lost.
    pub(crate) yields: bool,
}

/// The name of the candidate state in rewritten conditions.
pub(crate) fn state_ident() -> Ident {
    Ident::new("__state", Span::mixed_site())
}
