//! The operations of the log: parameters of statements, and decoding of rows.

use crate::{
    Shared,
    error::{AttemptError, is_damage, unexpected},
    waiters::{Progress, SessionKey},
};
use burdock::log::{
    Append, Claim, Epoch, EpochStart, Existence, LogError, NewEntry, Offset, Opened, SessionFilter,
    SessionId, SessionInfo,
};
use sqlx::{
    Decode, PgConnection, Postgres, Row as _, Type,
    postgres::{PgArguments, PgRow},
    query,
    query::Query,
};
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Returns the checksum of an entry, signed as in its column.
pub(crate) fn checksum(json: &str) -> i32 {
    crc32fast::hash(json.as_bytes()).cast_signed()
}

/// Converts a number for the database. Out-of-range numbers are clamped; no stored number is larger.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns a column of a row.
pub(crate) fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    name: &str,
) -> Result<T, LogError> {
    row.try_get(name).map_err(|error| unexpected(error.to_string()))
}

/// Returns a column with a non-negative number.
pub(crate) fn number(row: &PgRow, name: &str) -> Result<u64, LogError> {
    column::<i64>(row, name).map(i64::cast_unsigned)
}

fn offset_column(row: &PgRow, name: &str) -> Result<Option<Offset>, LogError> {
    Ok(column::<Option<i64>>(row, name)?.map(|offset| Offset(offset.cast_unsigned())))
}

/// Returns the error for a missing row of a statement that always returns one.
fn no_row() -> LogError {
    unexpected("expected a row".into())
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
    let idle_for = claim.idle_for.map(|time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
    let token = token();
    let build_query = || {
        query(shared.database.statements.open())
            .bind(session.as_str())
            .bind(existence)
            .bind(idle_for)
            .bind(token)
    };
    let row = shared.database.row(0, build_query).await?.ok_or_else(no_row)?;
    match column(&row, "outcome")? {
        "opened" => Ok(Opened::new(
            Epoch(number(&row, "new_epoch")?),
            Offset(number(&row, "new_next")?),
            offset_column(&row, "last_snapshot")?,
        )),
        "no session" => Err(LogError::NoSession { session }),
        "exists" => Err(LogError::SessionExists { session }),
        "busy" => Err(LogError::Busy { session, ago: Duration::from_micros(number(&row, "ago")?) }),
        other => Err(unexpected(format!("unknown outcome `{other}`"))),
    }
}

/// Returns a token that identifies a call of `open` across processes.
fn token() -> i64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    // `RandomState` has random keys
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(CALLS.fetch_add(1, Ordering::Relaxed));
    hasher.write_u32(std::process::id());
    hasher.finish().cast_signed()
}

/// The parameters of the statement that stores appends.
struct AppendColumns<'a> {
    session: &'a SessionId,
    epoch: Epoch,
    at: Offset,
    snapshot: Option<i64>,
    graph: Option<&'a str>,
    kinds: Vec<&'a str>,
    snapshots: Vec<bool>,
    walls: Vec<i64>,
    checksums: Vec<i32>,
    jsons: Vec<&'a str>,
}

