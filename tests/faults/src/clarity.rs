//! The errors of rustc about a faulty program, and whether they are clear.
//!
//! They are clear if
//!
//! - rustc reports at most [`AT_MOST`] errors,
//! - the first error points at the changed line, or at what the change breaks: the place that it points to, its
//!   label or the headline contains a word of the change itself, or a name from the changed line (a keyword, a type of
//!   the standard library or a generic word of burdock does not count),
//! - and no headline, label or help of any error contains an [internal name](internal).
//!
//! `ReadsOfX`, `WritesOfX` and `ParamsOfX` are not internal: they are named after the action, and docs/language.md
//! explains them. rustc's label of a constant, "evaluation of `module::_` failed here", is counted [on its
//! own](names_constant): it stands below the message, and burdock cannot change it.
//!
//! A fault that leaves a delimiter open is not judged: rustc then expands no macro, and its error is the same in
//! every Rust program.

use crate::fault::Changed;
use serde_json::Value;
use std::{fmt, ops::Range, sync::LazyLock};

/// The maximum number of errors.
const AT_MOST: usize = 3;

/// The items that expansions name.
const PRIVATE: &str = include_str!("../../../core/src/__private.rs");

/// One error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// The headline.
    pub(crate) text: String,
    /// The places of its own span and of the spans that have labels.
    places: Vec<Place>,
    /// The labels of all places.
    labels: Vec<String>,
    helps: Vec<String>,
    /// The message as rustc prints it.
    pub(crate) rendered: String,
}

/// A place that an error points to.
#[derive(Clone, Debug)]
struct Place {
    file: String,
    /// The first and the last line.
    lines: Range<usize>,
    /// The text of the place.
    text: String,
    label: String,
}

impl Message {
    /// Reads the errors from the output of `rustc --error-format=json`.
    pub(crate) fn read(output: &str) -> Vec<Self> {
        output
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["level"].as_str().is_some_and(|it| it.starts_with("error")))
            .map(|message| Self::new(&message))
            .filter(|message| !message.text.starts_with("aborting due to"))
            .collect()
    }

    fn new(message: &Value) -> Self {
        let spans = list(&message["spans"]);
        let labelled =
            spans.iter().filter(|it| it["is_primary"] == true || it["label"].is_string());
        let labels = spans.iter().filter_map(|span| span["label"].as_str().map(str::to_owned));
        let helps = list(&message["children"]).iter().filter(|child| child["level"] == "help");
        let suggested = |child: &Value| {
            let spans = list(&child["spans"]).iter();
            spans.filter_map(|span| span["suggested_replacement"].as_str()).collect::<String>()
        };
        Self {
            // the level of a panic of rustc is "error: internal compiler error"
            text: string(&message["level"]).replacen("error", "", 1) + &string(&message["message"]),
            places: labelled.map(Place::new).collect(),
            labels: labels.collect(),
            helps: helps
                .map(|help| format!("{} `{}`", string(&help["message"]), suggested(help)))
                .collect(),
            rendered: string(&message["rendered"]),
        }
    }
}

impl Place {
    fn new(span: &Value) -> Self {
        let line = |key: &str| span[key].as_u64().and_then(|line| usize::try_from(line).ok());
        let lines = line("line_start").unwrap_or(0)..line("line_end").unwrap_or(0);
        let text = list(&span["text"]).iter().map(|line| {
            let chars = string(&line["text"]).chars().collect::<Vec<_>>();
            let within = |key: &str| {
                let at = line[key].as_u64().and_then(|at| usize::try_from(at).ok());
                at.unwrap_or(1).saturating_sub(1).min(chars.len())
            };
            chars[within("highlight_start")..within("highlight_end").max(within("highlight_start"))]
                .iter()
                .collect::<String>()
        });
        Self {
            file: string(&span["file_name"]),
            lines,
            text: text.collect::<Vec<_>>().join(" "),
            label: string(&span["label"]),
        }
    }
}

/// A reason why the errors are not clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// There are this many errors.
    TooMany(usize),
    /// The first error points elsewhere.
    Elsewhere,
    /// An error contains this internal name.
    Internal(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(errors) => write!(f, "{errors} errors"),
            Self::Elsewhere => f.write_str("points elsewhere"),
            Self::Internal(name) => write!(f, "internal name `{name}`"),
        }
    }
}

/// Returns the reasons why these errors about a change are not clear.
pub(crate) fn flaws(messages: &[Message], changed: &Changed) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if messages.len() > AT_MOST {
        flaws.push(Flaw::TooMany(messages.len()));
    }
    if !messages.first().is_some_and(|first| points_at(first, changed)) {
        flaws.push(Flaw::Elsewhere);
    }
    let mut texts = messages.iter().flat_map(|message| {
        [&message.text].into_iter().chain(&message.labels).chain(&message.helps)
    });
    if let Some(name) = texts.find_map(|text| internal(text)) {
        flaws.push(Flaw::Internal(name));
    }
    flaws
}

fn points_at(message: &Message, changed: &Changed) -> bool {
    let on_line = |place: &Place| {
        changed.file.ends_with(&place.file)
            && changed.lines.start <= place.lines.start
            && place.lines.end <= changed.lines.end
    };
    let places: Vec<&Place> = message.places.iter().filter(|it| it.lines.is_empty()).collect();
    let texts = places.iter().flat_map(|place| [place.text.clone(), quoted(&place.label)]);
    let texts: Vec<String> = texts.chain([message.text.clone()]).collect();
    let is_own = |word: &str| changed.own.iter().any(|own| own == word);
    let is_near =
        |word: &str| !COMMON.contains(&word) && changed.near.iter().any(|near| near == word);
    let named = || {
        let quoted = quoted(&message.text);
        let near = texts[..texts.len() - 1].iter().chain([&quoted]);
        texts.iter().flat_map(|text| words(text)).any(is_own)
            || near.flat_map(|text| words(text)).any(is_near)
    };
    message.places.iter().any(on_line) || named()
}

