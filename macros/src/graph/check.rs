//! Checks of the rules that need only names. Only this module can construct a [`CheckedGraph`].

use std::ops::Deref;

use super::model::{CompleteGraph, EdgeEnd, Graph, GraphModel, NodeId};
use super::paths::{Direction, links, reach, roots};
use crate::diagnostics::Diagnostics;
use crate::names;
use crate::state::serde;

/// A graph in which all names are known, and in which each node has a transition, is reachable and can reach
/// `pause` or `end`.
pub(crate) struct CheckedGraph(CompleteGraph);

impl Deref for CheckedGraph {
    type Target = CompleteGraph;

    fn deref(&self) -> &CompleteGraph {
        &self.0
    }
}

/// Checks the graph. Returns the model as the error if this or an earlier stage has reported errors.
pub(crate) fn check_graph(
    model: GraphModel,
    diagnostics: &mut Diagnostics,
) -> Result<CheckedGraph, Box<GraphModel>> {
    check_error_edges(&model.graph, diagnostics);
    for input in &model.graph.inputs {
        serde::check_input(&input.attrs, diagnostics);
    }
    let complete = check_transitions(&model, diagnostics);
    // A missing edge could lead to any node, so reachability is unknown.
    if complete && !model.incomplete.edges {
        check_reachable(&model.graph, diagnostics);
        check_pauses(&model.graph, diagnostics);
    }
    if diagnostics.is_empty() && model.is_complete() {
        Ok(CheckedGraph(model.complete()))
    } else {
        Err(Box::new(model))
    }
}

/// Rejects error edges to the same node: a failed node leaves the state unchanged, so it would fail forever.
fn check_error_edges(graph: &Graph, diagnostics: &mut Diagnostics) {
    for edge in &graph.edges {
        if edge.error && edge.to == EdgeEnd::Node(edge.from) {
            let name = names::plain(&graph[edge.from].name);
            diagnostics
                .error(&edge.token, format!("the `on error` edge of node `{name}` targets itself"))
                .help("to retry the node, write `#[retry(…)]` before it");
        }
    }
}

/// Reports nodes without a transition. Returns whether all nodes have one.
fn check_transitions(model: &GraphModel, diagnostics: &mut Diagnostics) -> bool {
    let mut complete = true;
    for id in model.graph.ids() {
        let missing = model.transitions[id.0].is_none();
        complete &= !missing;
        if missing && !model.incomplete.sources {
            let name = names::plain(&model.graph[id].name);
            diagnostics
                .error(&model.graph[id].name, format!("node `{name}` has no transition"))
                .help(format!("add one: `{name} -> …;`"));
        }
    }
    complete
}

fn check_reachable(graph: &Graph, diagnostics: &mut Diagnostics) {
    let unreachable: Vec<NodeId> = graph.ids().filter(|id| !graph.order.contains(id)).collect();
    for (root, others) in roots(&unreachable, &links(graph, Direction::Backward)) {
        let name = names::plain(&graph[root].name);
        let error = diagnostics.error(&graph[root].name, format!("node `{name}` is unreachable"));
        error.help(format!("add a transition to it: `… -> {name};`"));
        if !others.is_empty() {
            error.note(format!("only `{name}` leads to {}", name_list(graph, &others)));
        }
    }
}

fn check_pauses(graph: &Graph, diagnostics: &mut Diagnostics) {
    let backward = links(graph, Direction::Backward);
    let pauses_or_ends = |id: &NodeId| {
        let mut edges = graph.edges.iter().filter(|edge| edge.from == *id);
        edges.any(|edge| matches!(edge.to, EdgeEnd::Pause(_) | EdgeEnd::End))
    };
    let reaching = reach(graph.ids().filter(pauses_or_ends), &backward);
    let stuck: Vec<NodeId> =
        graph.ids().filter(|id| !reaching[id.0] && graph.order.contains(id)).collect();
    for (root, others) in roots(&stuck, &links(graph, Direction::Forward)) {
        let name = names::plain(&graph[root].name);
        let message = format!("node `{name}` can never reach `pause` or `end`");
        let error = diagnostics.error(&graph[root].name, message);
        error.help("let a node on its path target `pause` or `end`");
        if !others.is_empty() {
            error.note(format!("the same applies to {}", name_list(graph, &others)));
        }
    }
}

fn name_list(graph: &Graph, ids: &[NodeId]) -> String {
    let names: Vec<String> = ids.iter().map(|id| names::plain(&graph[*id].name)).collect();
    names::list(&names)
}
