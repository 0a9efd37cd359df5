//! The place of the next entry of a session, for an entry that the log appends itself.

use super::{Append, EntryPayload, Epoch, LogError, NewEntry, Offset, SessionId, Time};

/// The place of the next entry of a session. All entries before it were submitted.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(super) session: SessionId,
    pub(super) epoch: Epoch,
    pub(super) at: Offset,
    pub(super) time: Time,
}

impl Place {
    pub(crate) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn offset(&self) -> Offset {
        self.at
    }

    /// Returns the append of an entry at this place.
    pub(crate) fn append(&self, payload: &impl EntryPayload) -> Result<Append, LogError> {
        let entry = NewEntry::of(payload, self.time)?;
        Ok(Append::new(self.session.clone(), self.epoch, self.at, vec![entry]))
    }
}