/// Returns the parts of a text in backticks.
fn quoted(text: &str) -> String {
    text.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" ")
}

/// Words that say nothing about the place of a mistake.
const COMMON: &[&str] = &[
    "Arc",
    "Clone",
    "Debug",
    "Default",
    "Deserialize",
    "Err",
    "None",
    "Ok",
    "Option",
    "OrdMap",
    "Reads",
    "Result",
    "Self",
    "Serialize",
    "Slot",
    "Some",
    "State",
    "String",
    "Vec",
    "Vector",
    "Writes",
    "_",
    "action",
    "as",
    "async",
    "await",
    "bool",
    "const",
    "derive",
    "dyn",
    "else",
    "end",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "input",
    "inputs",
    "let",
    "match",
    "mod",
    "mut",
    "nodes",
    "pub",
    "reads",
    "ref",
    "resource",
    "resources",
    "return",
    "self",
    "start",
    "state",
    "str",
    "streaming_action",
    "struct",
    "type",
    "u32",
    "u64",
    "u8",
    "use",
    "usize",
    "while",
    "writes",
    "yields",
];

/// Returns the words of a text: names and keywords.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !(sign.is_alphanumeric() || sign == '_'))
        .filter(|word| word.starts_with(|first: char| first.is_alphabetic() || first == '_'))
}

/// Returns whether rustc labels an error with the path of a constant.
pub(crate) fn names_constant(messages: &[Message]) -> bool {
    messages.iter().flat_map(|message| &message.labels).any(|label| is_of_constant(label))
}

fn is_of_constant(label: &str) -> bool {
    label.starts_with("evaluation of `") && label.contains("` failed ")
}

/// Returns the first internal name in a text: a name with two underscores, the path of an anonymous constant, or a
/// type that only expansions name.
fn internal(text: &str) -> Option<String> {
    if is_of_constant(text) {
        return None;
    }
    if let Some(at) = text.find("_::") {
        let before = text[..at].rfind([' ', '`', '<']).map_or(0, |before| before + 1);
        if at == before || text[..at].ends_with("::") {
            let end = text[at..].find([' ', '`']).map_or(text.len(), |end| at + end);
            return Some(text[before..end].to_owned());
        }
    }
    let text = quoted(text);
    words(&text)
        .find(|word| {
            (word.starts_with("__") && word.len() > 2) || PRIVATE_TYPES.iter().any(|ty| ty == word)
        })
        .map(str::to_owned)
}

/// The types that only expansions name.
static PRIVATE_TYPES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let (_, only) = PRIVATE.split_once("// named only by expansions").unwrap_or_default();
    // a user may have a `Value` as well
    only.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(words)
        .filter(|word| word.starts_with(|first: char| first.is_uppercase()) && *word != "Value")
        .collect()
});

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_names_are_found_in_texts() {
        for (text, name) in [
            ("mismatched types in `trip::_::Reads<'_>`", Some("trip::_::Reads<'_>")),
            ("the trait bound `_::Writes: Copy` is not satisfied", Some("_::Writes:")),
            ("no field `x` on type `__Params`", Some("__Params")),
            ("`WithFields<3>` is not implemented", Some("WithFields")),
            ("evaluation of `planning::_::_` failed here", None),
            ("expected `Reads<'_>`, found `Vec<_>`", None),
            ("expected `Result<_, _>`", None),
            ("expected WithFields in prose", None),
        ] {
            assert_eq!(internal(text).as_deref(), name, "{text}");
        }
    }

    fn changed(near: &[&str]) -> Changed {
        let near = near.iter().map(|name| (*name).to_owned()).collect();
        let own = vec!["u8".to_owned()];
        Changed { file: "src/a.rs".into(), lines: 3..3, own, near, balanced: true }
    }

    fn message(text: &str, line: usize, at: &str) -> Message {
        let place = Place {
            file: "src/a.rs".into(),
            lines: line..line,
            text: at.into(),
            label: String::new(),
        };
        Message { text: text.into(), places: vec![place], ..Message::default() }
    }

    #[test]
    fn an_error_points_at_the_line_or_at_what_the_change_breaks() {
        let changed = changed(&["search", "state"]);
        let flaws = |message: Message| flaws(&[message], &changed);
        assert_eq!(flaws(message("unknown", 3, "x")), []);
        assert_eq!(flaws(message("unknown", 9, "search")), []);
        assert_eq!(flaws(message("node `search` has no transition", 9, "x")), []);
        assert_eq!(flaws(message("expected u8", 9, "x")), []);
        // not in backticks; a common word; more than one line
        assert_eq!(flaws(message("search", 9, "x")), [Flaw::Elsewhere]);
        assert_eq!(flaws(message("unknown", 9, "state")), [Flaw::Elsewhere]);
        let mut whole = message("unknown", 1, "search");
        whole.places[0].lines = 1..9;
        assert_eq!(flaws(whole), [Flaw::Elsewhere]);
    }

    #[test]
    fn errors_are_counted() {
        let changed = changed(&[]);
        let four = vec![message("unknown", 3, "x"); 4];
        assert_eq!(flaws(&four, &changed), [Flaw::TooMany(4)]);
        assert_eq!(flaws(&four[1..], &changed), []);
    }
}
