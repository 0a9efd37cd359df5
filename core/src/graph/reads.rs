//! Slots that a session of another version of the graph may lack.

use super::{Edge, EdgeEnd, EdgeKind, Topology};
use crate::state::FieldSet;
use std::{collections::VecDeque, fmt};

/// The part of a graph that reads a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reader {
    /// The action of this node.
    Node(&'static str),
    /// A condition of this node's transition or `on error` edge.
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
    /// Returns the first of these slots that is read on a path from a node before that path writes it,
    /// and its reader.
    ///
    /// The checks of `graph!` cover paths from the start. A session that another version of the graph
    /// brought to a node may lack a slot that this version reads from there.
    pub(crate) fn read_before_write(
        &self,
        from: usize,
        slots: FieldSet,
    ) -> Option<(usize, Reader)> {
        slots.iter().find_map(|slot| Some((slot, self.reader(from, slot)?)))
    }

    /// Returns the nearest reader of a field on a path that does not write the field first.
    fn reader(&self, from: usize, field: usize) -> Option<Reader> {
        let mut queue = VecDeque::from([from]);
        let mut seen = vec![false; self.nodes.len()];
        while let Some(at) = queue.pop_front() {
            let Some(node) = self.nodes.get(at).filter(|_| !seen[at]) else { continue };
            seen[at] = true;
            if node.reads.contains(field) {
                return Some(Reader::Node(node.name));
            }
            let written = node.always_writes().contains(field);
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
