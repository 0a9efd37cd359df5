//! What became of a start whose entry could not be appended.
//!
//! An append that failed may be stored all the same: its answer may have been lost on the way. Before a
//! client reads that its run did not start, the log is asked, under an epoch that keeps a late append out.

use super::{
    Hub,
    begin::{Begin, IfUnfinished},
    seat::Turn,
};
use crate::{error::SessionError, text::chain};
use burdock::{
    App, Graph, Position, RunError, RunErrorKind,
    log::{Cursor, EntryKind, Epoch, Existence, LogError, Offset, SessionId, entries},
};
use std::sync::Arc;

/// Whether a run ended with what the log said, so that the log may have its start nevertheless.
pub(super) fn is_of_the_log(error: &RunError) -> bool {
    // a value that cannot be written never got as far as the log, and a full one has said that it took nothing
    matches!(error.kind(), RunErrorKind::Log { source, .. }
        if !matches!(source, LogError::NotSerialisable { .. } | LogError::Full { .. }))
}

/// Where a session stood before a start.
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    epoch: Option<Epoch>,
    pub(super) known: Option<Cursor>,
}

impl Attempt {
    pub(super) fn of<G: Graph>(turn: &Turn<G>) -> Self {
        let app = turn.app.as_ref();
        Self { epoch: app.and_then(App::epoch), known: app.and_then(App::cursor) }
    }
}

impl<G: Graph> Hub<G> {
    /// Returns the first entry of the run that the turn's app tried to start, if the log has it. A later
    /// append of that app is fenced.
    pub(super) async fn fate(
        &self,
        turn: &mut Turn<G>,
        attempt: Attempt,
    ) -> Result<Option<Cursor>, SessionError> {
        let session = turn.session().clone();
        let epoch = turn.app.take().as_ref().and_then(App::epoch);
        let info = match self.log.info(&session).await {
            Err(LogError::NoSession { .. }) => return Ok(None),
            info => info?,
        };
        if epoch == Some(info.epoch) {
            self.ready(turn, Existence::Existing).await?;
        }
        match epoch {
            Some(epoch) => {
                // an app that opened the session again has only this start in the new epoch, and the cursor
                // that it knew before may be ahead of the log
                let known = attempt.known.filter(|_| attempt.epoch == Some(epoch));
                Ok(self.start_of(&session, epoch, known).await?)
            }
            None => Ok(None),
        }
    }

    /// The first entry of a run that an epoch has behind a cursor, or from its start.
    async fn start_of(
        &self,
        session: &SessionId,
        epoch: Epoch,
        known: Option<Cursor>,
    ) -> Result<Option<Cursor>, LogError> {
        let from = if let Some(known) = known {
            known.offset.plus(1)
        } else {
            let epochs = self.log.epochs(session).await?;
            let own = epochs.iter().find(|known| known.epoch == epoch);
            own.map_or(Offset::ZERO, |own| own.start)
        };
        let mut records = entries(&self.log, session, from..);
        while let Some(record) = records.next().await.transpose()? {
            let starts =
                |kind| matches!(kind, EntryKind::RunStarted { .. } | EntryKind::RunResumed { .. });
            if record.epoch == epoch && starts(record.entry(session)?.kind) {
                return Ok(Some(record.cursor()));
            }
        }
        Ok(None)
    }

    /// Continues a run whose start the log has, unless another process took the session over.
    pub(super) async fn continue_recorded(
        self: &Arc<Self>,
        turn: Turn<G>,
        if_unfinished: IfUnfinished,
    ) {
        let position = turn.app.as_ref().map(App::position);
        if !matches!(position, Some(Position::Unfinished(_))) {
            return;
        }
        let session = turn.session().clone();
        let resumed = self.start(turn, &Begin::Resume, if_unfinished).await;
        if let Ok(Err((error, _))) = resumed {
            let error = chain(&error);
            tracing::warn!(%session, error, "a run that was accepted could not be continued");
        }
    }

    /// The cursor just before the first entry of a run.
    pub(super) async fn before(
        &self,
        session: &SessionId,
        known: Option<Cursor>,
        first: Cursor,
    ) -> Cursor {
        let offset = Offset(first.offset.0.saturating_sub(1));
        match known {
            Some(known) if known.offset == offset => known,
            // another epoch may have written that entry; the run has started, so an error of the log must
            // not fail it
            _ => match self.before_entry(session, first.offset).await {
                Ok(Some(before)) => before,
                Ok(None) | Err(_) => known.unwrap_or(Cursor { offset, ..first }),
            },
        }
    }
}
