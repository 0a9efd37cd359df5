//! The shape of a graph as plain data: nodes, edges, and what they read and write.
//!
//! `graph!` emits one as a const. Pictures are drawn from it, the inspector reads it; which node
//! comes next is never looked up in it.

use crate::{
    action::{NeedInfo, NeedKind},
    state::{FieldInfo, FieldSet, TypeSchema},
};
use serde::Serialize;

/// Describes a graph: what `Name::TOPOLOGY` holds and every picture is drawn from.
///
/// It serialises as [`json`](Topology::json) shows it, with names instead of indices.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Topology {
    /// The name of the graph, by which a log knows to whom a session belongs.
    pub name: &'static str,
    /// What the graph was called before: `#[renamed_from("…")]`. Sessions of these names are its own.
    pub former_names: &'static [&'static str],
    /// The doc comment, empty when there is none.
    pub docs: &'static str,
    /// The name of the state.
    pub state: &'static str,
    /// The index of the node where a session begins.
    pub start: usize,
    /// The nodes in the order of their declaration; their place is their index.
    pub nodes: &'static [NodeInfo],
    /// What may follow what.
    pub edges: &'static [Edge],
    /// What is given per run.
    pub inputs: &'static [BindingInfo],
    /// What is given once per app.
    pub resources: &'static [BindingInfo],
    /// The type of the items, when a node streams.
    pub yields: Option<&'static str>,
    /// How the JSON of an item looks.
    pub item_schema: TypeSchema,
    /// The fields of the state, to which the sets of the nodes refer.
    pub fields: &'static [FieldInfo],
}

impl Topology {
    /// Returns a graph without inputs, resources and items.
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

    /// The name of the graph, and then its former names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name].into_iter().chain(self.former_names.iter().copied())
    }

    /// Names the fields that a node reads, in the order of their declaration.
    pub fn reads(&self, node: usize) -> impl Iterator<Item = &'static str> {
        self.field_names(self.nodes.get(node).map(|node| node.reads))
    }

    /// Names the fields that a node writes, in the order of their declaration.
    pub fn writes(&self, node: usize) -> impl Iterator<Item = &'static str> {
        self.field_names(self.nodes.get(node).map(|node| node.writes))
    }

    /// The inputs that a node needs, in the order of their declaration.
    pub fn inputs(&self, node: usize) -> impl Iterator<Item = &'static BindingInfo> {
        self.needed(self.inputs, node, NeedKind::Input)
    }

    /// The resources that a node needs, in the order of their declaration.
    pub fn resources(&self, node: usize) -> impl Iterator<Item = &'static BindingInfo> {
        self.needed(self.resources, node, NeedKind::Resource)
    }

    /// The inputs that a run started at a node can use before its next pause, in the order of their
    /// declaration.
    pub fn run_inputs(&self, node: usize) -> impl Iterator<Item = &'static BindingInfo> {
        let reachable = self.reachable_before_pause(node);
        let needed = self.nodes.iter().zip(reachable).filter(|(_, reached)| *reached);
        let needs: Vec<_> = needed.flat_map(|(node, _)| node.needs).collect();
        self.inputs.iter().filter(move |input| {
            needs.iter().any(|need| need.kind == NeedKind::Input && need.name == input.name)
        })
    }

    /// Whether an input may be left out.
    pub(crate) fn has_optional_inputs(&self) -> bool {
        self.inputs.iter().any(|input| input.optional)
    }

    /// Which nodes a run that begins at `from` can come to without crossing a pause.
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

/// Describes a node: an action under a name.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// The name of the node.
    pub name: &'static str,
    /// The path of the action as the graph writes it.
    pub action: &'static str,
    /// The doc comment of the action, empty when there is none.
    pub docs: &'static str,
    /// The fields that the action reads.
    pub reads: FieldSet,
    /// The fields that the action writes.
    pub writes: FieldSet,
    /// Whether the action yields items.
    pub streams: bool,
    /// What the graph binds parameters to.
    pub params: &'static [BoundParam],
    /// The inputs and resources that the action needs.
    pub needs: &'static [NeedInfo],
    /// The place of the action among the distinct ones of the graph.
    pub(crate) fact: usize,
    /// The fields that the conditions behind the node read.
    pub(crate) conditions: FieldSet,
    /// The fields that the conditions of its `on error` edge read.
    pub(crate) error_conditions: FieldSet,
}

/// A parameter of an action as a graph binds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BoundParam {
    /// Its name.
    pub name: &'static str,
    /// The expression as written.
    pub value: &'static str,
}

impl BoundParam {
    /// Returns a parameter that is bound to this expression.
    #[doc(hidden)]
    pub const fn new(name: &'static str, value: &'static str) -> Self {
        Self { name, value }
    }
}

/// Describes one way from a node to what may follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// The index of the node that it leaves.
    pub from: usize,
    /// Where it leads.
    pub to: EdgeEnd,
    /// The condition as text, when there is one.
    pub label: Option<&'static str>,
    /// When it is taken.
    pub kind: EdgeKind,
}

impl Edge {
    /// A transition to a node; an empty label stands for none.
    #[doc(hidden)]
    pub const fn node(from: usize, to: usize, label: &'static str) -> Self {
        Self::transition(from, EdgeEnd::Node(to), label)
    }

    /// A transition to a pause before a node.
    #[doc(hidden)]
    pub const fn pause(from: usize, to: usize, label: &'static str) -> Self {
        Self::transition(from, EdgeEnd::Pause(to), label)
    }

    /// A transition to the end of the session.
    #[doc(hidden)]
    pub const fn end(from: usize, label: &'static str) -> Self {
        Self::transition(from, EdgeEnd::End, label)
    }

    /// The same edge, taken after a failure.
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

/// Tells where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeEnd {
    /// The run goes on at the node with this index.
    Node(usize),
    /// The run is over, and the next one begins at the node with this index.
    Pause(usize),
    /// The session is over.
    End,
}

/// Tells when an edge is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EdgeKind {
    /// After a commit.
    Transition,
    /// After a step that failed for good.
    Error,
}

/// Describes an input or a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BindingInfo {
    /// The name that actions ask for.
    pub name: &'static str,
    /// The type as written.
    pub ty: &'static str,
    /// Whether it may be left out: an input whose type is written `Option<…>`.
    pub optional: bool,
    /// Whether readers of a session may see its value: an input with `#[public]`.
    pub public: bool,
    /// How the JSON of its type looks; unknown for a resource.
    #[serde(skip)]
    pub schema: TypeSchema,
}

impl BindingInfo {
    /// One that has to be given.
    #[doc(hidden)]
    pub const fn required(name: &'static str, ty: &'static str) -> Self {
        Self { name, ty, optional: false, public: false, schema: TypeSchema::UNKNOWN }
    }

    /// One that may be left out.
    #[doc(hidden)]
    pub const fn optional(name: &'static str, ty: &'static str) -> Self {
        Self { optional: true, ..Self::required(name, ty) }
    }

    /// The same for an input that readers may see.
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
    use crate::graph::picture::sample::CHATBOT;

    #[test]
    fn reads_and_writes_are_named_in_the_order_of_declaration() {
        assert!(CHATBOT.reads(3).eq(["history"]));
        assert!(CHATBOT.writes(0).eq(["history", "prompt"]));
    }

    #[test]
    fn a_node_that_does_not_exist_reads_and_writes_nothing() {
        assert_eq!(CHATBOT.reads(99).count(), 0);
        assert_eq!(CHATBOT.writes(usize::MAX).count(), 0);
    }
}