impl<'a> AppendColumns<'a> {
    /// Returns the parameters of consecutive appends. `None` if there are none.
    fn of(appends: &[&'a Append]) -> Option<Self> {
        let &&Append { ref session, epoch, at, .. } = appends.first()?;
        let new_entries = || appends.iter().flat_map(|append| &append.entries);
        let snapshot = new_entries().enumerate().filter(|(_, new_entry)| new_entry.snapshot).last();
        Some(Self {
            session,
            epoch,
            at,
            snapshot: snapshot.map(|(index, _)| signed(at.0.saturating_add(index as u64))),
            graph: new_entries().rev().find_map(|new_entry| new_entry.graph.as_deref()),
            kinds: new_entries().map(|new_entry| new_entry.kind).collect(),
            snapshots: new_entries().map(|new_entry| new_entry.snapshot).collect(),
            walls: new_entries().map(|new_entry| signed(new_entry.wall)).collect(),
            checksums: new_entries().map(|new_entry| checksum(&new_entry.json)).collect(),
            jsons: new_entries().map(|NewEntry { json, .. }| &**json).collect(),
        })
    }

    fn query<'q>(&'q self, shared: &Shared) -> Query<'q, Postgres, PgArguments> {
        query(shared.database.statements.append())
            .bind(self.session.as_str())
            .bind(signed(self.epoch.0))
            .bind(signed(self.at.0))
            .bind(self.snapshot)
            .bind(self.graph)
            .bind(&self.kinds)
            .bind(&self.snapshots)
            .bind(&self.walls)
            .bind(&self.checksums)
            .bind(&self.jsons)
    }

    /// Returns the session and its next offset.
    fn outcome(&self, row: &PgRow) -> Result<(SessionKey, Progress), LogError> {
        let (session, epoch, at) = (self.session, self.epoch, self.at);
        match column(row, "outcome")? {
            "stored" | "repeated" => {
                let next = number(row, "session_next")?;
                Ok((SessionKey(column(row, "session_key")?), Progress::Next(next)))
            }
            "fenced" => Err(LogError::Fenced { session: session.clone(), epoch }),
            "misplaced" => {
                let next = Offset(number(row, "session_next")?);
                Err(LogError::Misplaced { session: session.clone(), at, next })
            }
            other => Err(unexpected(format!("unknown outcome `{other}`"))),
        }
    }
}

/// Stores consecutive appends atomically and notifies waiters.
pub(crate) async fn append(
    shared: &Shared,
    appends: &[&Append],
    bytes: usize,
) -> Result<(), LogError> {
    let Some(columns) = AppendColumns::of(appends) else { return Ok(()) };
    let row = shared.database.row(bytes, || columns.query(shared)).await?.ok_or_else(no_row)?;
    let (key, progress) = columns.outcome(&row)?;
    shared.notify(key, progress);
    Ok(())
}

/// Stores an append in a transaction. Returns what waiters are notified of after the commit.
pub(crate) async fn append_in(
    shared: &Shared,
    transaction: &mut PgConnection,
    append: &Append,
) -> Result<(SessionKey, Progress), AttemptError> {
    let appends = [append];
    let columns = AppendColumns::of(&appends)
        .ok_or_else(|| AttemptError::Permanent(unexpected("no entries".into())))?;
    let row = columns.query(shared).fetch_one(transaction).await;
    let row = row.map_err(AttemptError::from_driver)?;
    columns.outcome(&row).map_err(AttemptError::Permanent)
}

