//! The graph in DOT, the language of Graphviz.

use super::{condition, title};
use crate::graph::topology::{Edge, EdgeEnd, EdgeKind, NodeInfo, Topology};
use std::fmt::{self, Display, Formatter, Write};

pub(super) struct Dot<'a>(pub(super) &'a Topology);

impl Display for Dot<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "digraph {} {{", Quoted(self.0.name))?;
        writeln!(f, "    node [fontname=\"Helvetica\", shape=box];")?;
        writeln!(f, "    edge [fontname=\"Helvetica\", fontsize=11];")?;
        self.nodes(f)?;
        self.edges(f)?;
        writeln!(f, "}}")
    }
}

impl Dot<'_> {
    fn nodes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "    s [label=\"start\", shape=circle];")?;
        for (index, node) in self.0.nodes.iter().enumerate() {
            draw_node(index, node, f)?;
        }
        for target in self.0.pauses() {
            writeln!(f, "    p{target} [label=\"pause\", shape=hexagon];")?;
        }
        if self.0.has_end() {
            writeln!(f, "    e [label=\"end\", shape=doublecircle];")?;
        }
        Ok(())
    }

    fn edges(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "    s -> n{};", self.0.start)?;
        for edge in self.0.edges {
            draw_edge(edge, f)?;
        }
        for target in self.0.pauses() {
            writeln!(f, "    p{target} -> n{target} [label=\"next run\", style=dotted];")?;
        }
        Ok(())
    }
}

fn draw_node(index: usize, node: &NodeInfo, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "    n{index} [label={}", Quoted(&title(node)))?;
    if node.streams {
        write!(f, ", shape=parallelogram")?;
    }
    if !node.docs.is_empty() {
        write!(f, ", tooltip={}", Quoted(node.docs))?;
    }
    writeln!(f, "];")
}

fn draw_edge(edge: &Edge, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "    n{} -> ", edge.from)?;
    match edge.to {
        EdgeEnd::Node(node) => write!(f, "n{node}")?,
        EdgeEnd::Pause(node) => write!(f, "p{node}")?,
        EdgeEnd::End => write!(f, "e")?,
    }
    match (condition(edge), edge.kind) {
        (None, _) => writeln!(f, ";"),
        (Some(text), EdgeKind::Transition) => writeln!(f, " [label={}];", Quoted(&text)),
        (Some(text), EdgeKind::Error) => {
            writeln!(f, " [label={}, style=dashed, color=firebrick];", Quoted(&text))
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
