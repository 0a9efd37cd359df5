//! The text of a prompt and its placeholders.
//!
//! Only `{name}` and `{name:json}` are placeholders, and `{{name}}` is a literal `{name}`. Every other
//! brace is text, so that JSON needs no escaping. The text is read from left to right.

use proc_macro2::Span;

/// A text with placeholders.
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
    /// The text as written.
    pub(super) text: String,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Value(Placeholder),
}

/// `{name}` or `{name:json}`.
#[derive(Clone, Debug)]
pub(super) struct Placeholder {
    /// The name without `r#`.
    pub(super) name: String,
    pub(super) format: Format,
    /// The span of its line.
    pub(super) span: Span,
}

/// Ignores the spans.
impl PartialEq for Placeholder {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.format == other.format
    }
}

impl Eq for Placeholder {}

/// The format of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Display,
    Json,
}

/// A line of a text, with the span of its token.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Template {
    /// Parses lines, without their common indentation and without leading and trailing empty ones.
    pub(super) fn of_docs(mut lines: Vec<Line>) -> Self {
        let blank = |line: &Line| line.text.trim().is_empty();
        let end = lines.iter().rposition(|line| !blank(line)).map_or(0, |last| last + 1);
        lines.truncate(end);
        let start = lines.iter().position(|line| !blank(line)).unwrap_or_default();
        lines.drain(..start);
        let indents = lines.iter().filter(|line| !blank(line)).map(|line| indent(&line.text));
        let shared = indents.min().unwrap_or_default();
        for line in &mut lines {
            let kept = line.text.get(shared..).unwrap_or_default().trim_end().to_owned();
            line.text = kept;
        }
        Self::of(&lines)
    }

    /// Parses lines without changing them.
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut template = Self { pieces: Vec::new(), text: String::new() };
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                template.push_text("\n");
                template.text.push('\n');
            }
            template.text.push_str(&line.text);
            template.parse(line);
        }
        template
    }

    /// Returns the placeholders.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(placeholder) => Some(placeholder),
        })
    }

    fn parse(&mut self, line: &Line) {
        let mut rest = line.text.as_str();
        while let Some(at) = rest.find('{') {
            self.push_text(&rest[..at]);
            rest = &rest[at..];
            if let Some(inside) = rest.strip_prefix("{{").and_then(inside)
                && rest[2 + inside.len()..].starts_with("}}")
            {
                let end = inside.len() + 4;
                self.push_text(&rest[1..end - 1]);
                rest = &rest[end..];
            } else if let Some(inside) = rest.strip_prefix('{').and_then(inside) {
                let (name, format) = match inside.split_once(':') {
                    Some((name, _)) => (name, Format::Json),
                    None => (inside, Format::Display),
                };
                let name = name.strip_prefix("r#").unwrap_or(name).to_owned();
                self.pieces.push(Piece::Value(Placeholder { name, format, span: line.span }));
                rest = &rest[inside.len() + 2..];
            } else {
                self.push_text("{");
                rest = &rest[1..];
            }
        }
        self.push_text(rest);
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

/// Returns the text before the next `}` if it is the inside of a placeholder.
fn inside(text: &str) -> Option<&str> {
    let (inside, _) = text.split_once('}')?;
    let name = inside.strip_suffix(":json").unwrap_or(inside);
    let name = name.strip_prefix("r#").unwrap_or(name);
    // arguments can also be named by keywords, as raw identifiers
    let is_word = name.chars().all(|sign| sign == '_' || sign.is_alphanumeric());
    let is_name = is_word && syn::parse_str::<proc_macro2::Ident>(&format!("r#{name}")).is_ok();
    is_name.then_some(inside)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::{Format, Line, Piece, Placeholder, Template};
    use proc_macro2::Span;

    /// Compares the pieces as text, with values in guillemets.
    fn check(text: &str, expected: &str) {
        let lines =
            text.split('\n').map(|text| Line { text: text.into(), span: Span::call_site() });
        let template = Template::of_docs(lines.collect());
        let shown: String = template
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Value(Placeholder { name, format: Format::Display, .. }) => {
                    format!("«{name}»")
                }
                Piece::Value(Placeholder { name, .. }) => format!("«{name} as json»"),
            })
            .collect();
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn only_names_in_braces_are_placeholders() {
        for (text, expected) in [
            ("About {subject}.", "About «subject»."),
            ("{a}{b:json}", "«a»«b as json»"),
            ("{type} and {r#type} and {r#type:json}", "«type» and «type» and «type as json»"),
            ("{_a1} {größe}", "«_a1» «größe»"),
            ("{{subject}} {{subject:json}}", "{subject} {subject:json}"),
            (r#"{"title": {title}, "n": {}}"#, r#"{"title": «title», "n": {}}"#),
            (r#"[{"a": {"b": 1}}]"#, r#"[{"a": {"b": 1}}]"#),
            ("{ a } {a b} {a:b} {a:} {1} {-} {", "{ a } {a b} {a:b} {a:} {1} {-} {"),
            ("{{a} {a}} {{{a}}}", "{«a» «a»} {{a}}"),
            ("{a\n}", "{a\n}"),
            ("no braces }", "no braces }"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn shared_indentation_and_surrounding_empty_lines_are_removed() {
        check(" \n  a\n    b  \n\n  c\n\n", "a\n  b\n\nc");
        check("", "");
        check(" \n\t", "");
    }
}
