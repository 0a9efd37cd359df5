//! Checks the rules that need nothing but names, and is the only place that makes a [`CheckedGraph`].

use std::ops::Deref;

use super::model::{EdgeEnd, Graph, GraphModel, NodeId, WholeGraph};
use super::paths::{Direction, links, reach, roots};
use crate::diagnostics::Diagnostics;
use crate::names;
use crate::state::serde;

/// A graph in which every name is known, every node has a transition, can be reached and can come to rest.
pub(crate) struct CheckedGraph(WholeGraph);

impl Deref for CheckedGraph {
    type Target = WholeGraph;

    fn deref(&self) -> &WholeGraph {
        &self.0
    }
}

/// Checks the graph, and gives it back when this or an earlier stage found an error.
pub(crate) fn check_graph(
    model: GraphModel,
    diagnostics: &mut Diagnostics,
) -> Result<CheckedGraph, Box<GraphModel>> {
    check_error_edges(&model.graph, diagnostics);
    for input in &model.graph.inputs {
        serde::check_input(&input.attrs, diagnostics);
    }
    let complete = check_transitions(&model, diagnostics);
    // A missing edge could have led anywhere, so what cannot be reached without it is no news.
    if complete && !model.doubts.edges {
        check_reachable(&model.graph, diagnostics);
        check_rest(&model.graph, diagnostics);
    }
    if diagnostics.is_empty() && model.is_whole() {
        Ok(CheckedGraph(model.complete()))
    } else {
        Err(Box::new(model))
    }
}

/// A node that fails again leaves the state as it was, so it would fail for ever.
fn check_error_edges(graph: &Graph, diagnostics: &mut Diagnostics) {
    for edge in &graph.edges {
        if edge.error && edge.to == EdgeEnd::Node(edge.from) {
            let name = names::plain(&graph[edge.from].name);
            diagnostics
                .error(&edge.token, format!("the error edge of `{name}` leads back to `{name}`"))
                .help("to try again, write `#[retry(…)]` before the node");
        }
    }
}

/// Reports nodes without a transition and says whether there are none.
fn check_transitions(model: &GraphModel, diagnostics: &mut Diagnostics) -> bool {
    let mut complete = true;
    for id in model.graph.ids() {
        let missing = model.transitions[id.0].is_none();
        complete &= !missing;
        if missing && !model.doubts.sources {
            let name = names::plain(&model.graph[id].name);
            diagnostics
                .error(&model.graph[id].name, format!("node `{name}` has no transition"))
                .help(format!("say what follows: `{name} -> …;`"));
        }
    }
    complete
}

fn check_reachable(graph: &Graph, diagnostics: &mut Diagnostics) {
    let lost: Vec<NodeId> = graph.ids().filter(|id| !graph.order.contains(id)).collect();
    for (root, others) in roots(&lost, &links(graph, Direction::Backward)) {
        let name = names::plain(&graph[root].name);
        let error = diagnostics.error(&graph[root].name, format!("nothing leads to node `{name}`"));
        error.help(format!("name it in a transition: `… -> {name};`"));
        if !others.is_empty() {
            error.note(format!("only it leads to {}", list(graph, &others)));
        }
    }
}

fn check_rest(graph: &Graph, diagnostics: &mut Diagnostics) {
    let backward = links(graph, Direction::Backward);
    let rests = |id: &NodeId| {
        let mut edges = graph.edges.iter().filter(|edge| edge.from == *id);
        edges.any(|edge| matches!(edge.to, EdgeEnd::Pause(_) | EdgeEnd::End))
    };
    let resting = reach(graph.ids().filter(rests), &backward);
    let stuck: Vec<NodeId> =
        graph.ids().filter(|id| !resting[id.0] && graph.order.contains(id)).collect();
    for (root, others) in roots(&stuck, &links(graph, Direction::Forward)) {
        let name = names::plain(&graph[root].name);
        let message = format!("node `{name}` reaches neither `pause` nor `end`");
        let error = diagnostics.error(&graph[root].name, message);
        error.help("let a transition on the way lead to `pause` or `end`");
        if !others.is_empty() {
            error.note(format!("the same holds for {}", list(graph, &others)));
        }
    }
}

fn list(graph: &Graph, ids: &[NodeId]) -> String {
    let names: Vec<String> = ids.iter().map(|id| names::plain(&graph[*id].name)).collect();
    names::list(&names)
}