/// Returns an error unless an append of this epoch at this offset would be stored now.
pub(crate) async fn check_writer(
    shared: &Shared,
    transaction: &mut PgConnection,
    session: &SessionId,
    epoch: Epoch,
    at: Offset,
) -> Result<(), AttemptError> {
    let head = query(shared.database.statements.head()).bind(session.as_str());
    let row = head.fetch_optional(transaction).await.map_err(AttemptError::from_driver)?;
    let head = row.map(|row| Ok((number(&row, "epoch")?, number(&row, "next")?))).transpose();
    match head.map_err(AttemptError::Permanent)? {
        Some((found, next)) if found == epoch.0 && next == at.0 => Ok(()),
        Some((found, next)) if found == epoch.0 => {
            let (session, next) = (session.clone(), Offset(next));
            Err(AttemptError::Permanent(LogError::Misplaced { session, at, next }))
        }
        _ => Err(AttemptError::Permanent(LogError::Fenced { session: session.clone(), epoch })),
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
    let mut waiter = shared.waiters.subscribe(key);
    // notifications before the subscription were missed
    match find(shared, &session, None).await? {
        Some((found, next)) if found == key => shared.waiters.notify(key, Progress::Next(next)),
        _ => return Err(LogError::NoSession { session }),
    }
    match waiter.reached(offset.0).await {
        Progress::Next(_) => Ok(()),
        Progress::Deleted => Err(LogError::NoSession { session }),
    }
}

/// Returns the key of a session and the offset of its next entry. With an epoch, returns `None` unless
/// the session has that epoch.
async fn find(
    shared: &Shared,
    session: &SessionId,
    epoch: Option<Epoch>,
) -> Result<Option<(SessionKey, u64)>, LogError> {
    let epoch = epoch.map(|epoch| signed(epoch.0));
    let statement = || shared.database.statements.progress();
    let build_query = || query(statement()).bind(session.as_str()).bind(epoch);
    match shared.database.row(0, build_query).await? {
        Some(row) => Ok(Some((SessionKey(column(&row, "key")?), number(&row, "next")?))),
        None => Ok(None),
    }
}

pub(crate) async fn snapshot_before(
    shared: &Shared,
    session: SessionId,
    offset: Offset,
) -> Result<Option<Offset>, LogError> {
    let statement = || shared.database.statements.snapshot_before();
    let build_query = || query(statement()).bind(session.as_str()).bind(signed(offset.0));
    match shared.database.row(0, build_query).await? {
        Some(row) => offset_column(&row, "last"),
        None => Err(LogError::NoSession { session }),
    }
}

pub(crate) async fn info(shared: &Shared, session: SessionId) -> Result<SessionInfo, LogError> {
    let build_query = || query(shared.database.statements.info()).bind(session.as_str());
    match shared.database.row(0, build_query).await? {
        Some(row) => session_info(&row),
        None => Err(LogError::NoSession { session }),
    }
}

fn session_info(row: &PgRow) -> Result<SessionInfo, LogError> {
    let id = SessionId::stored(column::<String>(row, "id")?)?;
    let entries = Offset(number(row, "first")?)..Offset(number(row, "next")?);
    let mut info = SessionInfo::new(id, Epoch(number(row, "epoch")?), entries);
    info.snapshot = offset_column(row, "snapshot")?;
    info.graph = column::<Option<String>>(row, "graph")?.map(Into::into);
    info.created = number(row, "created")?;
    info.updated = number(row, "updated")?;
    Ok(info)
}

pub(crate) async fn sessions(
    shared: &Shared,
    filter: SessionFilter,
) -> Result<Vec<SessionInfo>, LogError> {
    let (starts, ends): (Vec<_>, Vec<_>) = ranges(&filter).into_iter().unzip();
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let graphs: Vec<&str> = filter.graphs.iter().map(|graph| &**graph).collect();
    let statements = &shared.database.statements;
    let build_query = || {
        if graphs.is_empty() {
            query(statements.sessions()).bind(&starts).bind(&ends).bind(limit)
        } else {
            query(statements.sessions_of()).bind(&starts).bind(&ends).bind(limit).bind(&graphs)
        }
    };
    shared.database.rows(0, build_query).await?.iter().map(session_info).collect()
}

/// Returns the ranges of the ids that a filter selects, each with its start and the text after its end. The range of
/// children is skipped, because a session may have any number of them.
fn ranges(filter: &SessionFilter) -> Vec<(String, String)> {
    let prefix = filter.prefix.as_str();
    // the smallest text after an id: ids contain no NUL
    let after = filter.after.as_ref().map_or(String::new(), |id| format!("{}\u{1}", id.as_str()));
    let ranges = match prefix {
        "" => vec![("", CHILDREN.to_owned()), (AFTER_CHILDREN, successor(prefix))],
        _ => vec![(prefix, successor(prefix))],
    };
    let ranges = ranges.into_iter().map(|(start, end)| (after.as_str().max(start).to_owned(), end));
    ranges.filter(|(start, end)| start < end).collect()
}

/// The start of the ids of children.
const CHILDREN: &str = "~";

/// The smallest id after those of children.
const AFTER_CHILDREN: &str = "\u{7f}";

/// Returns the smallest text greater than all texts with a prefix, or one greater than all ids.
fn successor(prefix: &str) -> String {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // the iterator skips the surrogates
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
    let build_query = || query(shared.database.statements.epochs()).bind(session.as_str());
    let rows = shared.database.rows(0, build_query).await?;
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
    let build_query = || query(statement()).bind(session.as_str()).bind(signed(epoch.0));
    shared.database.rows(0, build_query).await.map(drop)
}

pub(crate) async fn trim(
    shared: &Shared,
    session: SessionId,
    before: Offset,
) -> Result<(), LogError> {
    let statement = || shared.database.statements.trim();
    let build_query = || query(statement()).bind(session.as_str()).bind(signed(before.0));
    let row = shared.database.row(0, build_query).await?.ok_or_else(no_row)?;
    match column(&row, "outcome")? {
        "trimmed" => Ok(()),
        "no session" => Err(LogError::NoSession { session }),
        "needed" => {
            let snapshot = offset_column(&row, "last_snapshot")?.unwrap_or_default();
            Err(LogError::NeededForOpening { session, before, snapshot })
        }
        other => Err(unexpected(format!("unknown outcome `{other}`"))),
    }
}

/// Deletes a session by key, so that a retried statement does not delete a later session with the same
/// id.
pub(crate) async fn delete(shared: &Shared, session: SessionId) -> Result<(), LogError> {
    let Some((key, _)) = find(shared, &session, None).await? else {
        return Err(LogError::NoSession { session });
    };
    let build_query = || query(shared.database.statements.remove()).bind(key.0);
    shared.database.rows(0, build_query).await?;
    shared.notify(key, Progress::Deleted);
    Ok(())
}

/// Converts an error of reading the entry at an offset: corrupt data is [`LogError::Damaged`].
pub(crate) fn read_error(session: &SessionId, from: Offset, error: LogError) -> LogError {
    if is_damage(&error) {
        let (session, reason) = (session.clone(), "the database cannot read the entry".into());
        return LogError::Damaged { session, offset: from, reason };
    }
    error
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn successor_of_a_prefix_is_greater_than_all_texts_with_the_prefix() {
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
    fn ranges_skip_children_unless_the_prefix_selects_them() {
        let of = |prefix: &str, after: Option<&str>| {
            let after = after.map(|after| SessionId::stored(after).unwrap());
            let filter = SessionFilter { prefix: prefix.into(), after, ..SessionFilter::default() };
            ranges(&filter)
                .into_iter()
                .map(|(start, end)| (start, end.chars().take(2).collect()))
                .collect::<Vec<(String, String)>>()
        };
        let owned = |ranges: &[(&str, &str)]| -> Vec<(String, String)> {
            ranges.iter().map(|(start, end)| ((*start).to_owned(), (*end).to_owned())).collect()
        };
        let last = "\u{10ffff}\u{10ffff}";
        assert_eq!(of("", None), owned(&[("", "~"), ("\u{7f}", last)]));
        assert_eq!(of("", Some("b")), owned(&[("b\u{1}", "~"), ("\u{7f}", last)]));
        for after in ["~", "~7:7.1"] {
            assert_eq!(of("", Some(after)), owned(&[("\u{7f}", last)]));
        }
        assert_eq!(of("", Some("é")), owned(&[("é\u{1}", last)]));
        assert_eq!(of("a", Some("ab")), owned(&[("ab\u{1}", "b")]));
        assert_eq!(of("a", Some("b")), []);
        assert_eq!(of("~7:", None), owned(&[("~7:", "~7")]));
    }

    #[test]
    fn checksum_matches_zlib() {
        assert_eq!(checksum("123456789").cast_unsigned(), 0xcbf4_3926);
    }
}
