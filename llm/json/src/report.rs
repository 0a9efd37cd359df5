//! Results of a parser: the repaired JSON, its repairs, and mismatches.

use crate::change::Path;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A complete value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parsed {
    /// The value as repaired JSON without spaces, for `serde_json` to read into the type.
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
    /// The kind of repair.
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
    /// A misplaced or repeated comma.
    ExtraComma,
    /// A missing comma.
    MissingComma,
    /// A bracket that was closed by an outer one, or by the end of the text.
    MissingBracket,
    /// The closing quote of a string in which the text ended.
    MissingQuote,
    /// An incomplete property or element at the end of the text, which was removed.
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
    /// A key that the object already has; the first one is kept.
    DuplicateKey,
    /// A property that the schema forbids, which was removed.
    ExtraProperty,
    /// Null in an optional property whose type does not allow null; the property was removed.
    NullProperty,
}

/// A token that cannot be part of a value of the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}{place}, found {found}", place = Place(path))]
#[non_exhaustive]
pub struct Mismatch {
    /// Position in the value.
    pub path: Path,
    /// Position in the text, in bytes.
    pub offset: usize,
    /// The tokens that the schema allows there.
    pub expected: String,
    /// The token that was found there.
    pub found: String,
    /// The reason for the mismatch.
    pub kind: MismatchKind,
}

/// Reasons for a [`Mismatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MismatchKind {
    /// A value of another type, or out of the range of its type.
    Type,
    /// A missing required property, or too few elements.
    Missing,
    /// Text that is not JSON and cannot be repaired.
    Syntax,
    /// More than [`Parser::MAX_DEPTH`](crate::Parser::MAX_DEPTH) levels.
    Depth,
    /// The text ended inside the value, which is invalid without the rest.
    Cut,
    /// The text has no value.
    NoValue,
}

/// Formats the path for a message; empty at the root.
struct Place<'a>(&'a Path);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_root() { Ok(()) } else { write!(f, " at `{}`", self.0) }
    }
}

/// Quotes text of an answer for a message, at most 60 characters.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
