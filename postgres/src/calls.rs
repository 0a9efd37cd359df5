//! The operations, from what they are asked to what the database answers.

use crate::{
    Shared,
    error::{is_damage, unexpected},
    hub::{Key, Reach},
};
use burdock::log::{
    Append, Claim, Draft, Epoch, EpochStart, Existence, LogError, Offset, Opened, SessionFilter,
    SessionId, SessionInfo,
};
use sqlx::{Decode, Postgres, Row as _, Type, postgres::PgRow, query};
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What stands beside an entry; a column has signed numbers.
pub(crate) fn checksum(json: &str) -> i32 {
    crc32fast::hash(json.as_bytes()).cast_signed()
}

/// A number as the database has it. What is too large for it is larger than anything there.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column of an answer.
pub(crate) fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    name: &str,
) -> Result<T, LogError> {
    row.try_get(name).map_err(|error| unexpected(error.to_string()))
}

/// A number of an answer, which is never negative.
pub(crate) fn number(row: &PgRow, name: &str) -> Result<u64, LogError> {
    column::<i64>(row, name).map(i64::cast_unsigned)
}

fn place(row: &PgRow, name: &str) -> Result<Option<Offset>, LogError> {
    Ok(column::<Option<i64>>(row, name)?.map(|offset| Offset(offset.cast_unsigned())))
}

/// A statement that always has one row was answered without.
fn no_row() -> LogError {
    unexpected("there is no row".into())
}

pub(crate) fn no_session(session: &SessionId) -> LogError {
    LogError::NoSession { session: session.clone() }
}

pub(crate) async fn open(
    shared: &Shared,
    session: SessionId,
    claim: Claim,
) -> Result<Opened, LogError> {
    let existence = match claim.existence {
        Existence::Any => "any",
        Existence::Existing => "existing",
        Existence::New => "new",
    };
    let lease = claim.idle_for.map(|lease| i64::try_from(lease.as_micros()).unwrap_or(i64::MAX));
    let token = token();
    let asking = || {
        query(shared.database.statements.open())
            .bind(session.as_str())
            .bind(existence)
            .bind(lease)
            .bind(token)
    };
    let row = shared.database.row(0, asking).await?.ok_or_else(no_row)?;
    match column(&row, "outcome")? {
        "opened" => Ok(Opened::new(
            Epoch(number(&row, "new_epoch")?),
            Offset(number(&row, "new_next")?),
            place(&row, "last_snapshot")?,
        )),
        "no session" => Err(LogError::NoSession { session }),
        "exists" => Err(LogError::SessionExists { session }),
        "busy" => Err(LogError::Busy { session, ago: Duration::from_micros(number(&row, "ago")?) }),
        other => Err(unexpected(format!("`{other}`"))),
    }
}

/// Tells calls of `open` apart, over all processes.
fn token() -> i64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    // its keys are random
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(CALLS.fetch_add(1, Ordering::Relaxed));
    hasher.write_u32(std::process::id());
    hasher.finish().cast_signed()
}

