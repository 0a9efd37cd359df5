//! Ids of children, which start with `~`.

use super::listing::{ids, ids_of, page_of};
use crate::{
    entries::{created_by, item, snapshot},
    trial::{Stop, Trial, Verdict, ensure, ensure_content, ensure_eq, ensure_err},
    writer::Writer,
};
use burdock::log::{Claim, Log, LogError, Offset, SessionId, SessionInfo, tail};
use std::sync::Arc;

/// Characters before, at and after `~`, with which ids of the case start.
const STARTS: &[&str] = &["", "}", "}\u{10ffff}", "~", "~~", "~\u{10ffff}", "\u{7f}", "\u{80}"];

/// Creates sessions before, among and after the children. Returns their ids in order, and those of the children.
async fn create(trial: &Trial) -> Result<(Vec<SessionId>, Vec<SessionId>), Stop> {
    let (mut sessions, mut children) = (Vec::new(), Vec::new());
    for start in STARTS {
        for (name, graph) in [("a", "Chat"), ("b", "Search"), ("c", "Chat")] {
            let id = SessionId::stored(format!("{start}{}{name}", trial.prefix))?;
            let mut writer = Writer::open(&trial.log, &id, Claim::default()).await?;
            writer.append(vec![created_by(graph)?, item(1)?]).await?;
            if id.is_child() { children.push(id) } else { sessions.push(id) }
        }
    }
    sessions.sort();
    children.sort();
    Ok((sessions, children))
}

/// Lists the ids of the case without a prefix, in pages. The store may contain other sessions.
async fn without_prefix(
    trial: &Trial,
    log: &Arc<dyn Log>,
    graphs: &[&str],
    limit: usize,
) -> Result<Vec<SessionId>, Stop> {
    let mut found: Vec<SessionId> = Vec::new();
    // after the sessions of other cases
    let mut after = Some(SessionId::stored("}")?);
    loop {
        let page = page_of(log, graphs, "", after.as_ref(), limit).await?;
        for SessionInfo { id, .. } in &page {
            ensure!(after.as_ref() < Some(id), "{id:?} is listed after {after:?}");
            ensure!(!id.is_child(), "{id:?} is listed without a prefix");
            after = Some(id.clone());
        }
        if page.is_empty() {
            return Ok(found);
        }
        let ids = page.into_iter().map(|info| info.id);
        found.extend(ids.filter(|id| id.as_str().contains(&trial.prefix)));
    }
}

pub(crate) async fn children_are_listed_only_with_their_prefix(trial: Trial) -> Verdict {
    let (sessions, children) = create(&trial).await?;
    let sessions: Vec<_> = sessions.into_iter().filter(|id| id.as_str() > "}").collect();
    let of_graphs = |ids: &[SessionId], graphs: &[&str]| -> Vec<_> {
        let belongs = |id: &&SessionId| {
            let graph = if id.as_str().ends_with('b') { "Search" } else { "Chat" };
            graphs.is_empty() || graphs.contains(&graph)
        };
        ids.iter().filter(belongs).cloned().collect()
    };
    for log in trial.handles().await? {
        for graphs in [&[][..], &["Search"], &["Search", "Chat"], &["nothing"]] {
            for limit in [1, 2, 5, 1000] {
                let found = without_prefix(&trial, &log, graphs, limit).await?;
                let expected = of_graphs(&sessions, graphs);
                ensure_eq!(found, expected, "sessions of {graphs:?} in pages of {limit}");
                for start in ["~", "~~", "~\u{10ffff}"] {
                    let prefix = format!("{start}{}", trial.prefix);
                    let found = ids_of(&log, graphs, &prefix, limit).await?;
                    let mut expected = of_graphs(&children, graphs);
                    expected.retain(|id| id.as_str().starts_with(&prefix));
                    ensure_eq!(found, expected, "children of {graphs:?} in pages of {limit}");
                }
            }
        }
        let mut all = ids(&log, "~", 100).await?;
        ensure!(all.iter().all(SessionId::is_child), "{all:?} are listed with the prefix `~`");
        all.retain(|id| id.as_str().contains(&trial.prefix));
        ensure_eq!(all, children, "children with the prefix `~`");
    }
    Ok(())
}

pub(crate) async fn children_can_be_used_like_other_sessions(trial: Trial) -> Verdict {
    let log = &trial.log;
    let id = SessionId::stored(format!("~{}7.12", trial.prefix))?;
    let descendant = SessionId::stored(format!("{}:9.3", id.as_str()))?;
    let mut writer = Writer::open(log, &id, Claim::default()).await?;
    writer.append(vec![created_by("Chat")?, item(1)?, snapshot(1)?, item(2)?]).await?;
    let mut other = Writer::open(log, &descendant, Claim::default()).await?;
    other.append(vec![created_by("Chat")?]).await?;
    let mut writer = Writer { sent: writer.sent.clone(), ..writer.successor().await? };
    writer.append(vec![item(3)?]).await?;
    for log in trial.handles().await? {
        ensure_content(&log, &id, &writer.sent).await?;
        let info = log.info(&id).await?;
        ensure_eq!((&info.id, info.epoch, info.next), (&id, writer.epoch, writer.next), "info");
        ensure_eq!(log.epochs(&id).await?.len(), 2, "number of epochs");
        let mut tail = tail(&log, &id, Offset(4));
        let last = trial.soon("an entry of a child", tail.next()).await?;
        ensure_eq!(last.transpose()?, writer.sent.last().cloned(), "last entry of a child");
    }
    log.trim(&id, Offset(2)).await?;
    ensure_eq!(log.info(&id).await?.first, Offset(2), "first entry of a trimmed child");
    log.delete(&id).await?;
    for log in trial.handles().await? {
        ensure_err!(log.info(&id).await, LogError::NoSession { .. }, "info of a deleted child");
        ensure_content(&log, &descendant, &other.sent).await?;
    }
    Ok(())
}
