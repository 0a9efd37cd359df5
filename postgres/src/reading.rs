//! Reading, and what shows that something is missing or changed.

use crate::{
    Shared,
    calls::{self, checksum, column, number, signed},
    error::unexpected,
};
use burdock::log::{Epoch, LogError, Offset, Record, SessionId};
use sqlx::{Row as _, postgres::PgRow, query};
use std::sync::Arc;

/// How many entries are read at once, at most.
const PAGE: usize = 4096;

/// How many bytes of JSON are read at once, unless one entry is larger.
const PAGE_BYTES: usize = 4 << 20;

/// How often a page is read whose first entry, a large one, is removed before it is read itself.
const ATTEMPTS: u32 = 10;

pub(crate) async fn read(
    shared: &Shared,
    session: SessionId,
    from: Offset,
    limit: usize,
) -> Result<Vec<Record>, LogError> {
    for _ in 0..ATTEMPTS {
        if let Some(page) = page(shared, session.clone(), from, limit).await? {
            return Ok(page);
        }
    }
    Err(LogError::Damaged { session, offset: from, reason: "the entry is missing".into() })
}

/// `None` if what was read first was removed before the rest was read.
async fn page(
    shared: &Shared,
    session: SessionId,
    from: Offset,
    limit: usize,
) -> Result<Option<Vec<Record>>, LogError> {
    let limit = limit.min(PAGE);
    let asking = || {
        query(shared.database.statements.read())
            .bind(session.as_str())
            .bind(signed(from.0))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(i64::try_from(PAGE_BYTES).unwrap_or(i64::MAX))
    };
    let rows = shared.database.rows(PAGE_BYTES, asking).await;
    let rows = rows.map_err(|error| calls::of_reading(&session, from, error))?;
    let Some(head) = rows.first() else { return Err(calls::no_session(&session)) };
    let (first, next) = (number(head, "first")?, number(head, "next")?);
    if from.0 < first {
        return Err(LogError::Trimmed { session, first: Offset(first) });
    }
    if limit == 0 || from.0 >= next {
        return Ok(Some(Vec::new()));
    }
    let mut records = Vec::with_capacity(rows.len());
    for (place, row) in (from.0..next).zip(&rows) {
        match record(shared, &session, Offset(place), row, records.is_empty()).await {
            Ok(Found::Record(record)) => records.push(record),
            Ok(Found::NextPage) => break,
            Ok(Found::Removed) => return Ok(None),
            // what comes before it is whole; the next read begins with it
            Err(LogError::Damaged { .. }) if !records.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Some(records))
}

/// What is at a place.
enum Found {
    Record(Record),
    /// It is too large for this page.
    NextPage,
    /// An entry that was there when the page was read.
    Removed,
}

/// The entry at a place.
async fn record(
    shared: &Shared,
    session: &SessionId,
    place: Offset,
    row: &PgRow,
    first: bool,
) -> Result<Found, LogError> {
    let damaged = |reason: &str| LogError::Damaged {
        session: session.clone(),
        offset: place,
        reason: reason.into(),
    };
    if column::<Option<i64>>(row, "offset")? != Some(signed(place.0)) {
        return Err(damaged("the entry is missing"));
    }
    let json: Arc<str> = match column::<Option<&str>>(row, "json")? {
        Some(json) => json.into(),
        None if first => match large(shared, session, place, row).await? {
            Some(json) => json,
            None => return Ok(Found::Removed),
        },
        None => return Ok(Found::NextPage),
    };
    if column::<i32>(row, "checksum")? != checksum(&json) {
        return Err(damaged("the checksum does not match"));
    }
    Ok(Found::Record(Record::new(place, Epoch(number(row, "epoch")?), json)))
}

/// The JSON of an entry that is larger than a page.
async fn large(
    shared: &Shared,
    session: &SessionId,
    place: Offset,
    row: &PgRow,
) -> Result<Option<Arc<str>>, LogError> {
    let (key, length) = (column::<i64>(row, "key")?, number(row, "length")?);
    let statement = || shared.database.statements.read_large();
    let asking = || query(statement()).bind(key).bind(signed(place.0));
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let row = shared.database.row(length, asking).await;
    let row = row.map_err(|error| calls::of_reading(session, place, error))?;
    let Some(row) = row else { return Ok(None) };
    let json: &str = row.try_get("json").map_err(|error| unexpected(error.to_string()))?;
    Ok(Some(json.into()))
}
