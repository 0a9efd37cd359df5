//! Searches over the edges of a graph.

use super::model::{Edge, Graph, NodeId};

/// The direction in which edges are followed.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Forward,
    Backward,
}

/// Returns the neighbours of each node.
pub(super) fn links(graph: &Graph, direction: Direction) -> Vec<Vec<NodeId>> {
    let mut links = vec![Vec::new(); graph.nodes.len()];
    for edge in &graph.edges {
        let Some(to) = edge.to.node() else { continue };
        match direction {
            Direction::Forward => links[edge.from.0].push(to),
            Direction::Backward => links[to.0].push(edge.from),
        }
    }
    links
}

/// Returns for each node whether it is in `from` or reachable from there.
pub(super) fn reach(from: impl IntoIterator<Item = NodeId>, links: &[Vec<NodeId>]) -> Vec<bool> {
    let mut seen = vec![false; links.len()];
    let mut waiting: Vec<NodeId> = from.into_iter().collect();
    while let Some(id) = waiting.pop() {
        if !std::mem::replace(&mut seen[id.0], true) {
            waiting.extend(&links[id.0]);
        }
    }
    seen
}

/// Returns one node for each mistake among `faulty`, with the other faulty nodes that follow from it.
///
/// Along `links`, every faulty node leads to a strongly connected component that has no way out. Each such
/// component is one mistake, represented by its first node; the nodes that lead to it are faulty for the same
/// reason.
pub(super) fn roots(faulty: &[NodeId], links: &[Vec<NodeId>]) -> Vec<(NodeId, Vec<NodeId>)> {
    let reached: Vec<Vec<bool>> = faulty.iter().map(|id| reach([*id], links)).collect();
    let leads = |from: usize, to: usize| reached[from][faulty[to].0];
    let all = || 0..faulty.len();
    let is_root = |node: usize| {
        let group = all().filter(|other| leads(node, *other));
        group.into_iter().all(|other| leads(other, node) && node <= other)
    };
    all()
        .filter(|node| is_root(*node))
        .map(|root| {
            let explained = all().filter(|other| *other != root && leads(*other, root));
            (faulty[root], explained.map(|other| faulty[other]).collect())
        })
        .collect()
}

/// Returns the nodes reachable from `start`, each before its successors unless they form a loop.
pub(super) fn reverse_postorder(start: NodeId, count: usize, edges: &[Edge]) -> Vec<NodeId> {
    let mut successors = vec![Vec::new(); count];
    for edge in edges {
        successors[edge.from.0].extend(edge.to.node());
    }
    let mut seen = vec![false; count];
    let mut order = Vec::new();
    // The successors of a node are visited from the last to the first, and removed from `successors[node]`.
    let mut path = vec![start];
    seen[start.0] = true;
    while let Some(&node) = path.last() {
        match successors[node.0].pop() {
            Some(next) if !seen[next.0] => {
                seen[next.0] = true;
                path.push(next);
            }
            Some(_) => {}
            None => {
                order.push(node);
                path.pop();
            }
        }
    }
    order.reverse();
    order
}
