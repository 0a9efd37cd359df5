//! The shape of a graph as plain data: nodes, edges, and the fields that they read and write.
//!
//! `graph!` generates it as a constant, for diagrams and tools. The next node of a run is never looked
//! up in it.

use super::ChildInfo;
use crate::{
    action::{NeedInfo, NeedKind},
    state::{FieldInfo, FieldSet, TypeSchema},
};
use serde::Serialize;

/// The description of a graph, in the constant `Name::TOPOLOGY`. Diagrams are drawn from it.
///
/// It serializes as [`json`](Topology::json) returns it, with names instead of indices.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// let cafe = Cafe::TOPOLOGY;
/// let names: Vec<_> = cafe.nodes.iter().map(|node| node.name).collect();
/// assert_eq!((cafe.name, names[cafe.start]), ("Cafe", "brew"));
/// assert_eq!(names, ["brew", "pay"]);
/// assert!(cafe.reads(1).eq(["cups"]) && cafe.writes(1).eq(["paid"])); // of the node `pay`
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Topology {
    /// The name of the graph, which a log records with each of its sessions.
    pub name: &'static str,
    /// The former names of the graph: `#[renamed_from("…")]`. Sessions recorded under them belong to it.
    pub former_names: &'static [&'static str],
    /// The doc comment; empty if there is none.
    pub docs: &'static str,
    /// The name of the state.
    pub state: &'static str,
    /// The index of the node where a session starts.
    pub start: usize,
    /// The nodes in the order of their declaration, which gives their indices.
    pub nodes: &'static [NodeInfo],
    /// The edges between nodes.
    pub edges: &'static [Edge],
    /// The inputs of a run.
    pub inputs: &'static [BindingInfo],
    /// The resources of an app.
    pub resources: &'static [BindingInfo],
    /// The type of the items, if a node yields any.
    pub yields: Option<&'static str>,
    /// The JSON Schema of an item.
    pub item_schema: TypeSchema,
    /// The fields of the state. The field sets of the nodes are indices into it.
    pub fields: &'static [FieldInfo],
}

