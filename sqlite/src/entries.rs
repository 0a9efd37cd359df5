//! Rows of the `entries` table, with checksums.

use crate::{
    error::Error,
    place::{self, SessionNumber},
};
use burdock::log::{Epoch, LogError, NewEntry, Offset, Record, SessionId};
use rusqlite::{Connection, Row, params};
use std::ops::Range;

/// Number of bytes of JSON after which a read ends.
const PAGE_BYTES: usize = 1 << 20;

/// The columns that the checksum covers, besides the JSON.
struct Head<'a> {
    place: i64,
    epoch: i64,
    kind: &'a str,
    snapshot: bool,
    wall: i64,
    stored: i64,
}

impl Head<'_> {
    fn checksum(&self, json: &str) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for number in [self.place, self.epoch, i64::from(self.snapshot), self.wall, self.stored] {
            hasher.update(&number.to_le_bytes());
        }
        // the length delimits the kind from the JSON
        hasher.update(&self.kind.len().to_le_bytes());
        hasher.update(self.kind.as_bytes());
        hasher.update(json.as_bytes());
        hasher.finalize()
    }
}

/// Stores an entry.
pub(crate) fn insert(
    connection: &Connection,
    place: i64,
    epoch: Epoch,
    new_entry: &NewEntry,
    stored: i64,
) -> Result<(), Error> {
    let head = Head {
        place,
        epoch: epoch.0.cast_signed(),
        kind: new_entry.kind,
        snapshot: new_entry.snapshot,
        wall: new_entry.wall.cast_signed(),
        stored,
    };
    let mut statement = connection.prepare_cached(
        "INSERT INTO entries (place, epoch, kind, snapshot, wall, stored, checksum, json) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    statement.execute(params![
        head.place,
        head.epoch,
        head.kind,
        head.snapshot,
        head.wall,
        head.stored,
        head.checksum(&new_entry.json),
        &*new_entry.json,
    ])?;
    Ok(())
}

/// Returns whether exactly these entries of this epoch are stored.
pub(crate) fn are_stored(
    connection: &Connection,
    place: i64,
    epoch: Epoch,
    new_entries: &[NewEntry],
) -> Result<bool, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM entries WHERE place = ?1 AND epoch = ?2 AND kind = ?3 AND snapshot = ?4 \
         AND wall = ?5 AND json = ?6",
    )?;
    for (place, new_entry) in (place..).zip(new_entries) {
        let (epoch, wall) = (epoch.0.cast_signed(), new_entry.wall.cast_signed());
        let row = params![place, epoch, new_entry.kind, new_entry.snapshot, wall, &*new_entry.json];
        if !statement.exists(row)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the entries of a range of offsets, up to the first damaged one.
///
/// Returns an error if the first entry is damaged or missing.
pub(crate) fn read(
    connection: &Connection,
    (session, number): (&SessionId, SessionNumber),
    offsets: Range<Offset>,
    limit: usize,
) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    if offsets.is_empty() || limit == 0 {
        return Ok(records);
    }
    let mut statement = connection.prepare_cached(
        "SELECT place, epoch, kind, snapshot, wall, stored, checksum, json FROM entries \
         WHERE place >= ?1 AND place < ?2 ORDER BY place",
    )?;
    let (from, end) = (number.place(offsets.start), number.place(offsets.end));
    let mut rows = statement.query([from, end])?;
    let mut bytes = 0;
    for place in from..end {
        let record = match rows.next()? {
            Some(row) => record(row, place),
            None => Err("the entry is missing".to_owned()),
        };
        match record {
            Ok(record) => {
                bytes += record.json.len();
                records.push(record);
            }
            // the next read reports it
            Err(_) if !records.is_empty() => break,
            Err(reason) => {
                let (session, offset) = (session.clone(), place::offset(place));
                return Err(LogError::Damaged { session, offset, reason }.into());
            }
        }
        if records.len() == limit || bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(records)
}

/// Decodes an entry. Returns the reason if it is not the expected entry or was changed.
fn record(row: &Row<'_>, expected: i64) -> Result<Record, String> {
    let unreadable = |error: rusqlite::Error| error.to_string();
    let number = |column| row.get_ref(column)?.as_i64().map_err(rusqlite::Error::from);
    let text = |column| {
        let value = row.get_ref(column).map_err(unreadable)?;
        value.as_str().map_err(|error| error.to_string())
    };
    let place = number(0).map_err(unreadable)?;
    if place != expected {
        return Err("the entry is missing".into());
    }
    let head = Head {
        place,
        epoch: number(1).map_err(unreadable)?,
        kind: text(2)?,
        snapshot: number(3).map_err(unreadable)? != 0,
        wall: number(4).map_err(unreadable)?,
        stored: number(5).map_err(unreadable)?,
    };
    let json = text(7)?;
    if i64::from(head.checksum(json)) != number(6).map_err(unreadable)? {
        return Err("checksum mismatch".into());
    }
    Ok(Record::new(place::offset(place), Epoch(head.epoch.cast_unsigned()), json))
}
