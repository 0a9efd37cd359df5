//! How a run begins and ends in the log, and what follows when it is not known whether the log has
//! it.

use super::{
    Outcome, Position, RunError,
    recording::{Recording, inputs_json, name},
    session::{Begin, Session},
};
use crate::{
    action::chain,
    graph::Graph,
    log::{Durability, EntryKind, LogError, Offset},
};
use serde_json::Value;

/// What is remembered of a run until the log has it.
pub(super) struct RunRecord {
    /// Where the entry is that says that it began or went on.
    begun: Offset,
    /// Where the entry is that says how it ended, if one was noted. A run that came to a rest has
    /// none, for its last commit says it.
    ended: Option<Offset>,
    /// What the error that it ended with and its sources say.
    error: Option<Vec<String>>,
}

impl<G: Graph> Recording<G> {
    /// The entry that was noted last.
    fn last(&self) -> Option<Offset> {
        self.writer.cursor().map(|cursor| cursor.offset)
    }

    /// The last run has come to an end, which was noted last.
    fn ended(&mut self, error: Option<Vec<String>>) {
        let ended = self.last();
        if let Some(run) = self.runs.last_mut() {
            (run.ended, run.error) = (ended, error);
        }
    }
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
        let Some(recording) = &mut self.recording else { return Ok(()) };
        let recorded = recording.writer.commit().await;
        if recorded.is_ok()
            && let Some(inputs) = noted
        {
            recording.inputs = inputs;
        }
        recorded.map_err(|error| self.log_error(error))
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
                let inputs = inputs_json::<G>(inputs)?;
                let run = self.context.run + 1;
                (EntryKind::RunStarted { run, node, inputs: inputs.clone() }, Some(inputs))
            }
        };
        if let Some(recording) = &mut self.recording
            && recording.writer.is_idle()
        {
            // the log has what there is to know of them
            recording.runs.clear();
        }
        self.note_due_snapshot()?;
        let Some(recording) = &mut self.recording else { return Ok(None) };
        recording.writer.note(&entry)?;
        let run = |begun| RunRecord { begun, ended: None, error: None };
        // one as a rule, in every app that is idle
        recording.runs.reserve_exact(1);
        recording.runs.extend(recording.last().map(run));
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
        recording.ended(result.as_ref().err().map(|error| chain(error)));
        recording.writer.commit().await.map_err(|error| self.log_error(error))
    }

    /// Records that a run was dropped; without waiting, for nobody can.
    pub(super) fn record_cancel(&mut self) {
        let (node, unfinished) =
            (name(self.node()), matches!(self.position, Position::Unfinished(_)));
        let Some(recording) = &mut self.recording else { return };
        if unfinished && !recording.writer.is_broken() {
            recording.note(&EntryKind::RunCancelled { node });
            recording.ended(None);
            recording.writer.hand_over_the_rest();
        }
    }

    /// Makes everything durable.
    pub(super) async fn record_flushed(&mut self) -> Result<(), RunError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.flush().await.map_err(|error| self.log_error(error))
    }

    /// Makes everything durable and lets go of the session.
    pub(super) async fn record_closed(&mut self) -> Result<(), RunError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.close().await.map_err(|error| self.log_error(error))
    }

    /// Records that the session was put at its start.
    pub(super) fn record_reopened(&mut self) -> Result<(), RunError> {
        let reopened = self.note_reopened();
        if let Some(recording) = &mut self.recording {
            recording.writer.hand_over_the_rest();
        }
        reopened.map_err(|error| self.log_error(error))
    }

    fn note_reopened(&mut self) -> Result<(), LogError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.notice()?;
        self.note_due_snapshot()?;
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.note(&EntryKind::SessionReopened { node: name(G::START) })
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
        let why = recording.writer.broken().map(|error| chain(error));
        let moment = recording.writer.read_back().await.map_err(|error| self.log_error(error))?;
        let last = moment.offset;
        self.restore(moment)?;
        if let Some(recording) = &mut self.recording {
            recording.writer.go_on();
            recording.runs.retain(|run| run.begun <= last);
        }
        self.end_again(last, why);
        Ok(())
    }

    /// Records how the last run ended that the log has, if it lacks that.
    fn end_again(&mut self, last: Offset, why: Option<Vec<String>>) {
        let node = name(self.node());
        let unfinished = matches!(self.position, Position::Unfinished(_));
        let Some(recording) = &mut self.recording else { return };
        let Some(run) = recording.runs.last_mut() else { return };
        if !unfinished || run.ended.is_some_and(|ended| ended <= last) {
            return;
        }
        let error = run.error.take().or(why);
        recording.note(&match error.clone() {
            Some(error) => EntryKind::RunFailed { node, error },
            None => EntryKind::RunCancelled { node },
        });
        recording.ended(error);
        recording.writer.hand_over_the_rest();
    }
}