impl Topology {
    /// Creates the description of a graph without inputs, resources and items.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        start: usize,
        nodes: &'static [NodeInfo],
        edges: &'static [Edge],
    ) -> Self {
        Self {
            name,
            former_names: &[],
            docs: "",
            state: "",
            start,
            nodes,
            edges,
            inputs: &[],
            resources: &[],
            yields: None,
            item_schema: TypeSchema::UNKNOWN,
            fields: &[],
        }
    }

    /// Sets the former names.
    #[doc(hidden)]
    #[must_use]
    pub const fn formerly(self, former_names: &'static [&'static str]) -> Self {
        Self { former_names, ..self }
    }

    /// Sets the doc comment.
    #[doc(hidden)]
    #[must_use]
    pub const fn docs(self, docs: &'static str) -> Self {
        Self { docs, ..self }
    }

    /// Sets the state and its fields.
    #[doc(hidden)]
    #[must_use]
    pub const fn over(self, state: &'static str, fields: &'static [FieldInfo]) -> Self {
        Self { state, fields, ..self }
    }

    /// Sets the inputs and the resources.
    #[doc(hidden)]
    #[must_use]
    pub const fn given(
        self,
        inputs: &'static [BindingInfo],
        resources: &'static [BindingInfo],
    ) -> Self {
        Self { inputs, resources, ..self }
    }

    /// Sets the type of the items, and its schema.
    #[doc(hidden)]
    #[must_use]
    pub const fn yields(self, yields: &'static str, item_schema: TypeSchema) -> Self {
        Self { yields: Some(yields), item_schema, ..self }
    }

    /// Returns the name of the graph, then its former names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name].into_iter().chain(self.former_names.iter().copied())
    }

    /// Returns the names of the fields that a node reads, in the order of their declaration.
    pub fn reads(&self, node: usize) -> impl Iterator<Item = &'static str> {
        self.field_names(self.nodes.get(node).map(|node| node.reads))
    }

    /// Returns the names of the fields that a node writes, in the order of their declaration.
    pub fn writes(&self, node: usize) -> impl Iterator<Item = &'static str> {
        self.field_names(self.nodes.get(node).map(|node| node.writes))
    }

    /// Returns the names of the fields that a node writes on some paths only, in the order of their declaration.
    /// [`writes`](Self::writes) contains them.
    pub fn optional_writes(&self, node: usize) -> impl Iterator<Item = &'static str> {
        self.field_names(self.nodes.get(node).map(|node| node.optional_writes))
    }

    /// Returns the inputs that a node needs, in the order of their declaration.
    pub fn inputs(&self, node: usize) -> impl Iterator<Item = &'static BindingInfo> {
        self.needed(self.inputs, node, NeedKind::Input)
    }

    /// Returns the resources that a node needs, in the order of their declaration.
    pub fn resources(&self, node: usize) -> impl Iterator<Item = &'static BindingInfo> {
        self.needed(self.resources, node, NeedKind::Resource)
    }

    /// Returns the inputs that a run started at a node can use before its next pause, in the order of
    /// their declaration.
    pub fn run_inputs(&self, node: usize) -> impl Iterator<Item = &'static BindingInfo> {
        let reachable = self.reachable_before_pause(node);
        let needed = self.nodes.iter().zip(reachable).filter(|(_, reached)| *reached);
        let needs: Vec<_> = needed.flat_map(|(node, _)| node.needs).collect();
        self.inputs.iter().filter(move |input| {
            needs.iter().any(|need| need.kind == NeedKind::Input && need.name == input.name)
        })
    }

    /// Returns whether the graph has an optional input.
    pub(crate) fn has_optional_inputs(&self) -> bool {
        self.inputs.iter().any(|input| input.optional)
    }

    /// Returns, for each node, whether a run that starts at `from` can reach it without a pause.
    pub(crate) fn reachable_before_pause(&self, from: usize) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            if reached.get(node).copied().unwrap_or(true) {
                continue;
            }
            reached[node] = true;
            open.extend(self.edges.iter().filter_map(|edge| match edge.to {
                EdgeEnd::Node(to) if edge.from == node => Some(to),
                _ => None,
            }));
        }
        reached
    }

    fn needed(
        &self,
        declared: &'static [BindingInfo],
        node: usize,
        kind: NeedKind,
    ) -> impl Iterator<Item = &'static BindingInfo> + use<> {
        let needs = self.nodes.get(node).map(|node| node.needs).unwrap_or_default();
        declared.iter().filter(move |binding| {
            needs.iter().any(|need| need.kind == kind && need.name == binding.name)
        })
    }

    fn field_names(&self, set: Option<FieldSet>) -> impl Iterator<Item = &'static str> + use<> {
        let fields = self.fields;
        set.unwrap_or_default().iter().filter_map(|index| Some(fields.get(index)?.name))
    }
}

/// The description of a node: an action under a name.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// The name of the node.
    pub name: &'static str,
    /// The path of the action, as written in the graph.
    pub action: &'static str,
    /// The doc comment of the action; empty if there is none.
    pub docs: &'static str,
    /// The fields that the action reads.
    pub reads: FieldSet,
    /// The fields that the action writes, including those in [`optional_writes`](Self::optional_writes).
    pub writes: FieldSet,
    /// The fields that the action writes on some paths only.
    pub optional_writes: FieldSet,
    /// Whether the action yields items.
    pub streams: bool,
    /// The parameters that the graph binds.
    pub params: &'static [BoundParam],
    /// The inputs and resources that the action needs.
    pub needs: &'static [NeedInfo],
    /// The graphs that the action runs as children.
    pub graphs: &'static [ChildInfo],
    /// The index of the action among the distinct actions of the graph.
    pub(crate) fact: usize,
    /// The fields that the conditions of its transition read.
    pub(crate) conditions: FieldSet,
    /// The fields that the conditions of its `on error` edge read.
    pub(crate) error_conditions: FieldSet,
}

