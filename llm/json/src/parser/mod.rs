//! The parser: a single pass over the text, with a stack of open objects and lists and, for each of
//! them, the alternatives of the schema that still fit.

mod escapes;
mod finish;
mod fit;
mod frame;
mod growth;
mod held;
mod members;
mod merge;
mod number;
mod scalars;
mod start;
mod structure;
mod text;
mod values;

use self::{
    frame::{Frame, Lex, Next},
    growth::Growth,
    start::Start,
    text::TextState,
};
use crate::{
    change::{Change, Path, Segment},
    names::KeyId,
    report::{Mismatch, MismatchKind, Parsed, Repair, RepairKind},
    schema::{Schema, ShapeId},
};

/// An incremental, tolerant parser of one value.
///
/// Feed it the text in chunks of any size; it appends the changes of the growing value. Each byte is
/// read a bounded number of times, and memory is linear in the text.
#[derive(Debug)]
pub struct Parser {
    schema: Schema,
    /// Position of the current chunk in the text, in bytes.
    offset: usize,
    /// Position in the text at which to continue if the provisional value is rejected.
    reached: usize,
    lex: Lex,
    next: Next,
    /// The first `depth` frames are open; the others keep their buffers for reuse.
    stack: Vec<Frame>,
    depth: usize,
    /// Alternatives of the value that is being read.
    alternatives: Vec<ShapeId>,
    /// The key that was read last.
    key: String,
    key_id: Option<KeyId>,
    /// The number, word or held string so far, decoded.
    token: String,
    /// Position of the start of the token.
    token_at: usize,
    text: TextState,
    start: Start,
    /// The frame whose member is discarded.
    discarded: Option<usize>,
    json: String,
    growth: Growth,
    repairs: Vec<Repair>,
    is_cut: bool,
    failure: Option<Box<Mismatch>>,
}

type Result<T = (), E = Box<Mismatch>> = std::result::Result<T, E>;

impl Parser {
    /// The maximum nesting depth. A deeper value is a [`Mismatch`].
    pub const MAX_DEPTH: usize = 100;

    /// The maximum number of repairs that are recorded. Further repairs are made but not recorded.
    pub const MAX_REPAIRS: usize = 1_000;

    /// Creates a parser for one value.
    pub fn new(schema: &Schema) -> Self {
        Self {
            start: Start::new(&schema.inner),
            schema: schema.clone(),
            offset: 0,
            reached: 0,
            lex: Lex::Between,
            next: Next::Start,
            stack: Vec::new(),
            depth: 0,
            alternatives: Vec::new(),
            key: String::new(),
            key_id: None,
            token: String::new(),
            token_at: 0,
            text: TextState::default(),
            discarded: None,
            json: String::new(),
            growth: Growth::default(),
            repairs: Vec::new(),
            is_cut: false,
            failure: None,
        }
    }

    /// Reads a chunk of the text and appends the changes to `changes`.
    ///
    /// # Errors
    /// Returns an error at the first token with which the text can no longer be a value of the schema,
    /// and returns the same error from then on. The changes before it are appended.
    pub fn feed(&mut self, text: &str, changes: &mut Vec<Change>) -> Result<(), Mismatch> {
        if let Some(failure) = &self.failure {
            return Err(failure.as_ref().clone());
        }
        std::mem::swap(&mut self.growth.changes, changes);
        let result = self.read(text);
        self.flush_text();
        self.offset += text.len();
        std::mem::swap(&mut self.growth.changes, changes);
        self.keep_failure(result)
    }

    /// Ends the text: closes all open tokens, objects and lists, and returns the value.
    ///
    /// Call it once. A text that ended inside the value is closed if the result has everything that the
    /// schema requires; a number at its end is removed, because more digits might have followed.
    ///
    /// # Errors
    /// Returns an error if the text has no value or ended too early, or if [`feed`](Self::feed)
    /// returned one.
    pub fn finish(&mut self, changes: &mut Vec<Change>) -> Result<Parsed, Mismatch> {
        if let Some(failure) = &self.failure {
            return Err(failure.as_ref().clone());
        }
        std::mem::swap(&mut self.growth.changes, changes);
        let result = self.end();
        std::mem::swap(&mut self.growth.changes, changes);
        self.keep_failure(result)?;
        let (json, repairs) = (std::mem::take(&mut self.json), std::mem::take(&mut self.repairs));
        Ok(Parsed { json, repairs, cut: self.is_cut })
    }

    /// Returns whether the value is complete. Text after it is ignored.
    pub fn is_complete(&self) -> bool {
        self.next == Next::Finished
    }

    fn keep_failure(&mut self, result: Result) -> Result<(), Mismatch> {
        result.map_err(|failure| {
            self.failure = Some(failure.clone());
            *failure
        })
    }

    fn read(&mut self, text: &str) -> Result {
        let mut at = 0;
        while at < text.len() {
            at = match self.step(text, at) {
                Ok(at) => at,
                Err(mismatch) => self.reject(mismatch, text)?,
            };
        }
        Ok(())
    }

    /// Reads at least one character at `at`. Returns the position at which to continue.
    fn step(&mut self, text: &str, at: usize) -> Result<usize> {
        match self.lex {
            Lex::Between if self.next == Next::Start => self.search(text, at),
            Lex::Between if self.next == Next::Finished => Ok(self.ignore(text, at)),
            Lex::Between => self.between(text, at),
            Lex::Text => self.text(text, at),
            Lex::Bare { key } => self.bare(text, at, key),
            Lex::Slash | Lex::Line | Lex::Block { .. } => self.comment(text, at),
        }
    }

    fn top(&self) -> Option<&Frame> {
        self.stack[..self.depth].last()
    }

    /// Returns the path of the value that is being read.
    fn here(&self) -> Path {
        match self.top() {
            Some(frame) if frame.kind != frame::Kind::Object => {
                self.growth.plain_path(frame.path, Some(Segment::Index(frame.count)))
            }
            _ => self.growth.plain_path(self.growth.len(), None),
        }
    }

    fn repair(&mut self, kind: RepairKind, offset: usize) {
        let path = self.here();
        self.repair_at(path, kind, offset);
    }

    fn repair_at(&mut self, path: Path, kind: RepairKind, offset: usize) {
        if self.repairs.len() < Self::MAX_REPAIRS {
            self.repairs.push(Repair { path, offset, kind });
        }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "large errors are boxed")]
    fn mismatch(
        &self,
        kind: MismatchKind,
        offset: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Box<Mismatch> {
        let (expected, found) = (expected.into(), found.into());
        Box::new(Mismatch { path: self.here(), offset, expected, found, kind })
    }
}
