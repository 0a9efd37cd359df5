//! The sessions of children: their ids, and operations on a session together with its descendants.
//!
//! ```text
//! anna            a session, whose first epoch is 7
//! ~7:7.12         its child that was started by entry 12, under epoch 7
//! ~7:7.12:9.3     a child of that child
//! ```
//! Epochs increase over all sessions of a log, so an id is never used twice: not by another attempt, by a restart, or by a
//! later session with the id of the parent. The ids of all descendants of a session start with the same characters.

use super::{
    Cursor, EntryKind, Log, LogError, Offset, RawSessionView, SessionFilter, SessionId, SessionInfo,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The first character of the ids of children.
pub(super) const CHILD: char = '~';

impl SessionId {
    /// Returns whether this is the id of a child: a session that an action of another session has started.
    ///
    /// [`SessionId::new`] rejects such ids, and [`SessionId::stored`] accepts them.
    pub fn is_child(&self) -> bool {
        self.as_str().starts_with(CHILD)
    }

    /// Returns the id of the child that an entry started.
    pub(crate) fn of_child(prefix: &str, started: Cursor) -> Result<Self, LogError> {
        Self::stored(format!("{prefix}:{started}"))
    }
}

/// Returns the start of the ids of the children of a session.
pub(crate) async fn child_prefix(
    log: &Arc<dyn Log>,
    session: &SessionId,
) -> Result<Arc<str>, LogError> {
    if session.is_child() {
        return Ok(session.as_str().into());
    }
    let missing = || LogError::NoSession { session: session.clone() };
    let first = log.epochs(session).await?.first().map(|first| first.epoch).ok_or_else(missing)?;
    Ok(format!("{CHILD}{first}").into())
}

/// Returns the descriptions of the descendants of a session: the children that its actions have started, and their children,
/// ordered by the bytes of their ids.
///
/// # Errors
/// Returns [`LogError::NoSession`] if there is no such session, or the error of a read.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn descendants(
    log: &Arc<dyn Log>,
    session: &SessionId,
) -> Result<Vec<SessionInfo>, LogError> {
    let prefix = child_prefix(log, session).await?;
    list(log, &format!("{prefix}:")).await
}

/// Lists all sessions whose ids start with a prefix.
async fn list(log: &Arc<dyn Log>, prefix: &str) -> Result<Vec<SessionInfo>, LogError> {
    let mut filter = SessionFilter { prefix: prefix.into(), ..SessionFilter::default() };
    let mut found = Vec::new();
    loop {
        let page = log.sessions(filter.clone()).await?;
        let Some(last) = page.last() else { return Ok(found) };
        filter.after = Some(last.id.clone());
        found.extend(page);
    }
}

/// Deletes a session and its descendants. Their writers are fenced.
///
/// The session is deleted first, so that it starts no more children. If an error or a crash interrupts the deletion, some
/// descendants may remain: [`delete_orphans`] deletes them.
///
/// # Errors
/// Returns [`LogError::NoSession`] if there is no such session, or the error of a deletion.
///
/// # Cancel safety
/// If the future is dropped, the session or some of its descendants may have been deleted.
pub async fn delete(log: &Arc<dyn Log>, session: &SessionId) -> Result<(), LogError> {
    // known before the deletion, after which the epochs are gone
    let prefix = match child_prefix(log, session).await {
        // its children remain as orphans
        Err(LogError::Damaged { .. }) => return log.delete(session).await,
        prefix => prefix?,
    };
    log.delete(session).await?;
    for child in list(log, &format!("{prefix}:")).await? {
        delete_one(log, &child.id).await?;
    }
    Ok(())
}

/// Deletes a session that may have been deleted since it was listed.
async fn delete_one(log: &Arc<dyn Log>, session: &SessionId) -> Result<(), LogError> {
    match log.delete(session).await {
        Err(LogError::NoSession { .. }) => Ok(()),
        deleted => deleted,
    }
}

/// Removes the entries of a session before an offset, and the children that those entries started.
///
/// The children of the current step are kept.
///
/// # Errors
/// Returns the errors of [`Log::trim`], or that of a read or a deletion.
///
/// # Cancel safety
/// If the future is dropped, a later call with the same offset completes the work.
pub async fn trim(log: &Arc<dyn Log>, session: &SessionId, before: Offset) -> Result<(), LogError> {
    let prefix = format!("{}:", child_prefix(log, session).await?);
    log.trim(session, before).await?;
    let children = list(log, &prefix).await?;
    if children.is_empty() {
        return Ok(());
    }
    let current = RawSessionView::latest(log, session).await?.snapshot.unfinished;
    let current: BTreeSet<SessionId> = current
        .into_iter()
        .flat_map(|run| run.calls.into_values())
        .filter_map(|call| Some(call.as_child()?.session.clone()))
        .collect();
    for info in children {
        let Some((child, started)) = child_of(&prefix, &info.id) else { continue };
        if started < before && !current.contains(&child) {
            delete_one(log, &info.id).await?;
        }
    }
    Ok(())
}

