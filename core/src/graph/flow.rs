//! Data-flow analysis of slots, as constant functions that `graph!` calls.
//!
//! It computes one fixed point per graph over bit masks, then makes one small assertion per node. A
//! slot counts as written at a node if every path from the start writes it. The panics are compile
//! errors: `#[track_caller]` and the span of the call place them on the token that is at fault.

#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic in constant evaluation is a compile error"
)]

use super::{BoundParam, Edge, EdgeEnd, EdgeKind, NodeInfo, fit::find};
use crate::{
    action::{ActionInfo, NeedInfo, NeedKind, ParamInfo},
    message::{Text, same},
    state::{FieldInfo, FieldSet, UNKNOWN, index_of},
};

/// The facts about an action that its graph checks.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// The declaration of the action.
    pub info: ActionInfo,
    /// Whether it yields items.
    pub streams: bool,
    /// Whether the type is an action over the graph's state; if not, another check reports it.
    pub known: bool,
}

/// The declaration of a node in its graph.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// The name of the node.
    pub name: &'static str,
    /// The path of its action.
    pub action: &'static str,
    /// The index of the action among the distinct actions of the graph.
    pub fact: usize,
    /// The parameters that are bound.
    pub params: &'static [BoundParam],
    /// The fields that the conditions of its transition read.
    pub conditions: FieldSet,
    /// The fields that the conditions of its `on error` edge read.
    pub error_conditions: FieldSet,
}

/// Combines the declarations of the nodes with those of their actions.
pub const fn node_infos<const N: usize>(facts: &[Fact], nodes: [Declared; N]) -> [NodeInfo; N] {
    let mut infos = [NodeInfo {
        name: "",
        action: "",
        docs: "",
        reads: FieldSet::EMPTY,
        writes: FieldSet::EMPTY,
        optional_writes: FieldSet::EMPTY,
        streams: false,
        params: &[],
        needs: &[],
        graphs: &[],
        fact: 0,
        conditions: FieldSet::EMPTY,
        error_conditions: FieldSet::EMPTY,
    }; N];
    let mut at = 0;
    while at < N {
        let node = nodes[at];
        let fact = &facts[node.fact];
        infos[at] = NodeInfo {
            name: node.name,
            action: node.action,
            docs: fact.info.docs,
            reads: fact.info.reads,
            writes: fact.info.writes,
            optional_writes: fact.info.optional_writes,
            streams: fact.streams,
            params: node.params,
            needs: fact.info.needs,
            graphs: fact.info.graphs,
            fact: node.fact,
            conditions: node.conditions,
            error_conditions: node.error_conditions,
        };
        at += 1;
    }
    infos
}

/// A graph that is being checked, with the slots that have a value before each node.
#[derive(Debug)]
pub struct Checked<const N: usize> {
    fields: &'static [FieldInfo],
    facts: &'static [Fact],
    nodes: &'static [NodeInfo],
    edges: &'static [Edge],
    start: usize,
    slots: FieldSet,
    before: [FieldSet; N],
}

/// Returns the fields that are slots.
const fn slots(fields: &[FieldInfo]) -> FieldSet {
    let mut set = FieldSet::EMPTY;
    let mut at = 0;
    while at < fields.len() {
        if fields[at].slot {
            set = set.with(at);
        }
        at += 1;
    }
    set
}

impl<const N: usize> Checked<N> {
    /// Computes the flow. With the edges in reverse postorder, one or two passes are enough.
    pub const fn new(
        fields: &'static [FieldInfo],
        facts: &'static [Fact],
        nodes: &'static [NodeInfo],
        edges: &'static [Edge],
        start: usize,
    ) -> Self {
        let mut graph = Self {
            fields,
            facts,
            nodes,
            edges,
            start,
            slots: slots(fields),
            before: [FieldSet::ALL; N],
        };
        graph.before[start] = FieldSet::EMPTY;
        let mut changed = true;
        while changed {
            changed = false;
            let mut at = 0;
            while at < edges.len() {
                let edge = &edges[at];
                at += 1;
                let (EdgeEnd::Node(to) | EdgeEnd::Pause(to)) = edge.to else {
                    continue;
                };
                let after = graph.after(edge.from, edge.kind);
                if !graph.before[to].is_subset(after) {
                    graph.before[to] = graph.before[to].intersection(after);
                    changed = true;
                }
            }
        }
        graph
    }

    /// Returns the slots that are written after the node, on an edge of this kind.
    const fn after(&self, node: usize, kind: EdgeKind) -> FieldSet {
        match kind {
            EdgeKind::Transition => self.before[node].union(self.nodes[node].always_writes()),
            EdgeKind::Error => self.before[node],
        }
    }

