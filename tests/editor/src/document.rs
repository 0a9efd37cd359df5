//! Texts with a cursor.

use crate::error::Error;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// The cursor in the text of a case.
const CURSOR: &str = "$0";

/// One change of a file.
#[derive(Clone, Copy)]
pub(crate) struct Edit {
    /// The path of the file in the workspace.
    pub(crate) file: &'static str,
    /// A text that is once in the file.
    pub(crate) find: &'static str,
    /// The text in its place, which may contain cursors.
    pub(crate) replace: &'static str,
}

/// A changed text of a file.
pub(crate) struct Document {
    pub(crate) file: &'static str,
    pub(crate) text: String,
    /// The offsets of the cursors.
    pub(crate) cursors: Vec<usize>,
}

impl Edit {
    /// Returns the text after the change.
    pub(crate) fn apply(self, root: &Path) -> Result<Document, Error> {
        let Self { file, find, replace } = self;
        let text = fs::read_to_string(root.join(file))?;
        let [before, after] = text.split(find).collect::<Vec<_>>()[..] else {
            return Err(Error::Case { file, text: find });
        };
        let (mut text, mut cursors) = (before.to_owned(), Vec::new());
        for (index, part) in replace.split(CURSOR).enumerate() {
            if index > 0 {
                cursors.push(text.len());
            }
            text.push_str(part);
        }
        text.push_str(after);
        Ok(Document { file, text, cursors })
    }
}

impl Document {
    /// Returns the position of an offset in the protocol.
    pub(crate) fn position(&self, offset: usize) -> Value {
        let before = &self.text[..offset];
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        json!({
            "line": before.matches('\n').count(),
            "character": before[line..].encode_utf16().count(),
        })
    }
}
