//! How a run begins and ends in the log, and what follows when it is not known whether the log has
//! it.

use super::{
    Outcome, Position, RunError,
    recording::{json, name},
    session::{Begin, Session},
};
use crate::{
    action::chain,
    graph::Graph,
    log::{Durability, EntryKind, LogError, Offset},
};
use serde_json::Value;

/// How a run ended, for as long as it is not known whether the log has it.
pub(super) struct Ending {
    /// What the error and its sources say; `None` for a run that was dropped.
    pub(super) error: Option<Vec<String>>,
    /// Where an entry was noted that says how it ended, if one was.
    pub(super) at: Option<Offset>,
}

impl<G: Graph> Session<G> {
    /// Records that a run begins at a node or goes on there, before it does.
    pub(super) async fn record_begin(
        &mut self,
        begin: &Begin<G::Inputs>,
        node: G::Node,
    ) -> Result<(), RunError> {
        if self.recording.is_none() {
            return Ok(());
        }
        let noted = self.note_begin(begin, node).map_err(|error| self.log_error(error))?;
        let (Some(recording), Some(inputs)) = (&mut self.recording, noted) else {
            // nothing depends on a resume
            return Ok(());
        };
        // whoever drops this future drops the run
        recording.ending = Some(Ending { error: None, at: None });
        let recorded = recording.writer.commit().await;
        recording.ending = None;
        if recorded.is_ok() {
            recording.inputs = inputs;
        }
        recorded.map_err(|error| {
            let error = self.log_error(error);
            if let Some(recording) = &mut self.recording {
                recording.ending = Some(Ending { error: Some(chain(&error)), at: None });
            }
            error
        })
    }

    /// Notes how a run begins; gives the inputs, if there are any.
    fn note_begin(
        &mut self,
        begin: &Begin<G::Inputs>,
        node: G::Node,
    ) -> Result<Option<Value>, LogError> {
        let node = name(node);
        let (entry, inputs) = match begin {
            Begin::Resume => (EntryKind::RunResumed { node }, None),
            Begin::Run(inputs) | Begin::Restart(inputs) => {
                let inputs = json("the inputs", inputs)?;
                let run = self.context.run + 1;
                (EntryKind::RunStarted { run, node, inputs: inputs.clone() }, Some(inputs))
            }
        };
        // runs may fail again and again before a commit
        let wanted = self.recording.as_ref().is_some_and(|found| found.writer.wants_snapshot());
        if wanted {
            self.note_snapshot(None)?;
        }
        let Some(recording) = &mut self.recording else { return Ok(None) };
        recording.writer.note(&entry)?;
        recording.begun = recording.writer.cursor().map(|cursor| cursor.offset);
        Ok(inputs)
    }

    /// Records how a run came to its end, and waits for it.
    pub(super) async fn record_end(
        &mut self,
        result: &Result<Outcome<G::Node>, RunError>,
    ) -> Result<(), RunError> {
        let node = name(self.node());
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.note(&match result {
            // noted with the commit
            Ok(Outcome::Paused(_) | Outcome::Ended) => return Ok(()),
            Ok(Outcome::Halted(_)) => EntryKind::RunHalted { node },
            Ok(Outcome::Stopped(_)) => EntryKind::RunStopped { node },
            Err(error) => EntryKind::RunFailed { node, error: chain(error) },
        });
        let at = recording.writer.cursor().map(|cursor| cursor.offset);
        recording.ending = Some(Ending { error: None, at });
        let recorded = recording.writer.commit().await;
        recording.ending = None;
        recorded.map_err(|error| {
            let error = self.log_error(error);
            if let Some(recording) = &mut self.recording {
                let error = chain(result.as_ref().err().unwrap_or(&error));
                recording.ending = Some(Ending { error: Some(error), at });
            }
            error
        })
    }

    /// Records that a run was dropped; without waiting, for nobody can.
    pub(super) fn record_cancel(&mut self) {
        let (node, unfinished) =
            (name(self.node()), matches!(self.position, Position::Unfinished(_)));
        let Some(recording) = &mut self.recording else { return };
        if recording.writer.is_broken() {
            let at = recording.ending.take().and_then(|ending| ending.at);
            recording.ending = Some(Ending { error: None, at });
        } else if unfinished {
            recording.note(&EntryKind::RunCancelled { node });
            recording.writer.hand_over_the_rest();
        }
    }

    /// Makes everything durable and lets go of the session.
    pub(super) async fn record_closed(&mut self) -> Result<(), RunError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.close().await.map_err(|error| self.log_error(error))
    }

    /// Records that the session was put at its start.
    pub(super) fn record_reopened(&mut self) -> Result<(), RunError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        let noticed = recording.writer.notice();
        let noted = noticed.and_then(|()| {
            recording.writer.note(&EntryKind::SessionReopened { node: name(G::START) })
        });
        recording.writer.hand_over_the_rest();
        noted.map_err(|error| self.log_error(error))
    }

    /// Reads the session back after an append that failed, or whose fate is unknown.
    pub(super) async fn recover(&mut self) -> Result<(), RunError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        if !recording.writer.is_broken() {
            let noticed = recording.writer.notice();
            let batch = matches!(recording.writer.durability(), Durability::Batch(_));
            match noticed {
                Ok(()) => return Ok(()),
                // steps that were published are lost
                Err(error) if batch => return Err(self.log_error(error)),
                Err(_) => {}
            }
        }
        let moment = recording.writer.read_back().await.map_err(|error| self.log_error(error))?;
        let last = moment.offset;
        self.restore(moment)?;
        let node = name(self.node());
        let unfinished = matches!(self.position, Position::Unfinished(_));
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.go_on();
        let begun = recording.begun.take().is_some_and(|begun| begun <= last);
        if let Some(Ending { error, at }) = recording.ending.take()
            && begun
            && unfinished
            && at.is_none_or(|at| at > last)
        {
            recording.note(&match error {
                Some(error) => EntryKind::RunFailed { node, error },
                None => EntryKind::RunCancelled { node },
            });
            recording.writer.hand_over_the_rest();
        }
        Ok(())
    }
}
