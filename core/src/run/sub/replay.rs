//! Reading the items back that a child has shown in an earlier attempt at the step of its parent.

use super::{SubError, child::Items};
use crate::{
    graph::Graph,
    log::{EntryKind, Log, LogError, SessionId, entries},
    run::find,
    state::read,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// Emits the items of the committed steps of a session. Those of the step in progress are shown again when it
/// runs again.
pub(super) async fn replay<G: Graph<Item: DeserializeOwned>>(
    log: &Arc<dyn Log>,
    session: &SessionId,
    key: &str,
    items: &Items<G>,
) -> Result<(), SubError> {
    let failed = |error| SubError::log(key, error);
    let first = match log.info(session).await {
        Err(LogError::NoSession { .. }) => return Ok(()),
        info => info.map_err(failed)?.first,
    };
    let (mut records, mut shown) = (entries(log, session, first..), Vec::new());
    while let Some(record) = records.next().await.transpose().map_err(failed)? {
        match record.entry(session).map_err(failed)?.kind {
            EntryKind::Item { node, item, .. } => shown.push((node, item)),
            EntryKind::ItemsSuperseded { .. } => shown.clear(),
            EntryKind::StepCommitted { .. } => {
                for (node, item) in shown.drain(..) {
                    emit(&node, &item, key, items).await?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

async fn emit<G: Graph<Item: DeserializeOwned>>(
    node: &str,
    item: &Value,
    key: &str,
    items: &Items<G>,
) -> Result<(), SubError> {
    let node = find::<G>("the child has shown an item of", node)
        .map_err(|error| SubError::restore(key, error))?;
    let item = read(item)
        .map_err(|error| SubError::Item { key: key.to_owned(), reason: error.to_string() })?;
    items.emit(node, item).await;
    Ok(())
}
