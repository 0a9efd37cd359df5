//! Readers of slots: what a session needs that was led to its node by another version of the graph.

use super::{Edge, EdgeEnd, EdgeKind, Topology};
use crate::state::FieldSet;
use std::{collections::VecDeque, fmt};

/// What reads a slot in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reader {
    /// The action of this node.
    Node(&'static str),
    /// A condition behind this node.
    ConditionAfter(&'static str),
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "node `{node}`"),
            Self::ConditionAfter(node) => write!(f, "the condition after node `{node}`"),
        }
    }
}

impl Topology {
    /// Finds the first of these slots, with its reader, that is read on a path from a node before it is
    /// written there. What the graph proves, it proves from its start: a session that another version
    /// of the graph led to a node may lack what this version needs from there on.
    pub(crate) fn read_before_write(
        &self,
        from: usize,
        slots: FieldSet,
    ) -> Option<(usize, Reader)> {
        slots.iter().find_map(|slot| Some((slot, self.reader(from, slot)?)))
    }

    /// The nearest reader of a field that no path to it writes.
    fn reader(&self, from: usize, field: usize) -> Option<Reader> {
        let mut queue = VecDeque::from([from]);
        let mut seen = vec![false; self.nodes.len()];
        while let Some(at) = queue.pop_front() {
            let Some(node) = self.nodes.get(at).filter(|_| !seen[at]) else { continue };
            seen[at] = true;
            if node.reads.contains(field) {
                return Some(Reader::Node(node.name));
            }
            let written = node.writes.contains(field);
            for edge in self.edges.iter().filter(|edge| edge.from == at) {
                let (written, conditions) = match edge.kind {
                    EdgeKind::Transition => (written, node.conditions),
                    EdgeKind::Error => (false, node.error_conditions),
                };
                if written {
                    continue;
                }
                if conditions.contains(field) {
                    return Some(Reader::ConditionAfter(node.name));
                }
                queue.extend(target(edge));
            }
        }
        None
    }
}

fn target(edge: &Edge) -> Option<usize> {
    match edge.to {
        EdgeEnd::Node(node) | EdgeEnd::Pause(node) => Some(node),
        EdgeEnd::End => None,
    }
}