/// Appends what follows on each other, all or none, and tells those who wait.
pub(crate) async fn append(
    shared: &Shared,
    appends: &[&Append],
    bytes: usize,
) -> Result<(), LogError> {
    let Some(&&Append { ref session, epoch, at, .. }) = appends.first() else { return Ok(()) };
    let drafts = || appends.iter().flat_map(|append| &append.entries);
    let snapshot = drafts().enumerate().filter(|(_, draft)| draft.snapshot).last();
    let snapshot = snapshot.map(|(index, _)| signed(at.0.saturating_add(index as u64)));
    let graph = drafts().rev().find_map(|draft| draft.graph.as_deref());
    let kinds: Vec<&str> = drafts().map(|draft| draft.kind).collect();
    let snapshots: Vec<bool> = drafts().map(|draft| draft.snapshot).collect();
    let walls: Vec<i64> = drafts().map(|draft| signed(draft.wall)).collect();
    let checksums: Vec<i32> = drafts().map(|draft| checksum(&draft.json)).collect();
    let jsons: Vec<&str> = drafts().map(|Draft { json, .. }| &**json).collect();
    let asking = || {
        query(shared.database.statements.append())
            .bind(session.as_str())
            .bind(signed(epoch.0))
            .bind(signed(at.0))
            .bind(snapshot)
            .bind(graph)
            .bind(&kinds)
            .bind(&snapshots)
            .bind(&walls)
            .bind(&checksums)
            .bind(&jsons)
    };
    let row = shared.database.row(bytes, asking).await?.ok_or_else(no_row)?;
    match column(&row, "outcome")? {
        "stored" | "repeated" => {
            let next = number(&row, "session_next")?;
            shared.tell(Key(column(&row, "session_key")?), Reach::Next(next));
            Ok(())
        }
        "fenced" => Err(LogError::Fenced { session: session.clone(), epoch }),
        "misplaced" => {
            let next = Offset(number(&row, "session_next")?);
            Err(LogError::Misplaced { session: session.clone(), at, next })
        }
        other => Err(unexpected(format!("`{other}`"))),
    }
}

pub(crate) async fn reached(
    shared: &Shared,
    session: SessionId,
    epoch: Option<Epoch>,
    offset: Offset,
) -> Result<(), LogError> {
    let Some((key, next)) = find(shared, &session, epoch).await? else {
        return Err(LogError::NoSession { session });
    };
    if next > offset.0 {
        return Ok(());
    }
    let mut waiter = shared.hub.wait(key);
    // what was told meanwhile was missed
    match find(shared, &session, None).await? {
        Some((found, next)) if found == key => shared.hub.tell(key, Reach::Next(next)),
        _ => return Err(LogError::NoSession { session }),
    }
    match waiter.reached(offset.0).await {
        Reach::Next(_) => Ok(()),
        Reach::Deleted => Err(LogError::NoSession { session }),
    }
}

/// Finds a session, if it has the epoch that is given.
async fn find(
    shared: &Shared,
    session: &SessionId,
    epoch: Option<Epoch>,
) -> Result<Option<(Key, u64)>, LogError> {
    let epoch = epoch.map(|epoch| signed(epoch.0));
    let statement = || shared.database.statements.place();
    let asking = || query(statement()).bind(session.as_str()).bind(epoch);
    match shared.database.row(0, asking).await? {
        Some(row) => Ok(Some((Key(column(&row, "key")?), number(&row, "next")?))),
        None => Ok(None),
    }
}

pub(crate) async fn snapshot_before(
    shared: &Shared,
    session: SessionId,
    offset: Offset,
) -> Result<Option<Offset>, LogError> {
    let statement = || shared.database.statements.snapshot_before();
    let asking = || query(statement()).bind(session.as_str()).bind(signed(offset.0));
    match shared.database.row(0, asking).await? {
        Some(row) => place(&row, "last"),
        None => Err(LogError::NoSession { session }),
    }
}

pub(crate) async fn info(shared: &Shared, session: SessionId) -> Result<SessionInfo, LogError> {
    let asking = || query(shared.database.statements.info()).bind(session.as_str());
    match shared.database.row(0, asking).await? {
        Some(row) => describe(&row),
        None => Err(LogError::NoSession { session }),
    }
}

fn describe(row: &PgRow) -> Result<SessionInfo, LogError> {
    let id = SessionId::stored(column::<String>(row, "id")?)?;
    let entries = Offset(number(row, "first")?)..Offset(number(row, "next")?);
    let mut info = SessionInfo::new(id, Epoch(number(row, "epoch")?), entries);
    info.snapshot = place(row, "snapshot")?;
    info.graph = column::<Option<String>>(row, "graph")?.map(Into::into);
    info.created = number(row, "created")?;
    info.updated = number(row, "updated")?;
    Ok(info)
}

