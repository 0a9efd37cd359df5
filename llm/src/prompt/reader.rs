//! Reading an answer: text, or JSON that is parsed as it arrives.

use super::{
    PromptError,
    request::Told,
    shape::{Shape, VALUE},
};
use crate::Reason;
use burdock_json::{Change, Edit, Mismatch, Parser, Path, Repair, Segment};
use std::collections::VecDeque;

/// What reads one attempt.
pub(super) enum Reader {
    Text(Begun),
    Json {
        parser: Box<Parser>,
        wrapping: Wrapping,
        /// What the parser changed in one piece of text.
        changes: Vec<Change>,
    },
}

/// Whether a text has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    No,
    Yes,
}

/// Whether the value is in the property [`VALUE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    Plain,
    Wrapped,
}

/// A value that was read whole.
#[derive(Debug)]
pub(super) struct Read {
    /// What is deserialized.
    pub(super) json: String,
    pub(super) repairs: Vec<Repair>,
}

impl Reader {
    pub(super) fn new(shape: Option<(&Shape, Told)>) -> Self {
        let Some((shape, told)) = shape else { return Self::Text(Begun::No) };
        let (form, wrapped) = match told {
            Told::Structured => (&shape.object, shape.wrapped),
            Told::Prompted => (&shape.plain, false),
        };
        let wrapping = if wrapped { Wrapping::Wrapped } else { Wrapping::Plain };
        let parser = Box::new(Parser::new(&form.compiled));
        Self::Json { parser, wrapping, changes: Vec::new() }
    }

    /// Reads more text; what changes is put at the end of `changes`, also before a mismatch.
    pub(super) fn feed(
        &mut self,
        text: &str,
        changes: &mut VecDeque<Change>,
    ) -> Result<(), Mismatch> {
        match self {
            Self::Text(begun) => {
                changes.extend(begun.more(text));
                Ok(())
            }
            Self::Json { parser, wrapping, changes: made } => {
                let fed = parser.feed(text, made);
                changes.extend(made.drain(..).filter_map(|change| wrapping.unwrap(change)));
                fed.map_err(|mismatch| wrapping.unwrap_mismatch(mismatch))
            }
        }
    }

    /// Ends the answer, of which `text` is all there is.
    pub(super) fn finish(
        self,
        reason: Reason,
        text: &str,
        changes: &mut VecDeque<Change>,
    ) -> Result<Read, PromptError> {
        let incomplete = || PromptError::Incomplete { reason, text: text.to_owned() };
        match self {
            Self::Text(_) if reason != Reason::Complete => Err(incomplete()),
            Self::Text(mut begun) => {
                // an empty text is a text
                changes.extend(begun.more(""));
                changes.push_back(Change { path: Path::default(), edit: Edit::Complete });
                Ok(Read { json: text.to_owned(), repairs: Vec::new() })
            }
            Self::Json { mut parser, wrapping, changes: mut made } => {
                // only the end of the text ends a number outside of brackets: more digits may be missing
                let is_whole = parser.is_complete() || reason == Reason::Complete;
                let finished = parser.finish(&mut made);
                let parsed = match finished {
                    Ok(_) if !is_whole => return Err(incomplete()),
                    Err(_) if reason != Reason::Complete => return Err(incomplete()),
                    Ok(parsed) => parsed,
                    Err(mismatch) => {
                        return Err(misfit(wrapping.unwrap_mismatch(mismatch), text));
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

/// The error of a mismatch.
pub(super) fn misfit(mismatch: Mismatch, text: &str) -> PromptError {
    let Mismatch { path, offset, expected, found, .. } = mismatch;
    PromptError::Mismatch { path, offset, expected, found, text: text.to_owned() }
}

impl Begun {
    /// The change that more text makes.
    fn more(&mut self, text: &str) -> Option<Change> {
        let edit = match (std::mem::replace(self, Self::Yes), text) {
            (Self::No, text) => Edit::Set(text.into()),
            (Self::Yes, "") => return None,
            (Self::Yes, text) => Edit::Append(text.to_owned()),
        };
        Some(Change { path: Path::default(), edit })
    }
}

impl Wrapping {
    /// The change of the value inside; `None` if it is of the object around it.
    fn unwrap(self, change: Change) -> Option<Change> {
        if self == Self::Plain {
            return Some(change);
        }
        match (change.path.segments(), &change.edit) {
            ([], Edit::Complete) => Some(change),
            // the object may appear together with its value
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

    /// The value of `{"value":…}`: the parser writes no spaces, and removes what the schema forbids.
    fn unwrap_json(self, json: String) -> String {
        if self == Self::Plain {
            return json;
        }
        let value = json.split_once(':').and_then(|(_, rest)| rest.strip_suffix('}'));
        value.map_or_else(|| json.clone(), str::to_owned)
    }
}

/// A path without [`VALUE`].
fn inner(path: &Path) -> Path {
    let segments: &[Segment] = path.segments();
    Path::from(segments.get(1..).unwrap_or_default())
}
