//! Diagrams of a graph in Mermaid and DOT, its description in JSON, and a listing for terminals.
//!
//! The diagrams use the same notation: a circle is the start, a double circle the end, a hexagon a
//! pause, with a dotted edge to the node where the next run starts, and a parallelogram a node that
//! yields items. `on error` edges are dashed. A graph that a node runs as a child is drawn beside the node, in a frame; each
//! graph is drawn once, and is a box with its name after that. Text from the user's code is escaped for each format.

mod dot;
mod json;
mod mermaid;
mod nested;
mod text;

use super::topology::{Edge, EdgeEnd, EdgeKind, NodeInfo, Topology};
use std::{borrow::Cow, collections::BTreeSet};

impl Topology {
    /// Returns the graph as a Mermaid flowchart.
    ///
    /// ```
    #[doc = include_str!("../../docs/cafe.txt")]
    /// assert_eq!(Cafe::TOPOLOGY.mermaid(), r#"
    /// flowchart TD
    ///     s(("start"))
    ///     n0[/"brew"/]
    ///     n1[/"pay"/]
    ///     p0{{"pause"}}
    ///     e((("end")))
    ///     s --> n0
    ///     n0 --> n1
    ///     n1 -->|"state.cups #lt; 10"| p0
    ///     n1 -->|"else"| e
    ///     p0 -. "next run" .-> n0
    /// "#.trim_start());
    /// # Ok(()) }
    /// ```
    pub fn mermaid(&self) -> String {
        mermaid::Mermaid(self).to_string()
    }

    /// Returns the graph in DOT, the language of Graphviz.
    ///
    /// ```
    #[doc = include_str!("../../docs/cafe.txt")]
    /// let dot = Cafe::TOPOLOGY.dot(); // for example for `dot -Tsvg`
    /// assert!(dot.starts_with("digraph \"Cafe\" {"));
    /// assert!(dot.contains("n0 [label=\"brew\", shape=parallelogram];"));
    /// assert!(dot.contains("n0 -> n1;"));
    /// # Ok(()) }
    /// ```
    pub fn dot(&self) -> String {
        dot::Dot(self).to_string()
    }

    /// Returns a listing of the graph for terminals: each node with its reads, its writes and its edges.
    ///
    /// ```
    #[doc = include_str!("../../docs/cafe.txt")]
    /// assert_eq!(Cafe::TOPOLOGY.text(), "
    /// Cafe(Bill)
    /// Serves one table: each run brews some cups and takes the payment.
    /// inputs     cups: u32
    /// yields     String
    ///
    /// ● brew  (start)  (streams)
    /// │ reads cups
    /// │ writes cups
    /// └─▶ pay
    ///
    /// ○ pay  (streams)
    /// │ reads cups
    /// │ writes paid
    /// ├─ state.cups < 10 ─▶ pause brew
    /// └─ else ─▶ end
    /// ".trim_start());
    /// # Ok(()) }
    /// ```
    pub fn text(&self) -> String {
        text::Text(self).to_string()
    }

    /// Returns the graph as JSON, with nodes and fields by name.
    ///
    /// A node that runs children has `graphs`, with the `name` of each argument and its `graph`. The topologies of these
    /// graphs, and of those that they run, are in the `graphs` of the JSON, each once. The graph itself is not repeated.
    ///
    /// ```
    #[doc = include_str!("../../docs/cafe.txt")]
    /// let json = Cafe::TOPOLOGY.json();
    /// assert_eq!(json["start"], "brew");
    /// assert_eq!(json["nodes"][1]["writes"][0], "paid");
    /// assert_eq!(json["edges"][0]["to"]["node"], "pay");
    /// # Ok(()) }
    /// ```
    pub fn json(&self) -> serde_json::Value {
        json::describe(self)
    }

    /// Returns a hash of the nodes, the edges and their declarations, without docs and former names, and with the
    /// names of children only. A log records it, which shows whether the graph has changed since it wrote a session.
    pub fn hash(&self) -> u64 {
        let mut shape = json::shape(self);
        // a dependency may enable the feature `preserve_order` of serde_json
        shape.sort_all_objects();
        super::name_hash(&shape.to_string())
    }

    fn node_name(&self, node: usize) -> &'static str {
        self.nodes.get(node).map_or("?", |node| node.name)
    }

    /// Returns the distinct targets of pauses.
    fn pauses(&self) -> BTreeSet<usize> {
        let target = |edge: &Edge| match edge.to {
            EdgeEnd::Pause(node) => Some(node),
            EdgeEnd::Node(_) | EdgeEnd::End => None,
        };
        self.edges.iter().filter_map(target).collect()
    }

    fn has_end(&self) -> bool {
        self.edges.iter().any(|edge| edge.to == EdgeEnd::End)
    }
}

