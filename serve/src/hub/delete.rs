//! Deletion of sessions with their children.

use super::{Hub, remove, slot::SessionSlot};
use crate::error::SessionError;
use burdock::{
    Graph,
    log::{self, SessionId},
};
use std::sync::Arc;
use tokio::runtime::Handle;
use tracing::Instrument as _;

impl<G: Graph> Hub<G> {
    /// Deletes a session with all of its entries, and its children. Stops its run and the starts that wait for it.
    pub(crate) async fn delete(&self, session: &SessionId) -> Result<(), SessionError> {
        let Some(slot) = self.try_slot(session)? else {
            return self.delete_from_log(session).await;
        };
        slot.stop_all();
        let mut app = slot.lock().await;
        // dropped and not closed: the entries that closing writes would be deleted immediately
        drop(app.take());
        // dropped before the lock, even if this future is dropped
        let _deleting = Deleting::new(self, &slot);
        self.delete_from_log(session).await
    }

    /// Deletes a session and its children in a task, which completes even if the caller drops this future: children would
    /// remain otherwise. Outside of a tokio runtime, there is no task.
    async fn delete_from_log(&self, session: &SessionId) -> Result<(), SessionError> {
        let (log, session) = (Arc::clone(&self.log), session.clone());
        let deletion = async move { log::delete(&log, &session).await };
        let Ok(runtime) = Handle::try_current() else { return Ok(deletion.await?) };
        match self.runs.spawn_on(deletion.in_current_span(), &runtime).await {
            Ok(deleted) => Ok(deleted?),
            Err(error) if error.is_panic() => Err(SessionError::Panicked),
            Err(_) => Err(SessionError::ShuttingDown),
        }
    }
}

/// A deletion in progress. Requests for the session wait until this is dropped, and then use a new slot.
struct Deleting<'h, G: Graph>(&'h Hub<G>, &'h Arc<SessionSlot<G>>);

impl<'h, G: Graph> Deleting<'h, G> {
    fn new(hub: &'h Hub<G>, slot: &'h Arc<SessionSlot<G>>) -> Self {
        slot.mark_deleted();
        Self(hub, slot)
    }
}

impl<G: Graph> Drop for Deleting<'_, G> {
    fn drop(&mut self) {
        remove(&mut self.0.slots(), self.1);
    }
}
