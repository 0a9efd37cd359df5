//! The graph as a Mermaid flowchart.
//!
//! The ids are generated (`n0`, `p0`, `s`, `e`), because names such as `end` are keywords of Mermaid.

use super::{condition, title};
use crate::graph::topology::{Edge, EdgeEnd, EdgeKind, Topology};
use std::fmt::{self, Display, Formatter, Write};

pub(super) struct Mermaid<'a>(pub(super) &'a Topology);

impl Display for Mermaid<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "flowchart TD")?;
        self.nodes(f)?;
        self.edges(f)
    }
}

impl Mermaid<'_> {
    fn nodes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "    s((\"start\"))")?;
        for (index, node) in self.0.nodes.iter().enumerate() {
            let label = Label(&title(node));
            if node.streams {
                writeln!(f, "    n{index}[/{label}/]")?;
            } else {
                writeln!(f, "    n{index}[{label}]")?;
            }
        }
        for target in self.0.pauses() {
            writeln!(f, "    p{target}{{{{\"pause\"}}}}")?;
        }
        if self.0.has_end() {
            writeln!(f, "    e(((\"end\")))")?;
        }
        Ok(())
    }

    fn edges(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "    s --> n{}", self.0.start)?;
        for edge in self.0.edges {
            draw_edge(edge, f)?;
        }
        for target in self.0.pauses() {
            writeln!(f, "    p{target} -. \"next run\" .-> n{target}")?;
        }
        for (index, edge) in self.0.edges.iter().enumerate() {
            if edge.kind == EdgeKind::Error {
                // Mermaid numbers the edges as they are drawn; edge 0 is the one from the start.
                let drawn = index + 1;
                writeln!(f, "    linkStyle {drawn} stroke:firebrick,stroke-dasharray:6 4")?;
            }
        }
        Ok(())
    }
}

fn draw_edge(edge: &Edge, f: &mut Formatter<'_>) -> fmt::Result {
    let arrow = match edge.kind {
        EdgeKind::Transition => "-->",
        EdgeKind::Error => "-.->",
    };
    write!(f, "    n{} {arrow}", edge.from)?;
    if let Some(condition) = condition(edge) {
        write!(f, "|{}|", Label(&condition))?;
    }
    match edge.to {
        EdgeEnd::Node(node) => writeln!(f, " n{node}"),
        EdgeEnd::Pause(node) => writeln!(f, " p{node}"),
        EdgeEnd::End => writeln!(f, " e"),
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