impl NodeInfo {
    /// Returns the fields that the action writes on every path.
    pub(crate) const fn always_writes(&self) -> FieldSet {
        self.writes.minus(self.optional_writes)
    }
}

/// A parameter of an action, bound by a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BoundParam {
    /// The name of the parameter.
    pub name: &'static str,
    /// The expression as written.
    pub value: &'static str,
}

impl BoundParam {
    /// Creates a parameter bound to this expression.
    #[doc(hidden)]
    pub const fn new(name: &'static str, value: &'static str) -> Self {
        Self { name, value }
    }
}

/// An edge from a node to one of its successors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// The index of the node where it starts.
    pub from: usize,
    /// Its target.
    pub to: EdgeEnd,
    /// The condition as text, if there is one.
    pub label: Option<&'static str>,
    /// When it is taken.
    pub kind: EdgeKind,
}

impl Edge {
    /// Creates a transition to a node. An empty label stands for none.
    #[doc(hidden)]
    pub const fn node(from: usize, to: usize, label: &'static str) -> Self {
        Self::transition(from, EdgeEnd::Node(to), label)
    }

    /// Creates a transition to a pause before a node.
    #[doc(hidden)]
    pub const fn pause(from: usize, to: usize, label: &'static str) -> Self {
        Self::transition(from, EdgeEnd::Pause(to), label)
    }

    /// Creates a transition to the end of the session.
    #[doc(hidden)]
    pub const fn end(from: usize, label: &'static str) -> Self {
        Self::transition(from, EdgeEnd::End, label)
    }

    /// Makes this an `on error` edge.
    #[doc(hidden)]
    #[must_use]
    pub const fn on_error(self) -> Self {
        Self { kind: EdgeKind::Error, ..self }
    }

    const fn transition(from: usize, to: EdgeEnd, label: &'static str) -> Self {
        Self {
            from,
            to,
            label: if label.is_empty() { None } else { Some(label) },
            kind: EdgeKind::Transition,
        }
    }
}

/// The target of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeEnd {
    /// The run continues at the node with this index.
    Node(usize),
    /// The run pauses, and the next run starts at the node with this index.
    Pause(usize),
    /// The session ends.
    End,
}

/// When an edge is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EdgeKind {
    /// After a commit.
    Transition,
    /// After a step that failed on its last attempt.
    Error,
}

/// The description of an input or a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BindingInfo {
    /// The name by which actions take it.
    pub name: &'static str,
    /// The type as written.
    pub ty: &'static str,
    /// Whether it is optional: an input whose type is written `Option<…>`.
    pub optional: bool,
    /// Whether readers of a session may see its value: an input with `#[public]`.
    pub public: bool,
    /// The JSON Schema of its type; unknown for a resource.
    #[serde(skip)]
    pub schema: TypeSchema,
}

impl BindingInfo {
    /// Creates a required input or resource.
    #[doc(hidden)]
    pub const fn required(name: &'static str, ty: &'static str) -> Self {
        Self { name, ty, optional: false, public: false, schema: TypeSchema::UNKNOWN }
    }

    /// Creates an optional input.
    #[doc(hidden)]
    pub const fn optional(name: &'static str, ty: &'static str) -> Self {
        Self { optional: true, ..Self::required(name, ty) }
    }

    /// Makes the input visible to readers.
    #[doc(hidden)]
    #[must_use]
    pub const fn public(self) -> Self {
        Self { public: true, ..self }
    }

    /// Sets the schema of its type.
    #[doc(hidden)]
    #[must_use]
    pub const fn schema(self, schema: TypeSchema) -> Self {
        Self { schema, ..self }
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::diagram::sample::CHATBOT;

    #[test]
    fn reads_and_writes_are_in_the_order_of_declaration() {
        assert!(CHATBOT.reads(3).eq(["history"]));
        assert!(CHATBOT.writes(0).eq(["history", "prompt"]));
    }

    #[test]
    fn an_unknown_node_reads_and_writes_nothing() {
        assert_eq!(CHATBOT.reads(99).count(), 0);
        assert_eq!(CHATBOT.writes(usize::MAX).count(), 0);
    }
}
