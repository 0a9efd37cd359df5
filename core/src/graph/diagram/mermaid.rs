//! The graph as a Mermaid flowchart.
//!
//! The ids are generated (`n0`, `p0`, `s`, `e`), because names such as `end` are keywords of Mermaid.

use super::{
    condition,
    nested::{Drawn, Place, child_title},
    title,
};
use crate::graph::topology::{Edge, EdgeEnd, EdgeKind, NodeInfo, Topology};
use std::fmt::{self, Display, Formatter, Write};

pub(super) struct Mermaid<'a>(pub(super) &'a Topology);

impl Display for Mermaid<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "flowchart TD")?;
        let mut picture = Picture { f, drawn: Drawn::start(self.0), edges: 0, errors: Vec::new() };
        picture.graph(self.0, &Place::outermost())?;
        picture.styles()
    }
}

struct Picture<'p, 'f> {
    f: &'p mut Formatter<'f>,
    drawn: Drawn,
    /// The number of edges so far: Mermaid numbers them as they are drawn.
    edges: usize,
    /// The numbers of the `on error` edges.
    errors: Vec<usize>,
}

impl Picture<'_, '_> {
    fn graph(&mut self, graph: &Topology, place: &Place) -> fmt::Result {
        let ids = &place.ids;
        writeln!(self.f, "{place}{ids}s((\"start\"))")?;
        for (index, node) in graph.nodes.iter().enumerate() {
            self.node(index, node, place)?;
        }
        for target in graph.pauses() {
            writeln!(self.f, "{place}{ids}p{target}{{{{\"pause\"}}}}")?;
        }
        if graph.has_end() {
            writeln!(self.f, "{place}{ids}e(((\"end\")))")?;
        }
        self.edge(format_args!("{place}{ids}s --> {ids}n{}", graph.start))?;
        for edge in graph.edges {
            self.edge_of_graph(edge, place)?;
        }
        for target in graph.pauses() {
            self.edge(format_args!("{place}{ids}p{target} -. \"next run\" .-> {ids}n{target}"))?;
        }
        Ok(())
    }

    fn node(&mut self, index: usize, node: &NodeInfo, place: &Place) -> fmt::Result {
        if node.graphs.is_empty() {
            return self.box_of(index, node, place);
        }
        let (ids, inner) = (&place.ids, place.deeper());
        writeln!(self.f, "{place}subgraph {ids}c{index}[{}]", Label(""))?;
        self.box_of(index, node, &inner)?;
        for (number, child) in node.graphs.iter().enumerate() {
            let (id, label) = (format!("{ids}n{index}g{number}"), child_title(child));
            let label = Label(&label);
            let Some(graph) = self.drawn.first(child) else {
                writeln!(self.f, "{inner}{id}[[{label}]]")?;
                self.edge(format_args!("{inner}{ids}n{index} --o {id}"))?;
                continue;
            };
            writeln!(self.f, "{inner}subgraph {id}[{label}]")?;
            self.graph(&graph, &inner.inside(&id))?;
            writeln!(self.f, "{inner}end")?;
            self.edge(format_args!("{inner}{ids}n{index} --o {id}_s"))?;
        }
        writeln!(self.f, "{place}end")
    }

    fn box_of(&mut self, index: usize, node: &NodeInfo, place: &Place) -> fmt::Result {
        let (ids, title) = (&place.ids, title(node));
        let label = Label(&title);
        if node.streams {
            writeln!(self.f, "{place}{ids}n{index}[/{label}/]")
        } else {
            writeln!(self.f, "{place}{ids}n{index}[{label}]")
        }
    }

    fn edge_of_graph(&mut self, edge: &Edge, place: &Place) -> fmt::Result {
        let ids = &place.ids;
        let arrow = match edge.kind {
            EdgeKind::Transition => "-->",
            EdgeKind::Error => "-.->",
        };
        let label = condition(edge).map_or(String::new(), |text| format!("|{}|", Label(&text)));
        let target = match edge.to {
            EdgeEnd::Node(node) => format!("n{node}"),
            EdgeEnd::Pause(node) => format!("p{node}"),
            EdgeEnd::End => "e".to_owned(),
        };
        if edge.kind == EdgeKind::Error {
            self.errors.push(self.edges);
        }
        self.edge(format_args!("{place}{ids}n{} {arrow}{label} {ids}{target}", edge.from))
    }

