//! The model of a graph: names are ids, conditions are ready for emission, edges are a flat list.
//!
//! `resolve` returns a [`GraphModel`], in which the start or transitions can be missing. `check` converts it
//! to a `CheckedGraph`, in which nothing is missing, and `fallback` to a [`CompleteGraph`] with placeholders.

use std::ops::{Deref, Index};

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Expr, Pat, Path, Token, Visibility, token};

use super::editor::Places;
use super::syntax::{Binding, ParameterSyntax, YieldsSyntax};

/// An index into [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) usize);

/// An index into [`Graph::actions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ActionId(pub(crate) usize);

/// A resolved graph before the checks.
pub(crate) struct GraphModel {
    pub(crate) graph: Graph,
    pub(crate) start: Option<NodeId>,
    /// The transition of each node, by node id.
    pub(crate) transitions: Vec<Option<Transition>>,
    pub(crate) incomplete: Incomplete,
}

impl GraphModel {
    /// Returns whether the start and all transitions are known.
    pub(crate) fn is_complete(&self) -> bool {
        self.start.is_some() && self.transitions.iter().all(Option::is_some)
    }

    /// Replaces what is missing with placeholders.
    pub(crate) fn complete(self) -> CompleteGraph {
        let unknown = || Transition { target: Target::Unknown, fields: Vec::new() };
        let transitions = self.transitions.into_iter().map(|found| found.unwrap_or_else(unknown));
        CompleteGraph {
            graph: self.graph,
            start: self.start.unwrap_or(NodeId(0)),
            transitions: transitions.collect(),
        }
    }
}

/// A graph with a start and a transition for each node.
pub(crate) struct CompleteGraph {
    graph: Graph,
    start: NodeId,
    transitions: Vec<Transition>,
}

impl CompleteGraph {
    /// Returns the node where the first run starts.
    pub(crate) fn start(&self) -> NodeId {
        self.start
    }

    /// Returns the transition of a node.
    pub(crate) fn transition(&self, node: NodeId) -> &Transition {
        &self.transitions[node.0]
    }
}

impl Deref for CompleteGraph {
    type Target = Graph;

    fn deref(&self) -> &Graph {
        &self.graph
    }
}

/// A graph without its start and its transitions.
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
    /// All edges, ordered by source node; those of a node are first the ordinary ones and then the error edges, each
    /// in the order of the source text.
    pub(crate) edges: Vec<Edge>,
    /// The reachable nodes, in reverse postorder from the start.
    pub(crate) order: Vec<NodeId>,
    /// The names for an editor.
    pub(crate) places: Places,
}

impl Graph {
    /// Returns all node ids, in the order of the nodes.
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
    /// Doc comments.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) timeout: Option<Expr>,
    pub(crate) retry: Option<Expr>,
    pub(crate) name: Ident,
    /// The id of the action's path in [`Graph::actions`].
    pub(crate) action: ActionId,
    /// The same path, with the spans of this node.
    pub(crate) path: Path,
    pub(crate) parameters: Vec<ParameterSyntax>,
    /// The `on error` transition of the node.
    pub(crate) on_error: Option<Transition>,
    /// Whether the node is the start or the target of an edge that is not an error edge.
    pub(crate) ordinary_entry: bool,
}

/// An action path that one or more nodes use.
pub(crate) struct ActionPath {
    /// The path as text: equal for equal paths.
    pub(crate) key: String,
    /// The path with the spans of its first use.
    pub(crate) path: Path,
}

/// A transition, and the fields that its conditions read.
#[derive(Clone)]
pub(crate) struct Transition {
    pub(crate) target: Target,
    /// The fields that the conditions read, each once, with the span of the first use.
    pub(crate) fields: Vec<Ident>,
}

/// The target of a transition.
#[derive(Clone)]
pub(crate) enum Target {
    Node(NodeId),
    /// A `pause`. One without a node is resolved to the start.
    Pause(NodeId),
    End,
    /// A target that could not be parsed or resolved. Only in graphs with a reported error.
    Unknown,
    If(Box<If>),
    Match(Box<Match>),
}

/// `if condition { then } else { otherwise }`.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "the token is named as in syn")]
pub(crate) struct If {
    pub(crate) if_token: Token![if],
    /// Rewritten: reads the fields of [`state_ident`].
    pub(crate) condition: TokenStream,
    pub(crate) then: Target,
    pub(crate) otherwise: Target,
}

/// `match scrutinee { arms }`.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "the token is named as in syn")]
pub(crate) struct Match {
    pub(crate) match_token: Token![match],
    /// Rewritten: reads the fields of [`state_ident`].
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
    /// Rewritten: reads the fields of [`state_ident`].
    pub(crate) condition: TokenStream,
}

/// An edge: one possible target of a transition.
pub(crate) struct Edge {
    pub(crate) from: NodeId,
    pub(crate) to: EdgeEnd,
    /// The conditions of the branch, as text.
    pub(crate) label: Option<String>,
    /// Whether it is an `on error` edge.
    pub(crate) error: bool,
    /// The token of the target: the name of a node, or the word `pause` or `end`.
    pub(crate) token: Ident,
}

/// The target of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeEnd {
    Node(NodeId),
    Pause(NodeId),
    End,
}

impl EdgeEnd {
    /// Returns the node that runs next, immediately or after the pause.
    pub(crate) fn node(self) -> Option<NodeId> {
        match self {
            EdgeEnd::Node(id) | EdgeEnd::Pause(id) => Some(id),
            EdgeEnd::End => None,
        }
    }
}

/// The parts of a graph that are incomplete because of earlier errors. Rules that depend on them are not checked.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
pub(crate) struct Incomplete {
    /// The transition of any node may be missing.
    pub(crate) sources: bool,
    /// Edges of any node may be missing.
    pub(crate) edges: bool,
    /// Names of nodes may be missing or wrong.
    pub(crate) nodes: bool,
    /// Names or types of inputs and resources may be missing or wrong.
    pub(crate) bindings: bool,
    /// The `yields` section may be missing.
    pub(crate) yields: bool,
}

/// Returns the name of the candidate state in rewritten conditions.
pub(crate) fn state_ident() -> Ident {
    Ident::new("__state", Span::mixed_site())
}
