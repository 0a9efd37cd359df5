//! Runs: what they tell, what they come to, and whether they may.

use crate::{
    driving::{End, drive},
    graph::BookInputs,
    heard::What,
    ops::Drive,
    world::{Verdict, World, must},
};
use burdock::{
    Position, RunError, RunErrorKind,
    log::{Cursor, Durability, LogError, Offset},
};
use std::mem;

/// What begins.
pub enum Begin {
    Run(String),
    Resume,
    Restart(String),
}

/// Whether a run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Began {
    No,
    Yes,
}

impl World {
    pub fn begin(&mut self, begin: &Begin, how: &Drive) -> Verdict {
        let (hits, held, epoch) = (self.log.hits(), self.log.held(), self.epoch);
        let mut app = self.app.take().unwrap();
        let run = match begin {
            Begin::Run(text) => app.run(BookInputs { text: text.clone() }),
            Begin::Resume => app.resume(),
            Begin::Restart(text) => app.restart(BookInputs { text: text.clone() }),
        };
        let end = drive(run, how, &self.log, &self.clock);
        if let End::Crashed(_) = end {
            mem::forget(app);
        } else {
            self.app = Some(app);
        }
        let told = self.digest(begin)?;
        match end {
            End::Crashed(stored) => {
                self.log.crash(stored);
                return self.open_after_crash();
            }
            End::Dropped => self.rebase()?,
            End::Over(result) => {
                self.rebase()?;
                self.judge(begin, told, &result)?;
            }
        }
        if epoch != self.epoch {
            // what waits behind another append may be stored unnoticed
            self.suspect = self.log.hits() != hits || held > 0;
        }
        Ok(())
    }

    /// Takes in what was heard; says whether a run began.
    fn digest(&mut self, begin: &Begin) -> Result<Began, String> {
        let mut told = Began::No;
        let heard = mem::take(&mut *self.heard.lock().unwrap());
        for heard in heard {
            if let Some(cursor) = heard.cursor {
                self.rebase_at(cursor.epoch)?;
                self.consumer.saw(cursor);
            }
            if let What::Began = heard.what {
                // a session that was read back, and whose log failed again, is one of that epoch
                self.rebase_at(heard.cursor.map_or(heard.epoch, |cursor| cursor.epoch))?;
            }
            let cursor = heard.cursor.unwrap_or(Cursor { epoch: heard.epoch, offset: Offset(0) });
            let node = heard.node.as_str();
            let durable = match (&heard.what, self.opened_with) {
                (_, Durability::Batch(_)) => false,
                (What::Item(_), durability) => durability == Durability::Item,
                (What::Committed | What::TookErrorEdge, _) => true,
                (What::Began, _) => !matches!(begin, Begin::Resume),
                _ => false,
            };
            must!(heard.stored || !durable, "{:?} at {cursor} was not durable", heard.what);
            if heard.stored {
                self.kept.push(cursor);
            }
            let position = self.book.position.clone();
            match heard.what {
                What::Began => {
                    told = Began::Yes;
                    match (begin, position) {
                        (Begin::Run(text), Position::Rest(rest)) => self.book.begin(&rest, text),
                        (Begin::Restart(text), Position::Unfinished(_)) => {
                            let origin = self.book.unfinished.as_ref().unwrap().origin.clone();
                            self.book.begin(&origin, text);
                        }
                        (Begin::Resume, Position::Unfinished(_)) => {}
                        (_, position) => return Err(format!("a run began at {position:?}")),
                    }
                }
                What::Item(item) => self.consumer.item(cursor, item),
                What::Superseded(items) => self.consumer.superseded(items)?,
                What::Committed => {
                    must!(position == Position::Unfinished(node.into()), "a commit of `{node}`");
                    self.book.commit(node);
                    self.consumer.committed(cursor);
                }
                What::TookErrorEdge => {
                    must!(position == Position::Unfinished(node.into()), "a failure of `{node}`");
                    self.book.fail(node);
                }
                What::Other => {}
            }
        }
        Ok(told)
    }

    /// Whether a run may have come to such a result.
    fn judge(&self, begin: &Begin, told: Began, result: &Result<(), RunError>) -> Verdict {
        let position = &self.book.position;
        let fits = match result.as_ref().map_err(RunError::kind) {
            Ok(()) | Err(RunErrorKind::Failed(_)) => told == Began::Yes,
            Err(RunErrorKind::Unfinished { node }) => {
                matches!(begin, Begin::Run(_))
                    && *position == Position::Unfinished((*node).to_owned())
            }
            Err(RunErrorKind::AtRest { node }) => {
                !matches!(begin, Begin::Run(_)) && *position == Position::Rest((*node).to_owned())
            }
            Err(RunErrorKind::Ended) => *position == Position::Ended,
            // also while it begins
            Err(
                RunErrorKind::Cancelled { .. }
                | RunErrorKind::Log { source: LogError::NotSerialisable { .. }, .. },
            ) => true,
            Err(RunErrorKind::Log { source: LogError::Unavailable(_), .. }) => self.log.hits() > 0,
            Err(_) => false,
        };
        must!(fits, "{result:?} at {position:?}");
        Ok(())
    }
}
