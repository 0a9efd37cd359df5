//! Operations on a session other than runs.

use crate::{
    consumer::Consumer,
    driving::{End, drive},
    graph::BookInputs,
    observed::{Observations, named},
    ops::{Drive, Exit, Switch, WaitsFor, Watch},
    world::{Verdict, World, must},
};
use burdock::{
    Position, RunError, RunErrorKind,
    log::{Durability, Epoch, Offset, SessionId},
};
use std::{collections::BTreeSet, mem};

impl World {
    pub fn reopen(&mut self) -> Verdict {
        let reopened = self.app().reopen();
        match (reopened.as_ref().map_err(RunError::kind), &self.book.position) {
            (Ok(()), Position::Ended) => {
                self.book.position = Position::Rest("take".into());
                self.book.failure = None;
            }
            (Err(RunErrorKind::NotEnded { .. }), Position::Rest(_) | Position::Unfinished(_)) => {}
            (Err(RunErrorKind::Log { .. }), _) if self.suspect => {}
            (_, position) => return Err(format!("{reopened:?} at {position:?}")),
        }
        Ok(())
    }

    pub fn close(&mut self) -> Verdict {
        let app = self.app.take().unwrap();
        let suspect = self.suspect;
        let closed = self.settle(app.close());
        match closed.map(|closed| closed.map_err(RunError::into_kind)) {
            Some(Ok(state)) => {
                let reading = self.reading()?;
                must!(reading.active.is_none(), "closed during a run");
                must!(reading.last().state == state, "closed with {state:?}");
                self.open()
            }
            Some(Err(RunErrorKind::Log { .. })) | None if suspect => self.open_after_crash(),
            other => Err(format!("closing: {other:?}")),
        }
    }

    pub fn crash(&mut self, stored: usize) -> Verdict {
        mem::forget(self.app.take());
        self.log.crash(stored);
        self.open_after_crash()
    }

    /// Opens the session as another process, while the first writer does not know that it is fenced.
    pub fn fence(&mut self) -> Verdict {
        let observed = Observations::default();
        self.log.crash(usize::MAX);
        let before = self.records().len();
        let second = self.build(&observed)?;
        let opened = self.records();
        let mut first = self.app.take().unwrap();
        let run = match self.book.position {
            Position::Unfinished(_) => first.resume(),
            _ => first.run(BookInputs { text: "late".into() }),
        };
        let how = Drive {
            watch: Watch::Items,
            polls: 50,
            exit: Exit::Drop,
            before: None,
            after: None,
            waits_for: WaitsFor::Log,
        };
        let end = drive(run, &how, &self.log, &self.clock);
        // with a batch, the first writer continues, because it does not wait for the log
        let batch = matches!(self.opened_with, Durability::Batch(_));
        let fenced = batch || !matches!(end, End::Over(Ok(())));
        must!(fenced, "a fenced writer continued");
        must!(self.records() == opened, "a fenced writer appended");
        drop(first);
        // the events of the first writer are not checked
        self.observed.lock().unwrap().clear();
        self.observed = observed;
        self.crashes.insert(Offset(before as u64));
        self.app = Some(second);
        self.opened_with = self.durability;
        self.rebase()
    }

    pub fn fork(&mut self, at: u64, switch: Switch) -> Verdict {
        let reading = self.reading()?;
        let at = at % reading.books.len() as u64;
        self.forks += 1;
        let id = format!("fork {}", self.forks);
        let hits = self.log.hits();
        let fork = self.settle(self.app.as_ref().unwrap().fork(Offset(at), id.as_str()));
        let fork = match fork {
            Some(Ok(fork)) => fork,
            Some(Err(error)) => {
                must!(self.log.hits() != hits, "a fork that failed: {error}");
                return Ok(());
            }
            None => return Ok(()),
        };
        let mut book = reading.books[usize::try_from(at).unwrap()].clone();
        if let Some(run) = &mut book.unfinished {
            run.shown = 0;
            // an unfinished child stays with the parent
            run.calls.retain(|_, call| call.as_child().is_none_or(|child| child.end.is_some()));
        }
        must!(*fork.state() == book.state, "a fork with {:?}", fork.state());
        must!(named(fork.position()) == book.position, "a fork at {:?}", fork.position());
        drop(fork);
        if switch == Switch::Go {
            self.app = None;
            self.id = SessionId::new(id).unwrap();
            self.crashes = BTreeSet::new();
            self.consumer = Consumer::default();
            self.kept = Vec::new();
            self.epoch = Epoch::default();
            self.observed = Observations::default();
            self.open()?;
            must!(self.book == book, "a fork that is {:?}", self.book);
        }
        Ok(())
    }

    pub fn at(&mut self, at: u64) -> Verdict {
        let reading = self.reading()?;
        let at = at % reading.books.len() as u64;
        let hits = self.log.hits();
        let Some(Ok(view)) = self.settle(self.app.as_ref().unwrap().at(Offset(at))) else {
            must!(self.log.hits() != hits, "no view of {at}");
            return Ok(());
        };
        let book = &reading.books[usize::try_from(at).unwrap()];
        must!(view.state == book.state, "at {at}: {:?}", view.state);
        must!(named(view.position) == book.position, "at {at}: {:?}", view.position);
        must!(view.step == book.step, "at {at}: step {}", view.step);
        Ok(())
    }
}
