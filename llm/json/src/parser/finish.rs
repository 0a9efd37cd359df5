//! The end of the text.

use super::{
    Parser, Result,
    frame::{Kind, Lex, Next},
    text::Purpose,
};
use crate::report::{Mismatch, MismatchKind, RepairKind};

impl Parser {
    pub(super) fn end(&mut self) -> Result {
        let result = self.end_token().and_then(|()| self.end_value());
        if self.next == Next::Finished {
            return Ok(());
        }
        // a provisional value may be less complete than an earlier one
        if !self.growth.is_committed
            && let Some(rejected) = self.start.rejected.take()
        {
            return Err(rejected);
        }
        result
    }

    /// Ends the token in which the text ended.
    fn end_token(&mut self) -> Result {
        match self.lex {
            Lex::Text if self.text.may_end => self.end_text(),
            Lex::Text => {
                if self.text.purpose == Purpose::Skipped {
                    return Ok(());
                }
                self.is_cut = true;
                self.repair(RepairKind::MissingQuote, self.offset);
                match self.text.purpose {
                    Purpose::Discarded | Purpose::Growing | Purpose::Skipped => self.end_text(),
                    Purpose::Held | Purpose::Key => {
                        self.discard_token();
                        Ok(())
                    }
                }
            }
            Lex::Bare { key: false } if self.is_alone() => self.end_bare(false),
            Lex::Bare { key: false } if matches!(&*self.token, "true" | "false" | "null") => {
                self.end_bare(false)
            }
            Lex::Bare { .. } => {
                self.discard_token();
                Ok(())
            }
            Lex::Between | Lex::Slash | Lex::Line | Lex::Block { .. } => {
                self.lex = Lex::Between;
                Ok(())
            }
        }
    }

    /// Returns whether no bracket is open, so that the end of the text is the end of the value.
    fn is_alone(&self) -> bool {
        self.stack[..self.depth].iter().all(|frame| frame.kind == Kind::Single)
    }

    /// Removes the incomplete token.
    fn discard_token(&mut self) {
        self.lex = Lex::Between;
        self.is_cut = true;
        self.repair(RepairKind::Incomplete, self.offset);
    }

    /// Closes all open objects and lists.
    fn end_value(&mut self) -> Result {
        match self.next {
            Next::Finished => return Ok(()),
            Next::Start => {
                let shapes = self.schema.inner.alternatives(crate::schema::NodeId::ROOT);
                let expected = self.schema.inner.expected(shapes);
                let found = self.start.found();
                return Err(self.mismatch(MismatchKind::NoValue, self.offset, expected, found));
            }
            _ => {}
        }
        self.is_cut = true;
        self.repair(RepairKind::MissingBracket, self.offset);
        while self.depth > 0 {
            self.discard_member();
            self.close(self.offset).map_err(cut)?;
        }
        if self.next != Next::Finished {
            // a held string at the root
            return Err(self.mismatch(MismatchKind::Cut, self.offset, "a value", "the end"));
        }
        Ok(())
    }

    /// Removes a property that has a key but no value.
    fn discard_member(&mut self) {
        let at = self.depth - 1;
        let frame = &mut self.stack[at];
        if frame.kind != Kind::Object || !matches!(self.next, Next::Colon | Next::Value) {
            return;
        }
        let member = std::mem::take(&mut frame.member);
        if member.is_discarded {
            self.discarded = None;
            self.growth.resume();
        } else if let Some(key) = member.key {
            frame.seen.remove(key);
        }
        self.next = Next::Comma;
    }
}

/// Adjusts a mismatch at an object or list that the end of the text closed.
#[expect(clippy::unnecessary_box_returns, reason = "large errors are boxed")]
fn cut(mut mismatch: Box<Mismatch>) -> Box<Mismatch> {
    mismatch.kind = MismatchKind::Cut;
    mismatch.found = match mismatch.found.as_str() {
        "the end of the object" => "the end of the answer".into(),
        found => format!("{found} before the end of the answer"),
    };
    mismatch
}