pub(crate) async fn sessions(
    shared: &Shared,
    filter: SessionFilter,
) -> Result<Vec<SessionInfo>, LogError> {
    let SessionFilter { prefix, graphs, after, limit } = filter;
    // nothing lies between an id and the same with this character: an id has no NUL
    let behind = after.map_or(String::new(), |after| format!("{}\u{1}", after.as_str()));
    let end = successor(&prefix);
    let from = prefix.max(behind);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let graphs: Vec<&str> = graphs.iter().map(|graph| &**graph).collect();
    let statements = &shared.database.statements;
    let asking = || {
        if graphs.is_empty() {
            query(statements.sessions()).bind(&from).bind(&end).bind(limit)
        } else {
            query(statements.sessions_of()).bind(&from).bind(&end).bind(limit).bind(&graphs)
        }
    };
    shared.database.rows(0, asking).await?.iter().map(describe).collect()
}

/// The first text behind all that begin so, or one behind all ids.
fn successor(prefix: &str) -> String {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // the next one leaps over the surrogates
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return text;
        }
    }
    char::MAX.to_string().repeat(SessionId::MAX_BYTES)
}

pub(crate) async fn epochs(
    shared: &Shared,
    session: SessionId,
) -> Result<Vec<EpochStart>, LogError> {
    let asking = || query(shared.database.statements.epochs()).bind(session.as_str());
    let rows = shared.database.rows(0, asking).await?;
    if rows.is_empty() {
        return Err(LogError::NoSession { session });
    }
    let start = |row| {
        let (epoch, start) = (number(row, "epoch")?, number(row, "start")?);
        Ok(EpochStart::new(Epoch(epoch), Offset(start)))
    };
    rows.iter().map(start).collect()
}

pub(crate) async fn release(
    shared: &Shared,
    session: SessionId,
    epoch: Epoch,
) -> Result<(), LogError> {
    let statement = || shared.database.statements.release();
    let asking = || query(statement()).bind(session.as_str()).bind(signed(epoch.0));
    shared.database.rows(0, asking).await.map(drop)
}

pub(crate) async fn trim(
    shared: &Shared,
    session: SessionId,
    before: Offset,
) -> Result<(), LogError> {
    let statement = || shared.database.statements.trim();
    let asking = || query(statement()).bind(session.as_str()).bind(signed(before.0));
    let row = shared.database.row(0, asking).await?.ok_or_else(no_row)?;
    match column(&row, "outcome")? {
        "trimmed" => Ok(()),
        "no session" => Err(LogError::NoSession { session }),
        "needed" => {
            let snapshot = place(&row, "last_snapshot")?.unwrap_or_default();
            Err(LogError::NeededForOpening { session, before, snapshot })
        }
        other => Err(unexpected(format!("`{other}`"))),
    }
}

/// Two statements, so that one that is repeated does not remove a session that was made meanwhile.
pub(crate) async fn delete(shared: &Shared, session: SessionId) -> Result<(), LogError> {
    let Some((key, _)) = find(shared, &session, None).await? else {
        return Err(LogError::NoSession { session });
    };
    let asking = || query(shared.database.statements.remove()).bind(key.0);
    shared.database.rows(0, asking).await?;
    shared.tell(key, Reach::Deleted);
    Ok(())
}

/// An error while entries from an offset on were read.
pub(crate) fn of_reading(session: &SessionId, from: Offset, error: LogError) -> LogError {
    if is_damage(&error) {
        let (session, reason) = (session.clone(), "the database cannot read it".into());
        return LogError::Damaged { session, offset: from, reason };
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_of_a_prefix_is_behind_all_that_begin_so() {
        for (prefix, end) in
            [("a", "b"), ("az", "a{"), ("\u{d7ff}", "\u{e000}"), ("a\u{10ffff}", "b")]
        {
            assert_eq!(successor(prefix), end);
        }
        for prefix in ["", "\u{10ffff}\u{10ffff}"] {
            assert!(successor(prefix).len() > SessionId::MAX_BYTES);
        }
    }

    #[test]
    fn the_checksum_is_the_one_of_zlib() {
        assert_eq!(checksum("123456789").cast_unsigned(), 0xcbf4_3926);
    }
}
