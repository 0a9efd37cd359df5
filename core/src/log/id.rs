//! Session ids, offsets, epochs and cursors.

use super::LogError;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The id of a session in a log: a string of 1 to 1024 bytes, other than `.` and `..`, without control
/// characters and invisible characters. Ids that start with `~` are those of children.
///
/// [`Display`](fmt::Display) escapes the characters that only [`stored`](SessionId::stored) allows, so that an
/// id cannot forge a line of the trace output.
///
/// ```
/// use burdock::log::SessionId;
///
/// let id = SessionId::try_from("chat-7")?;
/// assert_eq!(id.as_str(), "chat-7");
/// assert!(SessionId::try_from(String::new()).is_err());
/// # Ok::<_, burdock::log::LogError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// The maximum length of an id in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Creates the id of a session.
    ///
    /// # Errors
    /// Returns [`LogError::InvalidId`] if the id is empty or too long, is `.` or `..`, which a browser cannot
    /// address, starts with `~`, which is reserved for children, or contains a control character or an invisible
    /// character: line feeds, escapes, direction marks, zero-width characters.
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, LogError> {
        let id = Self::stored(id)?;
        let reason = match id.as_str() {
            "." | ".." => "`.` and `..` are parts of paths".into(),
            text if text.starts_with(super::child::CHILD) => {
                "ids that start with `~` are reserved for children".into()
            }
            text => match text.chars().find(|char| is_hidden(*char)) {
                Some(hidden) => {
                    format!("it contains the invisible character {}", hidden.escape_default())
                }
                None => return Ok(id),
            },
        };
        Err(LogError::InvalidId { reason })
    }

    /// Creates the id of a session that is already stored in a log: any string of 1 to 1024 bytes without a NUL.
    ///
    /// Logs use it to read ids. Programs use it to read, fork and delete sessions whose ids
    /// [`new`](SessionId::new) rejects.
    ///
    /// # Errors
    /// Returns [`LogError::InvalidId`] if the id is empty, too long, or contains a NUL.
    pub fn stored(id: impl Into<Arc<str>>) -> Result<Self, LogError> {
        let id = id.into();
        let reason = match &*id {
            "" => "it is empty".into(),
            id if id.len() > Self::MAX_BYTES => {
                format!("it has {} bytes, and at most {} are allowed", id.len(), Self::MAX_BYTES)
            }
            id if id.contains('\0') => "it contains a NUL character".into(),
            _ => return Ok(Self(id)),
        };
        Err(LogError::InvalidId { reason })
    }

    /// Deserializes the id of a session that is already stored in a log.
    pub(crate) fn deserialize_stored<'de, D>(deserializer: D) -> Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        Self::stored(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }

    /// Returns the id as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a character is invisible or changes how other characters are displayed.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char,
            // soft hyphen, fillers, direction marks, zero-width characters
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            // musical formatting, tags, variation selectors
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains(is_hidden) {
            return self.0.fmt(f);
        }
        let mut visible = String::with_capacity(self.0.len());
        for char in self.0.chars() {
            if is_hidden(char) {
                visible.extend(char.escape_default());
            } else {
                visible.push(char);
            }
        }
        visible.fmt(f)
    }
}

impl FromStr for SessionId {
    type Err = LogError;

    fn from_str(id: &str) -> Result<Self, LogError> {
        Self::new(id)
    }
}

impl TryFrom<&str> for SessionId {
    type Error = LogError;

    /// Checks an id as [`SessionId::new`] does.
    fn try_from(id: &str) -> Result<Self, LogError> {
        Self::new(id)
    }
}

impl TryFrom<String> for SessionId {
    type Error = LogError;

    /// Checks an id as [`SessionId::new`] does.
    fn try_from(id: String) -> Result<Self, LogError> {
        Self::new(id)
    }
}

impl AsRef<str> for SessionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.as_str().into()
    }
}

impl Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The place of an entry in its session, counted from 0 without gaps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Offset(
    /// The number.
    pub u64,
);

impl Offset {
    /// The offset of the first entry of every session.
    pub const ZERO: Self = Self(0);