    fn edge(&mut self, edge: fmt::Arguments<'_>) -> fmt::Result {
        self.edges += 1;
        writeln!(self.f, "{edge}")
    }

    fn styles(&mut self) -> fmt::Result {
        for edge in &self.errors {
            writeln!(self.f, "    linkStyle {edge} stroke:firebrick,stroke-dasharray:6 4")?;
        }
        Ok(())
    }
}

/// A quoted label that Mermaid renders as exactly this text.
struct Label<'a>(&'a str);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        if self.0.trim().is_empty() {
            // An empty string is a syntax error.
            f.write_char(' ')?;
        }
        let mut previous = ' ';
        for (index, char) in self.0.char_indices() {
            escape(previous, char, &self.0[index..], f)?;
            previous = char;
        }
        f.write_char('"')
    }
}

/// Escapes one character; `rest` is the text that starts with it.
///
/// Escapes more than Mermaid requires: labels are also processed as Markdown, `KaTeX` and HTML, and
/// searched for directives and icons, with differences between versions.
fn escape(previous: char, char: char, rest: &str, f: &mut Formatter<'_>) -> fmt::Result {
    match char {
        '"' => f.write_str("#quot;"),
        '<' => f.write_str("#lt;"),
        '>' => f.write_str("#gt;"),
        '&' => f.write_str("#amp;"),
        '\n' => f.write_str("<br/>"),
        '\r' => Ok(()),
        '_' if previous.is_alphanumeric() => f.write_char('_'),
        ' ' | '.' | ',' | ':' | '(' | ')' | '=' | '!' | '?' | '/' | '\'' => f.write_char(char),
        _ if char.is_control() => f.write_char(' '),
        _ if char.is_ascii_punctuation() => write!(f, "#{};", u32::from(char)),
        // On a line with one of these words Mermaid drops the last semicolon, and with it an entity.
        _ if rest.starts_with("style") || rest.starts_with("classDef") => {
            write!(f, "#{};", u32::from(char))
        }
        _ => f.write_char(char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::diagram::sample::{CHATBOT, nasty};

    #[test]
    fn the_chatbot_is_drawn() {
        let expected = r#"flowchart TD
    s(("start"))
    n0["prompt: take_prompt"]
    n1["check_safety"]
    n2["farewell"]
    n3[/"answer: respond"/]
    p0{{"pause"}}
    e((("end")))
    s --> n0
    n0 --> n1
    n1 -->|"state.safe"| n3
    n1 -->|"else"| n2
    n3 --> p0
    n3 -.->|"on error"| n2
    n2 --> e
    p0 -. "next run" .-> n0
    linkStyle 5 stroke:firebrick,stroke-dasharray:6 4
"#;
        assert_eq!(CHATBOT.mermaid(), expected);
    }

    #[test]
    fn labels_are_escaped() {
        for (text, label) in [
            ("state.safe", r#""state.safe""#),
            ("Mode::Code | _", r#""Mode::Code #124; #95;""#),
            ("check_safety", r#""check_safety""#),
            (r#"say "x""#, r#""say #quot;x#quot;""#),
            ("a < b && c > d;", r#""a #lt; b #amp;#amp; c #gt; d#59;""#),
            ("`x` #quot;", r##""#96;x#96; #35;quot#59;""##),
            ("one\r\ntwo\tthree\0", r#""one<br/>two three ""#),
            (r"\n", r##""#92;n""##),
            ("%%{init}%%", r##""#37;#37;#123;init#125;#37;#37;""##),
            ("state.style == A::B;", r#""state.#115;tyle == A::B#59;""#),
            ("größe → 日本", r#""größe → 日本""#),
            ("end", r#""end""#),
            ("", r#"" ""#),
        ] {
            assert_eq!(Label(text).to_string(), label, "{text}");
        }
    }

    #[test]
    fn labels_stay_on_their_lines_and_within_their_quotes() {
        let diagram = nasty().mermaid();
        for line in diagram.lines() {
            assert!(matches!(line.matches('"').count(), 0 | 2), "{line}");
        }
    }
}
