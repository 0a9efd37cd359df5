//! Readers of answers: text, or JSON that is parsed as it arrives.

use super::{
    PromptError,
    request::SchemaPlacement,
    shape::{Shape, VALUE},
};
use crate::Reason;
use burdock_json::{Change, Edit, Mismatch, Parser, Path, Repair, Segment};
use std::collections::VecDeque;

/// The reader of one attempt.
pub(super) enum Reader {
    Text(TextState),
    Json {
        parser: Box<Parser>,
        wrapping: Wrapping,
        /// Buffer for the changes of one chunk.
        changes: Vec<Change>,
    },
}

/// Whether a text has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextState {
    Empty,
    Started,
}

/// Whether the value is in the property [`VALUE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    Plain,
    Wrapped,
}

/// A complete value.
#[derive(Debug)]
pub(super) struct Read {
    /// The JSON to deserialize, or the text.
    pub(super) json: String,
    pub(super) repairs: Vec<Repair>,
}

impl Reader {
    pub(super) fn new(shape: Option<(&Shape, SchemaPlacement)>) -> Self {
        let Some((shape, placement)) = shape else { return Self::Text(TextState::Empty) };
        let (form, wrapped) = match placement {
            SchemaPlacement::Structured => (&shape.object, shape.wrapped),
            SchemaPlacement::Prompted => (&shape.plain, false),
        };
        let wrapping = if wrapped { Wrapping::Wrapped } else { Wrapping::Plain };
        let parser = Box::new(Parser::new(&form.compiled));
        Self::Json { parser, wrapping, changes: Vec::new() }
    }

    /// Reads more text and appends its changes to `changes`, including those before a mismatch.
    pub(super) fn feed(
        &mut self,
        text: &str,
        changes: &mut VecDeque<Change>,
    ) -> Result<(), Mismatch> {
        match self {
            Self::Text(state) => {
                changes.extend(state.more(text));
                Ok(())
            }
            Self::Json { parser, wrapping, changes: made } => {
                let fed = parser.feed(text, made);
                changes.extend(made.drain(..).filter_map(|change| wrapping.unwrap(change)));
                fed.map_err(|mismatch| wrapping.unwrap_mismatch(mismatch))
            }
        }
    }

    /// Ends the answer, whose whole text is `text`.
    pub(super) fn finish(
        self,
        reason: Reason,
        text: &str,
        changes: &mut VecDeque<Change>,
    ) -> Result<Read, PromptError> {
        let incomplete = || PromptError::Incomplete { reason, text: text.to_owned() };
        match self {
            Self::Text(_) if reason != Reason::Complete => Err(incomplete()),
            Self::Text(mut state) => {
                // an empty answer is an empty text
                changes.extend(state.more(""));
                changes.push_back(Change { path: Path::default(), edit: Edit::Complete });
                Ok(Read { json: text.to_owned(), repairs: Vec::new() })
            }
            Self::Json { mut parser, wrapping, changes: mut made } => {
                // only the end of the text ends a number outside of brackets: more digits may be
                // missing
                let is_whole = parser.is_complete() || reason == Reason::Complete;
                let finished = parser.finish(&mut made);
                let parsed = match finished {
                    Ok(_) if !is_whole => return Err(incomplete()),
                    Err(_) if reason != Reason::Complete => return Err(incomplete()),
                    Ok(parsed) => parsed,
                    Err(mismatch) => {
                        return Err(mismatch_error(wrapping.unwrap_mismatch(mismatch), text));
                    }
                };
                changes.extend(made.drain(..).filter_map(|change| wrapping.unwrap(change)));
                let json = wrapping.unwrap_json(parsed.json);
                let repairs =
                    parsed.repairs.into_iter().map(|repair| wrapping.unwrap_repair(repair));
                Ok(Read { json, repairs: repairs.collect() })
            }
        }
    }
}

/// Converts a mismatch.
pub(super) fn mismatch_error(mismatch: Mismatch, text: &str) -> PromptError {
    let Mismatch { path, offset, expected, found, .. } = mismatch;
    PromptError::Mismatch { path, offset, expected, found, text: text.to_owned() }
}

impl TextState {
    /// Returns the change for more text.
    fn more(&mut self, text: &str) -> Option<Change> {
        let edit = match (std::mem::replace(self, Self::Started), text) {
            (Self::Empty, text) => Edit::Set(text.into()),
            (Self::Started, "") => return None,
            (Self::Started, text) => Edit::Append(text.to_owned()),
        };
        Some(Change { path: Path::default(), edit })
    }
}

impl Wrapping {
    /// Returns the change of the inner value, or `None` if only the outer object changes.
    fn unwrap(self, change: Change) -> Option<Change> {
        if self == Self::Plain {
            return Some(change);
        }
        match (change.path.segments(), &change.edit) {
            ([], Edit::Complete) => Some(change),
            // the object may be set together with its value
            ([], Edit::Set(object)) => {
                let value = object.get(VALUE)?.clone();
                Some(Change { path: change.path, edit: Edit::Set(value) })
            }
            ([], _) => None,
            _ => Some(Change { path: inner(&change.path), edit: change.edit }),
        }
    }

    fn unwrap_mismatch(self, mut mismatch: Mismatch) -> Mismatch {
        if self == Self::Wrapped {
            mismatch.path = inner(&mismatch.path);
        }
        mismatch
    }

    fn unwrap_repair(self, mut repair: Repair) -> Repair {
        if self == Self::Wrapped {
            repair.path = inner(&repair.path);
        }
        repair
    }

    /// Returns the value in `{"value":…}`. The parser writes no spaces, and removes what the schema
    /// forbids.
    fn unwrap_json(self, json: String) -> String {
        if self == Self::Plain {
            return json;
        }
        let value = json.split_once(':').and_then(|(_, rest)| rest.strip_suffix('}'));
        value.map_or_else(|| json.clone(), str::to_owned)
    }
}

/// Returns a path without [`VALUE`].
fn inner(path: &Path) -> Path {
    let segments: &[Segment] = path.segments();
    Path::from(segments.get(1..).unwrap_or_default())
}