    /// Returns the first slot of `wanted` that is not in `written`.
    const fn unwritten(&self, wanted: FieldSet, written: FieldSet) -> Option<usize> {
        let missing = wanted.intersection(self.slots).minus(written);
        if missing.is_empty() {
            return None;
        }
        let mut at = 0;
        while at < FieldSet::CAPACITY {
            if missing.contains(at) {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// Appends the shortest path from the start to `node` that does not write `field`.
    const fn describe_path(&self, text: &mut Text, node: usize, field: usize) {
        let Self { nodes, edges, start, .. } = *self;
        // breadth first, for the shortest path
        let mut from = [usize::MAX; N];
        let mut queue = [0; N];
        let mut head = 0;
        let mut tail = 1;
        queue[0] = start;
        from[start] = start;
        while head < tail && from[node] == usize::MAX {
            let at = queue[head];
            head += 1;
            let mut number = 0;
            while number < edges.len() {
                let edge = &edges[number];
                number += 1;
                let (EdgeEnd::Node(to) | EdgeEnd::Pause(to)) = edge.to else {
                    continue;
                };
                let writes = nodes[at].always_writes().contains(field)
                    && !matches!(edge.kind, EdgeKind::Error);
                if edge.from == at && !writes && from[to] == usize::MAX {
                    from[to] = at;
                    queue[tail] = to;
                    tail += 1;
                }
            }
        }
        let mut path = [0; N];
        let mut length = 1;
        path[0] = node;
        while path[length - 1] != start && length < N && from[path[length - 1]] != usize::MAX {
            path[length] = from[path[length - 1]];
            length += 1;
        }
        while length > 0 {
            length -= 1;
            text.push(nodes[path[length]].name);
            if length > 0 {
                text.push(" -> ");
            }
        }
    }
}

/// Appends a note if a node writes the field on some paths only.
const fn note_optional_write(text: &mut Text, nodes: &[NodeInfo], field: usize, name: &str) {
    let mut at = 0;
    while at < nodes.len() {
        if nodes[at].optional_writes.contains(field) {
            text.push("\nnote: node `");
            text.push(nodes[at].name);
            text.push("` writes it on some paths only: `writes(");
            text.push(name);
            text.push("?)`");
            return;
        }
        at += 1;
    }
}

/// Rejects a node that reads a slot before it is written, has an unbound parameter, takes a failure
/// although it can be reached without one, or yields items that the graph does not declare.
#[track_caller]
pub const fn check_node<const N: usize>(
    graph: &Checked<N>,
    node: usize,
    bound: &[u64],
    entered_without_failure: bool,
    yields: bool,
) {
    let info = &graph.nodes[node];
    let fact = &graph.facts[info.fact];
    check_read(graph, node);
    check_params(info.name, fact.info.params, bound);
    if fact.info.failure && entered_without_failure {
        let mut text = Text::new();
        text.push("node `");
        text.push(info.name);
        text.push("` takes a failure with `#[error]`, but `start` or an ordinary edge reaches it");
        text.push("\nhelp: let only `on error` edges lead to it");
        panic!("{}", text.as_str())
    }
    if fact.streams && !yields {
        let mut text = Text::new();
        text.push("node `");
        text.push(info.name);
        text.push("` yields items, but the graph has no `yields`");
        text.push("\nhelp: add `yields Type;` to the graph");
        panic!("{}", text.as_str())
    }
}

#[track_caller]
const fn check_read<const N: usize>(graph: &Checked<N>, node: usize) {
    let info = &graph.nodes[node];
    let Some(field) = graph.unwritten(info.reads, graph.before[node]) else {
        return;
    };
    let mut text = Text::new();
    text.push("slot `");
    text.push(graph.fields[field].name);
    text.push("` is read by node `");
    text.push(info.name);
    text.push("` before it is written on the path `");
    graph.describe_path(&mut text, node, field);
    text.push("`");
    note_optional_write(&mut text, graph.nodes, field, graph.fields[field].name);
    text.push("\nhelp: write `");
    text.push(graph.fields[field].name);
    text.push("` in an action on that path, or lead the path elsewhere");
    panic!("{}", text.as_str())
}

#[track_caller]
const fn check_params(node: &str, params: &[ParamInfo], bound: &[u64]) {
    let mut at = 0;
    while at < bound.len() {
        if !names_param(params, bound[at]) {
            // rustc reports the unknown parameter, which may be a misspelling of the missing one
            return;
        }
        at += 1;
    }
    at = 0;
    while at < params.len() {
        let param = &params[at];
        at += 1;
        if param.optional || contains(bound, param.hash) {
            continue;
        }
        let mut text = Text::new();
        text.push("parameter `");
        text.push(param.name);
        text.push("` of node `");
        text.push(node);
        text.push("` is not bound\nhelp: bind it where the graph names the node: `{ ");
        text.push(param.name);
        text.push(": value }`");
        panic!("{}", text.as_str())
    }
}

const fn names_param(params: &[ParamInfo], hash: u64) -> bool {
    let mut at = 0;
    while at < params.len() {
        if params[at].hash == hash {
            return true;
        }
        at += 1;
    }
    false
}

/// Rejects a condition that reads a slot that some path has not written.
#[track_caller]
pub const fn check_condition<const N: usize>(graph: &Checked<N>, node: usize, field: &str) {
    check_condition_read(graph, node, field, EdgeKind::Transition);
}

/// Like [`check_condition`], for an `on error` edge, where the writes of the node do not count.
#[track_caller]
pub const fn check_error_condition<const N: usize>(graph: &Checked<N>, node: usize, field: &str) {
    check_condition_read(graph, node, field, EdgeKind::Error);
}

#[track_caller]
const fn check_condition_read<const N: usize>(
    graph: &Checked<N>,
    node: usize,
    field: &str,
    kind: EdgeKind,
) {
    let index = index_of(graph.fields, field);
    if index == UNKNOWN {
        // rustc reports the unknown field where the condition reads it
        return;
    }
    let wanted = FieldSet::EMPTY.with(index);
    if graph.unwritten(wanted, graph.after(node, kind)).is_none() {
        return;
    }
    let mut text = Text::new();
    text.push("slot `");
    text.push(field);
    text.push("` is read by the condition after node `");
    text.push(graph.nodes[node].name);
    text.push("` before it is written on the path `");
    graph.describe_path(&mut text, node, index);
    text.push("`");
    note_optional_write(&mut text, graph.nodes, index, field);
    text.push("\nhelp: write `");
    text.push(field);
    text.push("` in an action on that path");
    panic!("{}", text.as_str())
}

/// Rejects `yields` in a graph where no node yields items.
#[track_caller]
pub const fn check_yields(facts: &[Fact]) {
    let mut at = 0;
    while at < facts.len() {
        if facts[at].streams || !facts[at].known {
            return;
        }
        at += 1;
    }
    panic!("no node of this graph yields items\nhelp: remove `yields`, or name a streaming action")
}

/// Rejects an input that no action uses.
#[track_caller]
pub const fn check_input(name: &str, facts: &[Fact]) {
    if !is_needed(NeedKind::Input, name, facts) {
        unused("input", "#[input]", name);
    }
}

/// Rejects a resource that no action uses, also for the graphs that it runs.
#[track_caller]
pub const fn check_resource(name: &str, facts: &[Fact]) {
    if !is_needed(NeedKind::Resource, name, facts) && !is_passed_on(name, facts) {
        unused("resource", "#[resource]", name);
    }
}

/// Returns whether an action needs the input or resource. An action whose facts are unknown may.
const fn is_needed(kind: NeedKind, name: &str, facts: &[Fact]) -> bool {
    let mut at = 0;
    while at < facts.len() {
        let fact = &facts[at];
        at += 1;
        if !fact.known || names_need(fact.info.needs, kind, name) {
            return true;
        }
    }
    false
}

/// Returns whether an action passes the resource on to a graph that it runs.
const fn is_passed_on(name: &str, facts: &[Fact]) -> bool {
    let mut at = 0;
    while at < facts.len() {
        let graphs = facts[at].info.graphs;
        at += 1;
        let mut graph = 0;
        while graph < graphs.len() {
            if find(graphs[graph].resources, name).is_some() {
                return true;
            }
            graph += 1;
        }
    }
    false
}

const fn names_need(needs: &[NeedInfo], kind: NeedKind, name: &str) -> bool {
    let mut at = 0;
    while at < needs.len() {
        if needs[at].kind as u8 == kind as u8 && same(needs[at].name, name) {
            return true;
        }
        at += 1;
    }
    false
}

#[track_caller]
const fn unused(what: &str, attribute: &str, name: &str) {
    let mut text = Text::new();
    text.push("no action uses the ");
    text.push(what);
    text.push(" `");
    text.push(name);
    text.push("`\nhelp: remove it, or take it in an action with `");
    text.push(attribute);
    text.push("`");
    panic!("{}", text.as_str())
}

const fn contains(hashes: &[u64], hash: u64) -> bool {
    let mut at = 0;
    while at < hashes.len() {
        if hashes[at] == hash {
            return true;
        }
        at += 1;
    }
    false
}