/// Returns the title of a node, written as in `graph!`: with its action only if that has another name.
fn title(node: &NodeInfo) -> Cow<'static, str> {
    if node.name == node.action {
        node.name.into()
    } else {
        format!("{}: {}", node.name, node.action).into()
    }
}

/// Returns the text for the condition of an edge.
fn condition(edge: &Edge) -> Option<Cow<'static, str>> {
    match (edge.kind, edge.label) {
        (EdgeKind::Transition, label) => label.map(Cow::from),
        (EdgeKind::Error, None) => Some("on error".into()),
        (EdgeKind::Error, Some(label)) => Some(format!("on error, {label}").into()),
    }
}

#[cfg(test)]
pub(super) mod sample {
    use super::super::{
        ChildInfo,
        topology::{BindingInfo, Edge, EdgeEnd, EdgeKind, NodeInfo, Topology},
    };
    use crate::state::{FieldInfo, FieldSet, TypeSchema, set_of};

    const FIELDS: &[FieldInfo] = &[
        field("history", "Vector<Message>", false),
        field("prompt", "Slot<String>", true),
        field("safe", "Slot<bool>", true),
        field("reply", "Slot<Message>", true),
    ];

    const fn field(name: &'static str, ty: &'static str, slot: bool) -> FieldInfo {
        FieldInfo { slot, ..FieldInfo::new(name, ty) }
    }

    const fn node(
        name: &'static str,
        action: &'static str,
        reads: &[&str],
        writes: &[&str],
        streams: bool,
    ) -> NodeInfo {
        NodeInfo {
            name,
            action,
            docs: "",
            reads: set_of(FIELDS, reads),
            writes: set_of(FIELDS, writes),
            optional_writes: FieldSet::EMPTY,
            streams,
            params: &[],
            needs: &[],
            graphs: &[],
            fact: 0,
            conditions: FieldSet::EMPTY,
            error_conditions: FieldSet::EMPTY,
        }
    }

    const fn edge(from: usize, to: EdgeEnd, label: Option<&'static str>) -> Edge {
        let kind = EdgeKind::Transition;
        Edge { from, to, label, kind }
    }

    /// A small version of the chatbot in the crate's documentation.
    pub(crate) const CHATBOT: Topology = Topology {
        name: "Chatbot",
        former_names: &[],
        docs: "Answers a prompt in the mode that fits it.\n\nRefuses unsafe prompts.",
        state: "Chat",
        start: 0,
        nodes: &[
            node("prompt", "take_prompt", &["history"], &["prompt", "history"], false),
            node("check_safety", "check_safety", &["prompt"], &["safe"], false),
            node("farewell", "farewell", &[], &[], false),
            node("answer", "respond", &["history"], &["reply", "history"], true),
        ],
        edges: &[
            edge(0, EdgeEnd::Node(1), None),
            edge(1, EdgeEnd::Node(3), Some("state.safe")),
            edge(1, EdgeEnd::Node(2), Some("else")),
            edge(3, EdgeEnd::Pause(0), None),
            Edge { from: 3, to: EdgeEnd::Node(2), label: None, kind: EdgeKind::Error },
            edge(2, EdgeEnd::End, None),
        ],
        inputs: &[BindingInfo::required("prompt", "String")],
        resources: &[BindingInfo::required("llm", "Llm")],
        yields: Some("Delta"),
        item_schema: TypeSchema::UNKNOWN,
        fields: FIELDS,
    };

    const WITH_CHILDREN: &[NodeInfo] = &[
        node("plan", "plan", &["history"], &["prompt"], false),
        NodeInfo {
            graphs: &[
                ChildInfo::to("searching", || SEARCHING),
                ChildInfo::to("chatting", || PARENT),
            ],
            ..node("investigate", "investigate", &["prompt"], &["reply"], true)
        },
        NodeInfo {
            graphs: &[ChildInfo::to("check", || SEARCHING)],
            ..node("verify", "verify", &["reply"], &["safe"], false)
        },
    ];