/// Returns the child of the session with this prefix that a descendant belongs to, and the offset of the entry that started
/// that child.
fn child_of(prefix: &str, descendant: &SessionId) -> Option<(SessionId, Offset)> {
    let rest = descendant.as_str().strip_prefix(prefix)?;
    let started = rest.split(':').next()?;
    let cursor: Cursor = started.parse().ok()?;
    Some((SessionId::stored(format!("{prefix}{started}")).ok()?, cursor.offset))
}

/// Deletes the descendants of sessions that no longer exist, which an interrupted [`delete`] has left. Returns their number.
///
/// It reads the ids of all children, and the first entry of one child of each session that has some. If the first entries
/// of a session's children were trimmed, it reads the epochs of all sessions.
///
/// # Errors
/// Returns the error of a read or a deletion.
///
/// # Cancel safety
/// If the future is dropped, some of them may have been deleted.
pub async fn delete_orphans(log: &Arc<dyn Log>) -> Result<usize, LogError> {
    let children = list(log, &CHILD.to_string()).await?;
    let (mut all, mut orphaned) = (None, BTreeSet::new());
    for (prefix, child) in roots(&children) {
        let root = match child {
            Some(child) => parent(log, child).await?,
            None => None,
        };
        let exists = match root {
            Some(root) => is_prefix(log, &root, prefix).await?,
            None => match &mut all {
                Some(all) => BTreeSet::contains(all, prefix),
                all => all.insert(prefixes(log).await?).contains(prefix),
            },
        };
        if !exists {
            orphaned.insert(prefix);
        }
    }
    let mut deleted = 0;
    for child in &children {
        if root_of(&child.id).is_some_and(|(prefix, _)| orphaned.contains(prefix)) {
            delete_one(log, &child.id).await?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Returns the starts of the ids of the children of each session that is not a child itself, with one of its children. There
/// is none if only their own children are left.
fn roots(children: &[SessionInfo]) -> BTreeMap<&str, Option<&SessionId>> {
    let mut roots = BTreeMap::new();
    for child in children {
        let Some((prefix, depth)) = root_of(&child.id) else { continue };
        let known = roots.entry(prefix).or_insert(None);
        if depth == 1 {
            known.get_or_insert(&child.id);
        }
    }
    roots
}

/// Returns the start of the id of a child that is that of all descendants of a session, and how deep it is nested in that
/// session; `None` if the id does not have the form of a child's.
fn root_of(child: &SessionId) -> Option<(&str, usize)> {
    let (prefix, cursors) = child.as_str().split_once(':')?;
    let epoch = prefix.strip_prefix(CHILD)?;
    let is_epoch = !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit());
    let is_cursor = |text: &str| text.parse::<Cursor>().is_ok();
    (is_epoch && cursors.split(':').all(is_cursor)).then(|| (prefix, cursors.split(':').count()))
}

/// Returns the starts of the ids of the children of all sessions that are not children.
async fn prefixes(log: &Arc<dyn Log>) -> Result<BTreeSet<Arc<str>>, LogError> {
    let mut prefixes = BTreeSet::new();
    for root in list(log, "").await? {
        match child_prefix(log, &root.id).await {
            // deleted since it was listed
            Err(LogError::NoSession { .. }) => {}
            prefix => drop(prefixes.insert(prefix?)),
        }
    }
    Ok(prefixes)
}

/// Returns the session that has started a child, as the child's first entry names it; `None` if that entry was trimmed or
/// cannot be read.
async fn parent(log: &Arc<dyn Log>, child: &SessionId) -> Result<Option<SessionId>, LogError> {
    let first = match log.read(child, Offset::ZERO, 1).await {
        Err(LogError::NoSession { .. } | LogError::Trimmed { .. } | LogError::Damaged { .. }) => {
            return Ok(None);
        }
        first => first?,
    };
    let entry = first.first().and_then(|first| first.entry(child).ok());
    Ok(entry.and_then(|entry| match entry.kind {
        EntryKind::SessionCreated { child_of, .. } => Some(child_of?.session),
        _ => None,
    }))
}

/// Returns whether a session exists and the ids of its children start with a prefix.
async fn is_prefix(
    log: &Arc<dyn Log>,
    session: &SessionId,
    prefix: &str,
) -> Result<bool, LogError> {
    match child_prefix(log, session).await {
        Err(LogError::NoSession { .. }) => Ok(false),
        Err(LogError::Damaged { .. }) => Ok(true),
        found => Ok(*found? == *prefix),
    }
}
