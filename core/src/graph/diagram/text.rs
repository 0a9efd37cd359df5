//! A listing of the graph for terminals.

use super::{
    condition,
    nested::{child_graphs, child_title},
    title,
};
use crate::graph::topology::{BindingInfo, Edge, EdgeEnd, EdgeKind, NodeInfo, Topology};
use std::fmt::{self, Display, Formatter, Write};

pub(super) struct Text<'a>(pub(super) &'a Topology);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.graph(f)?;
        for child in child_graphs(self.0) {
            writeln!(f)?;
            Text(&child).graph(f)?;
        }
        Ok(())
    }
}

impl Text<'_> {
    fn graph(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        for (index, node) in self.0.nodes.iter().enumerate() {
            writeln!(f)?;
            self.node(index, node, f)?;
        }
        Ok(())
    }

    fn head(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}({})", Line(self.0.name), Line(self.0.state))?;
        if let Some(docs) = self.0.docs.lines().next() {
            writeln!(f, "{}", Line(docs))?;
        }
        bindings("inputs   ", self.0.inputs, f)?;
        bindings("resources", self.0.resources, f)?;
        if let Some(ty) = self.0.yields {
            writeln!(f, "yields     {}", Line(ty))?;
        }
        Ok(())
    }

    fn node(&self, index: usize, node: &NodeInfo, f: &mut Formatter<'_>) -> fmt::Result {
        let mark = if index == self.0.start { '●' } else { '○' };
        write!(f, "{mark} {}", Line(&title(node)))?;
        if index == self.0.start {
            write!(f, "  (start)")?;
        }
        if node.streams {
            write!(f, "  (streams)")?;
        }
        writeln!(f)?;
        for child in node.graphs {
            writeln!(f, "│ runs {}", Line(&child_title(child)))?;
        }
        fields("reads", self.0.reads(index).map(str::to_owned), f)?;
        let optional: Vec<_> = self.0.optional_writes(index).collect();
        let written = self.0.writes(index).map(|name| {
            if optional.contains(&name) { format!("{name}?") } else { name.to_owned() }
        });
        fields("writes", written, f)?;

        let mut edges = self.0.edges.iter().filter(|edge| edge.from == index).peekable();
        while let Some(edge) = edges.next() {
            let corner = if edges.peek().is_some() { '├' } else { '└' };
            self.edge(corner, edge, f)?;
        }
        Ok(())
    }

    fn edge(&self, corner: char, edge: &Edge, f: &mut Formatter<'_>) -> fmt::Result {
        let line = match edge.kind {
            EdgeKind::Transition => '─',
            EdgeKind::Error => '╌',
        };
        write!(f, "{corner}{line}")?;
        if let Some(condition) = condition(edge) {
            write!(f, " {} {line}", Line(&condition))?;
        }
        write!(f, "▶ ")?;
        match edge.to {
            EdgeEnd::Node(node) => writeln!(f, "{}", Line(self.0.node_name(node))),
            EdgeEnd::Pause(node) => writeln!(f, "pause {}", Line(self.0.node_name(node))),
            EdgeEnd::End => writeln!(f, "end"),
        }
    }
}

fn bindings(head: &str, bindings: &[BindingInfo], f: &mut Formatter<'_>) -> fmt::Result {
    for (index, binding) in bindings.iter().enumerate() {
        let before = if index == 0 { format!("{head}  ") } else { ", ".to_owned() };
        write!(f, "{before}{}: {}", Line(binding.name), Line(binding.ty))?;
    }
    if bindings.is_empty() { Ok(()) } else { writeln!(f) }
}

fn fields(verb: &str, names: impl Iterator<Item = String>, f: &mut Formatter<'_>) -> fmt::Result {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    writeln!(f, "│ {verb} {}", names.join(", "))
}

/// Text without line breaks and control characters, which could be commands to the terminal.
struct Line<'a>(&'a str);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for char in self.0.chars().filter(|&char| char != '\r') {
            f.write_char(if char.is_control() { ' ' } else { char })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::diagram::sample::{CHATBOT, nasty};
    use crate::state::FieldSet;

    #[test]
    fn the_chatbot_is_listed() {
        let expected = "\
Chatbot(Chat)
Answers a prompt in the mode that fits it.
inputs     prompt: String
resources  llm: Llm
yields     Delta

● prompt: take_prompt  (start)
│ reads history
│ writes history, prompt
└─▶ check_safety

○ check_safety
│ reads prompt
│ writes safe
├─ state.safe ─▶ answer
└─ else ─▶ farewell

○ farewell
└─▶ end

○ answer: respond  (streams)
│ reads history
│ writes history, reply
├─▶ pause prompt
└╌ on error ╌▶ farewell
";
        assert_eq!(CHATBOT.text(), expected);
    }

    #[test]
    fn labels_stay_on_their_lines_without_control_characters() {
        let topology = nasty();
        let listing = topology.text();
        assert!(listing.chars().all(|char| char == '\n' || !char.is_control()));
        // Name, docs, inputs, resources, items; then an empty line and a title for each node.
        let lines = 5 + 2 * topology.nodes.len() + topology.edges.len();
        assert_eq!(listing.lines().count(), lines);
    }

    #[test]
    fn optional_writes_have_a_question_mark() {
        let mut node = CHATBOT.nodes[3];
        node.optional_writes = FieldSet::EMPTY.with(3);
        let topology = Topology { nodes: vec![node].leak(), edges: &[], ..CHATBOT };
        assert!(topology.text().contains("│ writes history, reply?\n"), "{}", topology.text());
        assert_eq!(topology.json()["nodes"][0]["optional_writes"], serde_json::json!(["reply"]));
        assert!(CHATBOT.json()["nodes"][3].get("optional_writes").is_none());
        let always = Topology { nodes: vec![CHATBOT.nodes[3]].leak(), ..topology };
        assert_ne!(topology.hash(), always.hash());
    }

    #[test]
    fn bindings_are_listed_on_one_line() {
        let both = [CHATBOT.inputs[0], CHATBOT.resources[0]];
        let topology = Topology { inputs: both.to_vec().leak(), resources: &[], ..CHATBOT };
        assert!(topology.text().contains("\ninputs     prompt: String, llm: Llm\nyields"));
    }
}