    /// A graph that runs another one in two nodes, and itself.
    pub(crate) const PARENT: Topology = Topology {
        name: "Reporting",
        docs: "",
        nodes: WITH_CHILDREN,
        edges: &[
            edge(0, EdgeEnd::Node(1), None),
            edge(1, EdgeEnd::Node(2), None),
            edge(2, EdgeEnd::Pause(0), Some("state.safe")),
            edge(2, EdgeEnd::End, Some("else")),
            Edge { from: 1, to: EdgeEnd::End, label: None, kind: EdgeKind::Error },
        ],
        ..CHATBOT
    };

    /// A graph that runs itself.
    pub(crate) const SEARCHING: Topology = Topology {
        name: "Searching",
        docs: "Finds sources.",
        state: "Finding",
        nodes: &[
            NodeInfo {
                graphs: &[ChildInfo::to("deeper", || SEARCHING)],
                ..node("search", "search", &[], &[], true)
            },
            node("give_up", "give_up", &[], &[], false),
        ],
        edges: &[
            edge(0, EdgeEnd::End, None),
            Edge { from: 0, to: EdgeEnd::Node(1), label: None, kind: EdgeKind::Error },
            edge(1, EdgeEnd::Pause(0), None),
        ],
        inputs: &[],
        resources: &[],
        ..CHATBOT
    };

    /// Labels that break diagrams if they are not escaped.
    pub(crate) const NASTY: &[&str] = &[
        r#"state.name == "it's \"x\"\n""#,
        "a < b && b > c || !d | e",
        "`x` #quot; &amp; &#60; #35;",
        "first;\nsecond;\r\nthird\ttab",
        "end",
        "%%{init: {'theme':'dark'}}%% --> graph default subgraph",
        "[x](y) *bold* _em_ __strong__ ~~gone~~ $$x^2$$ <b>html</b>",
        "1. list",
        "- dash",
        "# heading",
        "state.style == Style::Red # x; classDef a:# ;",
        r"C:\new\table \l \N \G",
        "größe → 日本語 🎉 \u{202e}rtl",
        "",
        "   ",
        "\"",
        "\\",
        "_ | (_, _) if state.x",
        "<script>alert(1)</script>",
        "fa:fa-car ]]) }} |x|",
        "\u{1b}[31mred\u{7}\0",
    ];

    /// Returns a graph with one node and one edge for each of the [`NASTY`] labels.
    pub(crate) fn nasty() -> Topology {
        let nodes: Vec<NodeInfo> =
            NASTY.iter().map(|name| node(name, name, &[], &[], name.len() % 2 == 0)).collect();
        let edges: Vec<Edge> = NASTY
            .iter()
            .enumerate()
            .map(|(index, label)| {
                edge(index, EdgeEnd::Node((index + 1) % NASTY.len()), Some(label))
            })
            .chain([
                edge(0, EdgeEnd::Pause(3), Some(NASTY[0])),
                edge(1, EdgeEnd::End, Some(NASTY[1])),
            ])
            .collect();
        Topology {
            name: NASTY[0],
            docs: NASTY[2],
            state: NASTY[1],
            nodes: nodes.leak(),
            edges: edges.leak(),
            ..CHATBOT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sample::CHATBOT;
    use super::*;

    #[test]
    fn pauses_with_the_same_target_are_drawn_once() {
        let to = |to| Edge { to, ..CHATBOT.edges[0] };
        let edges = vec![to(EdgeEnd::Pause(2)), to(EdgeEnd::Pause(0)), to(EdgeEnd::Pause(2))];
        let topology = Topology { edges: edges.leak(), ..CHATBOT };
        assert!(topology.pauses().into_iter().eq([0, 2]));
        assert!(!topology.has_end());
    }

    #[test]
    fn the_condition_of_an_error_edge_starts_with_on_error() {
        let error = |label| condition(&Edge { label, kind: EdgeKind::Error, ..CHATBOT.edges[0] });
        assert_eq!(error(None).as_deref(), Some("on error"));
        assert_eq!(error(Some("else")).as_deref(), Some("on error, else"));
    }

    #[test]
    fn invalid_indices_are_drawn_without_a_panic() {
        let to = |to| Edge { from: 70, to, ..CHATBOT.edges[0] };
        let edges = vec![to(EdgeEnd::Pause(80)), to(EdgeEnd::Node(usize::MAX))];
        let topology = Topology { start: 90, nodes: &[], edges: edges.leak(), ..CHATBOT };
        assert!(topology.mermaid().contains("n70 --> p80"));
        assert!(topology.dot().contains("n70 -> p80"));
        assert_eq!(topology.json()["start"], "?");
        assert!(topology.text().starts_with("Chatbot"));
    }
}