    /// Returns the offset `entries` places later. Saturates at `u64::MAX`, where no log has an entry.
    #[must_use]
    pub const fn plus(self, entries: u64) -> Self {
        Self(self.0.saturating_add(entries))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of an opening of a session, which identifies its writer.
///
/// Epochs start at 1 and increase over all openings in a log, not only those of one session. A session that was
/// deleted and created again therefore rejects the writer of the deleted one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(
    /// The number.
    pub u64,
);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of a reader: the last entry that it received, written `epoch.offset`.
///
/// The epoch shows whether the entry at the offset is still the same one: after a crash, the entries of an epoch
/// that were not durable are lost, and a later epoch writes others at their offsets.
///
/// ```
/// use burdock::log::{Cursor, Epoch, Offset};
///
/// let cursor: Cursor = "1.42".parse()?; // as in the `Last-Event-ID` of a request
/// assert_eq!(cursor, Cursor { epoch: Epoch(1), offset: Offset(42) });
/// assert_eq!(cursor.to_string(), "1.42");
/// assert!("42".parse::<Cursor>().is_err());
/// # Ok::<_, burdock::log::LogError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// The epoch of the writer that appended the entry.
    pub epoch: Epoch,
    /// The offset of the entry.
    pub offset: Offset,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.offset)
    }
}

impl FromStr for Cursor {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let parsed = text.split_once('.').and_then(|(epoch, offset)| {
            Some(Self { epoch: Epoch(number(epoch)?), offset: Offset(number(offset)?) })
        });
        parsed.ok_or_else(|| LogError::InvalidCursor { text: text.chars().take(64).collect() })
    }
}

/// Parses digits only: `u64::from_str` also accepts a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn new_accepts_visible_text_and_rejects_what_logs_or_urls_cannot_hold() {
        let long = "x".repeat(1024);
        for id in [
            "a",
            "it's/a \"session\"",
            "é",
            "e\u{301}",
            "हिन्दी",
            "漢字\u{3000}",
            "...",
            "./..",
            &long,
        ] {
            assert_eq!(SessionId::new(id).unwrap().as_str(), id);
            assert_eq!(SessionId::new(id).unwrap().to_string(), id);
        }
        for (id, reason) in [
            ("", "it is empty"),
            ("a\0", "it contains a NUL character"),
            (".", "`.` and `..` are parts of paths"),
            ("..", "`.` and `..` are parts of paths"),
            (&"x".repeat(1025), "it has 1025 bytes, and at most 1024 are allowed"),
        ] {
            let error = SessionId::new(id).unwrap_err().to_string();
            assert_eq!(error, format!("invalid session id: {reason}"));
            for other in [SessionId::try_from(id), SessionId::try_from(id.to_owned()), id.parse()] {
                assert_eq!(other.unwrap_err().to_string(), error);
            }
        }
    }

    #[test]
    fn offsets_do_not_overflow() {
        assert_eq!(Offset(3).plus(4), Offset(7));
        for (offset, entries) in [(u64::MAX, 1), (u64::MAX - 1, 2), (1, u64::MAX)] {
            assert_eq!(Offset(offset).plus(entries), Offset(u64::MAX));
        }
    }

    #[test]
    fn new_rejects_hidden_characters_and_display_escapes_them_in_stored_ids() {
        let controls = (1..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
        let marks = "\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\
                     \u{2060}\u{2066}\u{2069}\u{feff}\u{fff9}\u{e0041}\u{e0100}";
        for hidden in controls.chain(marks.chars()) {
            let text = format!("a{hidden}b");
            let escaped = hidden.escape_default();
            let error = SessionId::new(text.as_str()).unwrap_err().to_string();
            assert!(error.ends_with(&format!("the invisible character {escaped}")), "{error}");
            let stored = SessionId::stored(text.as_str()).unwrap();
            assert_eq!(stored.as_str(), text);
            assert_eq!(stored.to_string(), format!("a{escaped}b"));
            assert_eq!(format!("{stored:>12}"), format!("{:>12}", format!("a{escaped}b")));
        }
    }

    #[test]
    fn parsing_a_displayed_cursor_returns_the_same_cursor() {
        let cursor = Cursor { epoch: Epoch(3), offset: Offset(u64::MAX) };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for text in ["", "1", "1.", ".1", "+1.1", "1.-1", "1.1.1", "1.99999999999999999999"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
