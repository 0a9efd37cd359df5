//! What names a session and a place in it.

use super::LogError;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The id of a session in a log: any text of 1 to 1024 bytes without a NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// How many bytes an id may have.
    pub const MAX_BYTES: usize = 1024;

    /// Checks an id.
    ///
    /// # Errors
    /// [`LogError::InvalidId`] for an empty one, one that is too long, and one with a NUL.
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, LogError> {
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

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SessionId {
    type Err = LogError;

    fn from_str(id: &str) -> Result<Self, LogError> {
        Self::new(id)
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

/// The place of an entry: counted per session from 0, without gaps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Offset(
    /// The number.
    pub u64,
);

impl Offset {
    /// The first place of every session.
    pub const ZERO: Self = Self(0);

    /// The offset `entries` places later. Saturates at the largest number, where no log has an entry.
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

/// Which opening of a session wrote an entry: from 1, counting up over all openings of a log, so that
/// a session that was deleted and made again does not take in the writer of the old one.
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

/// Where a consumer is: the entry that it saw last, as `epoch.offset`.
///
/// The epoch tells whether the entry is still the one that stands at the offset: what had run
/// ahead of the disk in an epoch is gone after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// Which opening of the session wrote the entry.
    pub epoch: Epoch,
    /// Its place.
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

/// Digits only: `u64::from_str` also takes a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_any_text_that_every_log_can_hold() {
        for id in ["a", "it's/a \"session\"\n", "é", &"x".repeat(1024)] {
            assert_eq!(SessionId::new(id).unwrap().as_str(), id);
        }
        for (id, reason) in [
            ("", "it is empty"),
            ("a\0", "it contains a NUL character"),
            (&"x".repeat(1025), "it has 1025 bytes, and at most 1024 are allowed"),
        ] {
            let error = SessionId::new(id).unwrap_err().to_string();
            assert_eq!(error, format!("the session id is not valid: {reason}"));
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
    fn a_cursor_is_read_back_as_it_is_written() {
        let cursor = Cursor { epoch: Epoch(3), offset: Offset(u64::MAX) };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for text in ["", "1", "1.", ".1", "+1.1", "1.-1", "1.1.1", "1.99999999999999999999"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
