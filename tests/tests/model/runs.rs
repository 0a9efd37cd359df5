//! Runs: their events and their results, compared with the reference.

use crate::{
    driving::{End, drive},
    graph::BookInputs,
    observed::Kind,
    ops::Drive,
    world::{Verdict, World, must},
};
use burdock::{
    Position, RunError, RunErrorKind,
    log::{Cursor, Durability, LogError, Offset},
};
use std::mem;

/// The call that starts a run.
pub enum Start {
    Run(String),
    Resume,
    Restart(String),
}

/// Whether a run started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Started {
    No,
    Yes,
}

impl World {
    pub fn start(&mut self, start: &Start, how: &Drive) -> Verdict {
        let (hits, held, epoch) = (self.log.hits(), self.log.held(), self.epoch);
        let mut app = self.app.take().unwrap();
        let run = match start {
            Start::Run(text) => app.run(BookInputs { text: text.clone() }),
            Start::Resume => app.resume(),
            Start::Restart(text) => app.restart(BookInputs { text: text.clone() }),
        };
        let end = drive(run, how, &self.log, &self.clock);
        if let End::Crashed(_) = end {
            mem::forget(app);
        } else {
            self.app = Some(app);
        }
        let started = self.digest(start)?;
        match end {
            End::Crashed(stored) => {
                self.log.crash(stored);
                return self.open_after_crash();
            }
            End::Dropped => self.rebase()?,
            End::Over(result) => {
                self.rebase()?;
                self.judge(start, started, &result)?;
            }
        }
        if epoch != self.epoch {
            // an append that waits behind another one may be stored without the writer's knowledge
            self.suspect = self.log.hits() != hits || held > 0;
        }
        Ok(())
    }

    /// Applies the observed events to the reference. Returns whether a run started.
    fn digest(&mut self, start: &Start) -> Result<Started, String> {
        let mut started = Started::No;
        let observed = mem::take(&mut *self.observed.lock().unwrap());
        for observed in observed {
            if let Some(cursor) = observed.cursor {
                self.rebase_at(cursor.epoch)?;
                self.consumer.received(cursor);
            }
            if let Kind::Started = observed.kind {
                // a session that was read back, and whose log failed again, has that epoch
                self.rebase_at(observed.cursor.map_or(observed.epoch, |cursor| cursor.epoch))?;
            }
            let cursor =
                observed.cursor.unwrap_or(Cursor { epoch: observed.epoch, offset: Offset(0) });
            let node = observed.node.as_str();
            let durable = match (&observed.kind, self.opened_with) {
                (_, Durability::Batch(_)) => false,
                (Kind::Item(_), durability) => durability == Durability::Item,
                (Kind::Committed | Kind::TookErrorEdge, _) => true,
                (Kind::Started, _) => !matches!(start, Start::Resume),
                _ => false,
            };
            must!(observed.stored || !durable, "{:?} at {cursor} was not durable", observed.kind);
            if observed.stored {
                self.kept.push(cursor);
            }
            let position = self.book.position.clone();
            match observed.kind {
                Kind::Started => {
                    started = Started::Yes;
                    match (start, position) {
                        (Start::Run(text), Position::Rest(rest)) => self.book.start(&rest, text),
                        (Start::Restart(text), Position::Unfinished(_)) => {
                            let origin = self.book.unfinished.as_ref().unwrap().origin.clone();
                            self.book.start(&origin, text);
                        }
                        (Start::Resume, Position::Unfinished(_)) => {}
                        (_, position) => return Err(format!("a run started at {position:?}")),
                    }
                }
                Kind::Item(item) => self.consumer.item(cursor, item),
                Kind::Superseded(items) => self.consumer.superseded(items)?,
                Kind::Committed => {
                    must!(position == Position::Unfinished(node.into()), "a commit of `{node}`");
                    self.book.commit(node);
                    self.consumer.committed(cursor);
                }
                Kind::TookErrorEdge => {
                    must!(position == Position::Unfinished(node.into()), "a failure of `{node}`");
                    self.book.fail(node);
                }
                Kind::Other => {}
            }
        }
        Ok(started)
    }

    /// Checks that a run can have this result at the current position.
    fn judge(&self, start: &Start, started: Started, result: &Result<(), RunError>) -> Verdict {
        let position = &self.book.position;
        let fits = match result.as_ref().map_err(RunError::kind) {
            Ok(()) | Err(RunErrorKind::Failed(_)) => started == Started::Yes,
            Err(RunErrorKind::Unfinished { node }) => {
                matches!(start, Start::Run(_))
                    && *position == Position::Unfinished((*node).to_owned())
            }
            Err(RunErrorKind::AtRest { node }) => {
                !matches!(start, Start::Run(_)) && *position == Position::Rest((*node).to_owned())
            }
            Err(RunErrorKind::Ended) => *position == Position::Ended,
            // also while the run starts
            Err(
                RunErrorKind::Cancelled { .. }
                | RunErrorKind::Log { source: LogError::NotSerializable { .. }, .. },
            ) => true,
            Err(RunErrorKind::Log { source: LogError::Unavailable(_), .. }) => self.log.hits() > 0,
            Err(_) => false,
        };
        must!(fits, "{result:?} at {position:?}");
        Ok(())
    }
}
