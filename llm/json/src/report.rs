//! Results of a parser: the repaired JSON, its repairs, and mismatches.

use crate::change::Path;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A value that was read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parsed {
    /// The value as JSON without spaces, repaired: what `serde_json` reads into the type.
    pub json: String,
    /// Differences between the text and valid JSON of the schema, in the order of the text. At most
    /// [`Parser::MAX_REPAIRS`](crate::Parser::MAX_REPAIRS) are kept.
    pub repairs: Vec<Repair>,
    /// Whether the text ended inside the value.
    pub cut: bool,
}

/// One difference between the text and valid JSON of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Repair {
    /// Position in the value.
    pub path: Path,
    /// Position in the text, in bytes.
    pub offset: usize,
    /// What was repaired.
    pub kind: RepairKind,
}

/// Kinds of repairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepairKind {
    /// A Markdown fence before the value.
    Fence,
    /// Other text before the value.
    TextBefore,
    /// Text after the value, which may be a second value.
    TextAfter,
    /// An object or a list around the value, which the schema does not have.
    Wrapped,
    /// A comma that does not belong there, or a second one.
    ExtraComma,
    /// A missing comma.
    MissingComma,
    /// A bracket that another one closed, or a text that ended inside the value.
    MissingBracket,
    /// A string at the end of a text that ended inside it.
    MissingQuote,
    /// A property or an element at the end of the text that was not complete and was removed.
    Incomplete,
    /// A comment.
    Comment,
    /// A string in single or typographic quotes.
    Quotes,
    /// A key without quotes.
    UnquotedKey,
    /// An enum variant without quotes.
    UnquotedText,
    /// A line break or another control character in a string.
    ControlCharacter,
    /// An invalid escape in a string; a lone surrogate becomes U+FFFD.
    Escape,
    /// A literal in another spelling, such as `True`, `None` or `true.`.
    Literal,
    /// A number in another spelling, such as `+1`, `.5`, `007` or `1_000`.
    Number,
    /// A number with a fraction of zero where the type is an integer.
    Integer,
    /// A number, a boolean or null in a string.
    Unquoted,
    /// A number or a boolean where the type is a string.
    Quoted,
    /// An enum variant in another case, or with other separators.
    Variant,
    /// A key in another case, or with other separators.
    Key,
    /// A single value where the type is a list.
    SingleValue,
    /// A key that the object already has; the first one counts.
    DuplicateKey,
    /// A property that the schema forbids; it was removed.
    ExtraProperty,
    /// Null in an optional property whose type has no null; the property was removed.
    NullProperty,
}

/// Text that cannot be a value of the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}{place}, found {found}", place = Place(path))]
#[non_exhaustive]
pub struct Mismatch {
    /// Position in the value.
    pub path: Path,
    /// Position in the text, in bytes.
    pub offset: usize,
    /// What the schema allows there.
    pub expected: String,
    /// What the text has there.
    pub found: String,
    /// Why it does not fit.
    pub kind: MismatchKind,
}

/// Reasons of a [`Mismatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MismatchKind {
    /// A value of another type, or out of its range.
    Type,
    /// A required property that is missing, or too few elements.
    Missing,
    /// Text that is not JSON and cannot be repaired.
    Syntax,
    /// More than [`Parser::MAX_DEPTH`](crate::Parser::MAX_DEPTH) levels.
    Depth,
    /// The text ended inside the value, and what is there does not fit.
    Cut,
    /// The text has no value.
    NoValue,
}

/// The path for a message, or nothing at the root.
struct Place<'a>(&'a Path);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_root() { Ok(()) } else { write!(f, " at `{}`", self.0) }
    }
}

/// Quotes text of an answer for a message, at most 60 characters of it.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
