//! The identity of a session, which distinguishes it from a later session with the same id.

use super::{Epoch, EpochStart, Log, LogError, SessionId};
use std::sync::Arc;

/// The session that has this id and this epoch. If it is deleted and its id is used again, the later session has
/// other epochs.
///
/// A read that makes several calls to a log checks their results against it. Otherwise, entries of two
/// sessions would look like one damaged session.
#[derive(Clone)]
pub(crate) struct Identity {
    log: Arc<dyn Log>,
    session: SessionId,
    epoch: Epoch,
}

impl Identity {
    /// Returns the identity of the session for which `info` or `open` returned this epoch.
    pub(crate) fn new(log: &Arc<dyn Log>, session: &SessionId, epoch: Epoch) -> Self {
        Self { log: Arc::clone(log), session: session.clone(), epoch }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn no_session(&self) -> LogError {
        LogError::NoSession { session: self.session.clone() }
    }

    /// Returns whether the id still belongs to this session.
    pub(crate) async fn is_current(&self) -> Result<bool, LogError> {
        match self.epochs().await {
            Ok(_) => Ok(true),
            Err(LogError::NoSession { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns an error unless the id still belongs to this session.
    pub(crate) async fn check(&self) -> Result<(), LogError> {
        self.epochs().await.map(drop)
    }

    /// Returns the epochs of this session, or an error unless the id still belongs to it.
    pub(crate) async fn epochs(&self) -> Result<Vec<EpochStart>, LogError> {
        let epochs = self.log.epochs(&self.session).await?;
        let is_current = epochs.iter().any(|known| known.epoch == self.epoch);
        if is_current { Ok(epochs) } else { Err(self.no_session()) }
    }

    /// Returns the result, or `NoSession` if its error was caused by a later session with the same id.
    pub(crate) async fn explain<T>(&self, result: Result<T, LogError>) -> Result<T, LogError> {
        if let Err(LogError::Damaged { .. } | LogError::Trimmed { .. } | LogError::NoEntry { .. }) =
            &result
        {
            self.check().await?;
        }
        result
    }
}
