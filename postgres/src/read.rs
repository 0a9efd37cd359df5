//! Reads of entries, and detection of missing and changed ones.

use crate::{
    Shared,
    error::unexpected,
    operations::{self, checksum, column, number, signed},
};
use burdock::log::{Epoch, LogError, Offset, Record, SessionId};
use sqlx::{Row as _, postgres::PgRow, query};
use std::sync::Arc;

/// Maximum number of entries per page.
const PAGE: usize = 4096;

/// Maximum number of bytes of JSON per page, unless the first entry is larger.
const PAGE_BYTES: usize = 4 << 20;

/// Number of attempts to read a page whose first entry is large and is removed before it is read.
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

/// Reads a page. Returns `None` if its first entry was removed before it was read.
async fn page(
    shared: &Shared,
    session: SessionId,
    from: Offset,
    limit: usize,
) -> Result<Option<Vec<Record>>, LogError> {
    let limit = limit.min(PAGE);
    let build_query = || {
        query(shared.database.statements.read())
            .bind(session.as_str())
            .bind(signed(from.0))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(i64::try_from(PAGE_BYTES).unwrap_or(i64::MAX))
    };
    let rows = shared.database.rows(PAGE_BYTES, build_query).await;
    let rows = rows.map_err(|error| operations::read_error(&session, from, error))?;
    let Some(head) = rows.first() else { return Err(operations::no_session(&session)) };
    let (first, next) = (number(head, "first")?, number(head, "next")?);
    if from.0 < first {
        return Err(LogError::Trimmed { session, first: Offset(first) });
    }
    if limit == 0 || from.0 >= next {
        return Ok(Some(Vec::new()));
    }
    let mut records = Vec::with_capacity(rows.len());
    for (offset, row) in (from.0..next).zip(&rows) {
        match record(shared, &session, Offset(offset), row, records.is_empty()).await {
            Ok(Found::Record(record)) => records.push(record),
            Ok(Found::NextPage) => break,
            Ok(Found::Removed) => return Ok(None),
            // the next read reports it
            Err(LogError::Damaged { .. }) if !records.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Some(records))
}

/// The result of decoding a row.
enum Found {
    Record(Record),
    /// The entry is too large for this page.
    NextPage,
    /// The entry was removed after the page was read.
    Removed,
}

/// Decodes the row of an entry.
async fn record(
    shared: &Shared,
    session: &SessionId,
    offset: Offset,
    row: &PgRow,
    first: bool,
) -> Result<Found, LogError> {
    let damaged = |reason: &str| LogError::Damaged {
        session: session.clone(),
        offset,
        reason: reason.into(),
    };
    if column::<Option<i64>>(row, "offset")? != Some(signed(offset.0)) {
        return Err(damaged("the entry is missing"));
    }
    let json: Arc<str> = match column::<Option<&str>>(row, "json")? {
        Some(json) => json.into(),
        None if first => match large(shared, session, offset, row).await? {
            Some(json) => json,
            None => return Ok(Found::Removed),
        },
        None => return Ok(Found::NextPage),
    };
    if column::<i32>(row, "checksum")? != checksum(&json) {
        return Err(damaged("checksum mismatch"));
    }
    Ok(Found::Record(Record::new(offset, Epoch(number(row, "epoch")?), json)))
}

/// Reads the JSON of an entry that is larger than a page.
async fn large(
    shared: &Shared,
    session: &SessionId,
    offset: Offset,
    row: &PgRow,
) -> Result<Option<Arc<str>>, LogError> {
    let (key, length) = (column::<i64>(row, "key")?, number(row, "length")?);
    let statement = || shared.database.statements.read_large();
    let build_query = || query(statement()).bind(key).bind(signed(offset.0));
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let row = shared.database.row(length, build_query).await;
    let row = row.map_err(|error| operations::read_error(session, offset, error))?;
    let Some(row) = row else { return Ok(None) };
    let json: &str = row.try_get("json").map_err(|error| unexpected(error.to_string()))?;
    Ok(Some(json.into()))
}
