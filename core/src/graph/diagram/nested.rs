//! Graphs that are drawn inside the nodes that run them.

use crate::graph::{ChildInfo, Topology};
use std::fmt::{self, Display, Formatter};

/// The names of the graphs that a picture contains. Each graph is drawn once, and then referred to by its name, because
/// graphs can contain themselves.
pub(super) struct Drawn(Vec<&'static str>);

impl Drawn {
    /// Starts a picture of a graph.
    pub(super) fn start(graph: &Topology) -> Self {
        Self(vec![graph.name])
    }

    /// Returns the graph of a child, if it is to be drawn here.
    pub(super) fn first(&mut self, child: &ChildInfo) -> Option<Topology> {
        let graph = child.topology();
        if self.0.contains(&graph.name) {
            return None;
        }
        self.0.push(graph.name);
        Some(graph)
    }
}

/// Returns the graphs that the nodes of a graph run as children, and those of their nodes, each once.
pub(super) fn child_graphs(graph: &Topology) -> Vec<Topology> {
    fn add(graph: &Topology, drawn: &mut Drawn, found: &mut Vec<Topology>) {
        for child in graph.nodes.iter().flat_map(|node| node.graphs) {
            if let Some(child) = drawn.first(child) {
                found.push(child);
                add(&child, drawn, found);
            }
        }
    }
    let mut found = Vec::new();
    add(graph, &mut Drawn::start(graph), &mut found);
    found
}

/// Returns the title of a child: the name of the argument and that of its graph.
pub(super) fn child_title(child: &ChildInfo) -> String {
    format!("{}: {}", child.name, child.topology().name)
}

/// The place of a graph in a picture: the indentation of its lines, and the start of the ids of its parts.
pub(super) struct Place {
    pub(super) indent: usize,
    pub(super) ids: String,
}

impl Place {
    /// Returns the place of the graph that contains the others.
    pub(super) fn outermost() -> Self {
        Self { indent: 4, ids: String::new() }
    }

    /// Returns the same place for lines that are one level deeper.
    pub(super) fn deeper(&self) -> Self {
        Self { indent: self.indent + 4, ids: self.ids.clone() }
    }

    /// Returns the place of a graph inside a frame at this place, which has this id.
    pub(super) fn inside(&self, id: &str) -> Self {
        Self { indent: self.indent + 4, ids: format!("{id}_") }
    }
}

/// Writes the indentation.
impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:indent$}", "", indent = self.indent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{
        NodeInfo,
        diagram::sample::{CHATBOT, PARENT, SEARCHING},
    };
    use serde_json::json;

    #[test]
    fn mermaid_draws_each_graph_once_inside_its_node() {
        let expected = r#"flowchart TD
    s(("start"))
    n0["plan"]
    subgraph c1[" "]
        n1[/"investigate"/]
        subgraph n1g0["searching: Searching"]
            n1g0_s(("start"))
            subgraph n1g0_c0[" "]
                n1g0_n0[/"search"/]
                n1g0_n0g0[["deeper: Searching"]]
                n1g0_n0 --o n1g0_n0g0
            end
            n1g0_n1["give_up"]
            n1g0_p0{{"pause"}}
            n1g0_e((("end")))
            n1g0_s --> n1g0_n0
            n1g0_n0 --> n1g0_e
            n1g0_n0 -.->|"on error"| n1g0_n1
            n1g0_n1 --> n1g0_p0
            n1g0_p0 -. "next run" .-> n1g0_n0
        end
        n1 --o n1g0_s
        n1g1[["chatting: Reporting"]]
        n1 --o n1g1
    end
    subgraph c2[" "]
        n2["verify"]
        n2g0[["check: Searching"]]
        n2 --o n2g0
    end
    p0{{"pause"}}
    e((("end")))
    s --> n0
    n0 --> n1
    n1 --> n2
    n2 -->|"state.safe"| p0
    n2 -->|"else"| e
    n1 -.->|"on error"| e
    p0 -. "next run" .-> n0
    linkStyle 3 stroke:firebrick,stroke-dasharray:6 4
    linkStyle 14 stroke:firebrick,stroke-dasharray:6 4
"#;
        assert_eq!(PARENT.mermaid(), expected);
    }

    #[test]
    fn styles_of_mermaid_count_the_edges_of_all_graphs() {
        let diagram = PARENT.mermaid();
        let edge = |line: &&str| ["-->", "-.", "--o"].iter().any(|arrow| line.contains(arrow));
        let edges: Vec<_> = diagram.lines().filter(edge).collect();
        for line in diagram.lines().filter(|line| line.contains("linkStyle")) {
            let number: Option<usize> = line.split(' ').find_map(|word| word.parse().ok());
            let edge = number.and_then(|number| edges.get(number));
            assert!(edge.is_some_and(|edge| edge.contains("on error")), "{line}: {edge:?}");
        }
    }

    #[test]
    fn dot_draws_each_graph_once_inside_its_node() {
        let expected = r#"    newrank=true;
    node [fontname="Helvetica", shape=box];
    edge [fontname="Helvetica", fontsize=11];
    s [label="start", shape=circle];
    n0 [label="plan"];
    subgraph cluster_n1 {
        label="";
        n1 [label="investigate", shape=parallelogram];
        subgraph cluster_n1g0 {
            label="searching: Searching";
            fontname="Helvetica";
            n1g0_s [label="start", shape=circle];
            subgraph cluster_n1g0_n0 {
                label="";
                n1g0_n0 [label="search", shape=parallelogram];
                n1g0_n0g0 [label="deeper: Searching", peripheries=2];
                n1g0_n0 -> n1g0_n0g0 [arrowhead=odot];
            }
            n1g0_n1 [label="give_up"];
            n1g0_p0 [label="pause", shape=hexagon];
            n1g0_e [label="end", shape=doublecircle];
            n1g0_s -> n1g0_n0;
            n1g0_n0 -> n1g0_e;
            n1g0_n0 -> n1g0_n1 [label="on error", style=dashed, color=firebrick];
            n1g0_n1 -> n1g0_p0;
            n1g0_p0 -> n1g0_n0 [label="next run", style=dotted];
        }
        n1 -> n1g0_s [arrowhead=odot];
        n1g1 [label="chatting: Reporting", peripheries=2];
        n1 -> n1g1 [arrowhead=odot];
    }
    subgraph cluster_n2 {
        label="";
        n2 [label="verify"];
        n2g0 [label="check: Searching", peripheries=2];
        n2 -> n2g0 [arrowhead=odot];
    }
    p0 [label="pause", shape=hexagon];
"#;
        let dot = PARENT.dot();
        assert!(dot.contains(expected), "{dot}");
    }

    #[test]
    fn the_listing_names_children_and_lists_each_graph_once() {
        let listing = PARENT.text();
        let runs: Vec<_> = listing.lines().filter(|line| line.starts_with("│ runs")).collect();
        let expected = [
            "│ runs searching: Searching",
            "│ runs chatting: Reporting",
            "│ runs check: Searching",
            "│ runs deeper: Searching",
        ];
        assert_eq!(runs, expected);
        assert_eq!(listing.matches("Reporting(Chat)").count(), 1);
        assert!(listing.contains("\n\nSearching(Finding)\nFinds sources.\n"), "{listing}");
        assert_eq!(listing.matches("Searching(Finding)").count(), 1);
    }

    #[test]
    fn json_has_the_children_of_nodes_and_each_graph_once() {
        let json = PARENT.json();
        let nodes = &json["nodes"];
        let children = json!([
            { "name": "searching", "graph": "Searching" },
            { "name": "chatting", "graph": "Reporting" },
        ]);
        assert_eq!(nodes[1]["graphs"], children);
        assert_eq!(nodes[0].get("graphs"), None);
        let graphs = json["graphs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let alone = SEARCHING.json();
        assert_eq!(alone.get("graphs"), None, "the graph itself is not repeated");
        assert_eq!(alone["nodes"][0]["graphs"][0]["graph"], "Searching");
        assert_eq!(graphs, [alone]);
    }

    #[test]
    fn the_hash_has_the_names_of_children_and_nothing_else_of_them() {
        fn with(children: Vec<ChildInfo>) -> u64 {
            let node = NodeInfo { graphs: children.leak(), ..CHATBOT.nodes[0] };
            let nodes = [&[node], &CHATBOT.nodes[1..]].concat();
            Topology { nodes: nodes.leak(), ..CHATBOT }.hash()
        }
        let searching = with(vec![ChildInfo::to("searching", || SEARCHING)]);
        let edited = || Topology { edges: &[], fields: &[], docs: "Edited.", ..SEARCHING };
        assert_eq!(with(vec![ChildInfo::to("searching", edited)]), searching);
        assert_eq!(with(Vec::new()), CHATBOT.hash());
        for changed in [
            with(Vec::new()),
            with(vec![ChildInfo::to("search", || SEARCHING)]),
            with(vec![ChildInfo::to("searching", || PARENT)]),
        ] {
            assert_ne!(changed, searching);
        }
    }
}
