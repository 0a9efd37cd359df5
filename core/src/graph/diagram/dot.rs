//! The graph in DOT, the language of Graphviz.

use super::{
    condition,
    nested::{Drawn, Place, child_title},
    title,
};
use crate::graph::topology::{Edge, EdgeEnd, EdgeKind, NodeInfo, Topology};
use std::fmt::{self, Display, Formatter, Write};

pub(super) struct Dot<'a>(pub(super) &'a Topology);

impl Display for Dot<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "digraph {} {{", Quoted(self.0.name))?;
        if self.0.nodes.iter().any(|node| !node.graphs.is_empty()) {
            // without it, dot ranks the frames before the nodes around them
            writeln!(f, "    newrank=true;")?;
        }
        writeln!(f, "    node [fontname=\"Helvetica\", shape=box];")?;
        writeln!(f, "    edge [fontname=\"Helvetica\", fontsize=11];")?;
        Picture { f, drawn: Drawn::start(self.0) }.graph(self.0, &Place::outermost())?;
        writeln!(f, "}}")
    }
}

struct Picture<'p, 'f> {
    f: &'p mut Formatter<'f>,
    drawn: Drawn,
}

impl Picture<'_, '_> {
    fn graph(&mut self, graph: &Topology, place: &Place) -> fmt::Result {
        let ids = &place.ids;
        writeln!(self.f, "{place}{ids}s [label=\"start\", shape=circle];")?;
        for (index, node) in graph.nodes.iter().enumerate() {
            self.node(index, node, place)?;
        }
        for target in graph.pauses() {
            writeln!(self.f, "{place}{ids}p{target} [label=\"pause\", shape=hexagon];")?;
        }
        if graph.has_end() {
            writeln!(self.f, "{place}{ids}e [label=\"end\", shape=doublecircle];")?;
        }
        writeln!(self.f, "{place}{ids}s -> {ids}n{};", graph.start)?;
        for edge in graph.edges {
            self.edge(edge, place)?;
        }
        for target in graph.pauses() {
            let style = "[label=\"next run\", style=dotted]";
            writeln!(self.f, "{place}{ids}p{target} -> {ids}n{target} {style};")?;
        }
        Ok(())
    }

    fn node(&mut self, index: usize, node: &NodeInfo, place: &Place) -> fmt::Result {
        if node.graphs.is_empty() {
            return self.box_of(index, node, place);
        }
        let (ids, inner) = (&place.ids, place.deeper());
        writeln!(self.f, "{place}subgraph cluster_{ids}n{index} {{")?;
        writeln!(self.f, "{inner}label=\"\";")?;
        self.box_of(index, node, &inner)?;
        for (number, child) in node.graphs.iter().enumerate() {
            let (id, label) = (format!("{ids}n{index}g{number}"), child_title(child));
            let label = Quoted(&label);
            let runs = format!("{inner}{ids}n{index} -> {id}");
            let Some(graph) = self.drawn.first(child) else {
                writeln!(self.f, "{inner}{id} [label={label}, peripheries=2];")?;
                writeln!(self.f, "{runs} [arrowhead=odot];")?;
                continue;
            };
            let nested = inner.inside(&id);
            writeln!(self.f, "{inner}subgraph cluster_{id} {{")?;
            writeln!(self.f, "{nested}label={label};")?;
            writeln!(self.f, "{nested}fontname=\"Helvetica\";")?;
            self.graph(&graph, &nested)?;
            writeln!(self.f, "{inner}}}")?;
            writeln!(self.f, "{runs}_s [arrowhead=odot];")?;
        }
        writeln!(self.f, "{place}}}")
    }

    fn box_of(&mut self, index: usize, node: &NodeInfo, place: &Place) -> fmt::Result {
        let ids = &place.ids;
        write!(self.f, "{place}{ids}n{index} [label={}", Quoted(&title(node)))?;
        if node.streams {
            write!(self.f, ", shape=parallelogram")?;
        }
        if !node.docs.is_empty() {
            write!(self.f, ", tooltip={}", Quoted(node.docs))?;
        }
        writeln!(self.f, "];")
    }

    fn edge(&mut self, edge: &Edge, place: &Place) -> fmt::Result {
        let ids = &place.ids;
        write!(self.f, "{place}{ids}n{} -> ", edge.from)?;
        match edge.to {
            EdgeEnd::Node(node) => write!(self.f, "{ids}n{node}")?,
            EdgeEnd::Pause(node) => write!(self.f, "{ids}p{node}")?,
            EdgeEnd::End => write!(self.f, "{ids}e")?,
        }
        match (condition(edge), edge.kind) {
            (None, _) => writeln!(self.f, ";"),
            (Some(text), EdgeKind::Transition) => {
                writeln!(self.f, " [label={}];", Quoted(&text))
            }
            (Some(text), EdgeKind::Error) => {
                let label = Quoted(&text);
                writeln!(self.f, " [label={label}, style=dashed, color=firebrick];")
            }
        }
    }
}

/// A quoted string that Graphviz renders as exactly this text.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for char in self.0.chars() {
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                // Graphviz decodes HTML entities in every label.
                '&' => f.write_str("&amp;")?,
                '\n' => f.write_str("\\n")?,
                '\r' => {}
                char if char.is_control() => f.write_char(' ')?,
                char => f.write_char(char)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::diagram::sample::{CHATBOT, nasty};

    #[test]
    fn the_chatbot_is_drawn() {
        let expected = r#"digraph "Chatbot" {
    node [fontname="Helvetica", shape=box];
    edge [fontname="Helvetica", fontsize=11];
    s [label="start", shape=circle];
    n0 [label="prompt: take_prompt"];
    n1 [label="check_safety"];
    n2 [label="farewell"];
    n3 [label="answer: respond", shape=parallelogram];
    p0 [label="pause", shape=hexagon];
    e [label="end", shape=doublecircle];
    s -> n0;
    n0 -> n1;
    n1 -> n3 [label="state.safe"];
    n1 -> n2 [label="else"];
    n3 -> p0;
    n3 -> n2 [label="on error", style=dashed, color=firebrick];
    n2 -> e;
    p0 -> n0 [label="next run", style=dotted];
}
"#;
        assert_eq!(CHATBOT.dot(), expected);
    }

    #[test]
    fn strings_are_escaped() {
        for (text, quoted) in [
            ("a | b; # <x>", r#""a | b; # <x>""#),
            (r#"say "x""#, r#""say \"x\"""#),
            (r"\n\", r#""\\n\\""#),
            ("one\r\ntwo\tthree\0", r#""one\ntwo three ""#),
            ("&lt; a && b", r#""&amp;lt; a &amp;&amp; b""#),
            ("größe → 日本", r#""größe → 日本""#),
            ("", r#""""#),
        ] {
            assert_eq!(Quoted(text).to_string(), quoted, "{text}");
        }
    }

    #[test]
    fn each_statement_has_its_own_line() {
        let topology = nasty();
        let statements = topology.nodes.len() + topology.edges.len();
        // Head, two defaults, start with its edge, pause with its edge, end, closing brace.
        assert_eq!(topology.dot().lines().count(), statements + 9);
    }

    #[test]
    fn docs_become_tooltips() {
        let node = NodeInfo { docs: "Replies \"hi\".", ..CHATBOT.nodes[1] };
        let topology = Topology { nodes: vec![node].leak(), ..CHATBOT };
        assert!(topology.dot().contains(r#"tooltip="Replies \"hi\".""#));
    }
}
