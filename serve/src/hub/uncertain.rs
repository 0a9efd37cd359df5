//! Starts whose first entry could not be appended.
//!
//! An append that failed may have been stored nevertheless, if only its response was lost. Before the hub reports
//! to a client that its run did not start, it looks for the entry in the log, under a new epoch that fences a late
//! append.

use super::{
    Hub,
    slot::SessionPermit,
    start::{IfUnfinished, StartKind},
};
use crate::{error::SessionError, text::chain};
use burdock::{
    App, Graph, Position, RunError, RunErrorKind,
    log::{Cursor, EntryKind, Epoch, Existence, LogError, Offset, SessionId, entries},
};
use std::sync::Arc;

/// Returns whether a run failed because of the log, so that the log may have its start nevertheless.
pub(super) fn may_be_stored(error: &RunError) -> bool {
    // a value that cannot be serialized was not sent to the log, and a full log has rejected the append
    matches!(error.kind(), RunErrorKind::Log { source, .. }
        if !matches!(source, LogError::NotSerializable { .. } | LogError::Full { .. }))
}

/// The epoch and the cursor of a session before a start.
#[derive(Clone, Copy)]
pub(super) struct BeforeStart {
    epoch: Option<Epoch>,
    pub(super) cursor: Option<Cursor>,
}

impl BeforeStart {
    pub(super) fn of<G: Graph>(permit: &SessionPermit<G>) -> Self {
        let app = permit.app.as_ref();
        Self { epoch: app.and_then(App::epoch), cursor: app.and_then(App::cursor) }
    }
}

impl<G: Graph> Hub<G> {
    /// Returns the first entry of the run that the permit's app tried to start, if the log has it. A later
    /// append of that app is fenced.
    pub(super) async fn find_start(
        &self,
        permit: &mut SessionPermit<G>,
        before: BeforeStart,
    ) -> Result<Option<Cursor>, SessionError> {
        let session = permit.session().clone();
        let epoch = permit.app.take().as_ref().and_then(App::epoch);
        let info = match self.log.info(&session).await {
            Err(LogError::NoSession { .. }) => return Ok(None),
            info => info?,
        };
        if epoch == Some(info.epoch) {
            self.ensure_open(permit, Existence::Existing).await?;
        }
        match epoch {
            Some(epoch) => {
                // if the app opened the session again, the new epoch has only this start, and the cursor from
                // before may be ahead of the log
                let known = before.cursor.filter(|_| before.epoch == Some(epoch));
                Ok(self.first_entry_of_run(&session, epoch, known).await?)
            }
            None => Ok(None),
        }
    }

    /// Returns the cursor of the first entry of a run that was written in an epoch, after `known` or, without it,
    /// from the start of the epoch.
    async fn first_entry_of_run(
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

    /// Continues a run whose start is in the log, unless another process opened the session.
    pub(super) async fn continue_recorded(
        self: &Arc<Self>,
        permit: SessionPermit<G>,
        if_unfinished: IfUnfinished,
    ) {
        let position = permit.app.as_ref().map(App::position);
        if !matches!(position, Some(Position::Unfinished(_))) {
            return;
        }
        let session = permit.session().clone();
        let resumed = self.spawn_run(permit, &StartKind::Resume, if_unfinished).await;
        if let Ok(Err((error, _))) = resumed {
            let error = chain(&error);
            tracing::warn!(%session, error, "a run that was accepted could not be continued");
        }
    }

    /// Returns the cursor just before the first entry of a run.
    pub(super) async fn cursor_before_run(
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
            _ => match self.cursor_before(session, first.offset).await {
                Ok(Some(before)) => before,
                Ok(None) | Err(_) => known.unwrap_or(Cursor { offset, ..first }),
            },
        }
    }
}
