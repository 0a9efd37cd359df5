//! The writes of one transaction.

use crate::{
    entries,
    error::Error,
    place::{OFFSETS, SessionNumber},
    session::Session,
};
use burdock::log::{
    Append, Claim, Epoch, Existence, LogError, MAX_ENTRY_BYTES, Offset, Opened, SessionId,
};
use rusqlite::{Connection, Transaction, params};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Writes that are committed together. Each is checked before it changes anything, so that a rejected
/// write does not affect the others.
pub(crate) struct Batch<'c> {
    connection: &'c Connection,
    /// The transaction, if it is that of a single job.
    transaction: Option<&'c Transaction<'c>>,
    /// The time of storing, in milliseconds since 1970.
    now: i64,
    /// The sessions that were read, with the changes of this batch.
    sessions: Sessions,
    /// The changes that waiters are notified of after the commit, in order.
    changes: Vec<Change>,
    /// Approximate number of pages that the batch writes.
    pages: usize,
}

/// Sessions by their ids; `None` for one that does not exist.
pub(crate) type Sessions = BTreeMap<SessionId, Option<Session>>;

/// The result of a batch.
pub(crate) struct BatchResult {
    pub(crate) sessions: Sessions,
    pub(crate) changes: Vec<Change>,
    pub(crate) pages: usize,
}

/// A change that waiters for a session are notified of.
pub(crate) enum Change {
    Appended(SessionId, SessionNumber, Offset),
    Deleted(SessionId),
}

impl<'c> Batch<'c> {
    /// Creates a batch with cached sessions that match the file.
    pub(crate) fn new(connection: &'c Connection, sessions: Sessions) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            connection,
            transaction: None,
            now: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            sessions,
            changes: Vec::new(),
            pages: 1,
        }
    }

    /// Creates the batch of a job that has the transaction for itself.
    pub(crate) fn alone(transaction: &'c Transaction<'c>, sessions: Sessions) -> Self {
        Self { transaction: Some(transaction), ..Self::new(transaction, sessions) }
    }

    /// Returns the transaction of a job that has it for itself.
    pub(crate) fn transaction(&self) -> Option<&'c Transaction<'c>> {
        self.transaction
    }

    /// Returns an error unless an append of this epoch at this offset would be stored.
    pub(crate) fn check_writer(
        &mut self,
        id: &SessionId,
        epoch: Epoch,
        at: Offset,
    ) -> Result<(), Error> {
        match self.session(id)? {
            Some(session) if session.epoch != epoch => {}
            Some(session) if session.next() == at => return Ok(()),
            Some(session) => {
                let next = session.next();
                return Err(LogError::Misplaced { session: id.clone(), at, next }.into());
            }
            None => {}
        }
        Err(LogError::Fenced { session: id.clone(), epoch }.into())
    }

    pub(crate) fn finish(self) -> BatchResult {
        BatchResult { sessions: self.sessions, changes: self.changes, pages: self.pages }
    }

    pub(crate) fn open(&mut self, id: &SessionId, claim: Claim) -> Result<Opened, Error> {
        let found = self.session(id)?.clone();
        let exists = found.as_ref().is_some_and(Session::exists);
        match claim.existence {
            Existence::Existing if !exists => {
                return Err(LogError::NoSession { session: id.clone() }.into());
            }
            Existence::New if exists => {
                return Err(LogError::SessionExists { session: id.clone() }.into());
            }
            _ => {}
        }
        if let (Some(lease), Some(session)) = (claim.idle_for, &found)
            && let Some(ago) = self.active_ago(session)?
            && ago < lease
        {
            return Err(LogError::Busy { session: id.clone(), ago }.into());
        }
        if let Some(session) = &found {
            self.check_end(id, session)?;
        }
        let session = self.claim(id, found)?;
        let opened = Opened::new(session.epoch, session.next(), session.snapshot);
        self.execute(
            "INSERT INTO epochs (session, epoch, start) VALUES (?1, ?2, ?3)",
            params![
                session.number.0,
                session.epoch.0.cast_signed(),
                session.next().0.cast_signed()
            ],
        )?;
        self.sessions.insert(id.clone(), Some(session));
        Ok(opened)
    }

    pub(crate) fn append(&mut self, append: &Append) -> Result<(), Error> {
        let Append { session: id, epoch, at, entries, .. } = append;
        let current = self.session(id)?.clone().filter(|session| session.epoch == *epoch);
        let Some(mut session) = current else {
            // opened by another writer, or deleted
            return Err(LogError::Fenced { session: id.clone(), epoch: *epoch }.into());
        };
        let next = session.next();
        let count = entries.len() as u64;
        if *at < next && *at >= session.first && at.0.saturating_add(count) <= next.0 {
            let place = session.number.place(*at);
            if entries::are_stored(self.connection, place, *epoch, entries)? {
                return Ok(());
            }
        }
        if *at != next {
            return Err(LogError::Misplaced { session: id.clone(), at: *at, next }.into());
        }
        check_limits(append)?;
        let graph = entries.iter().rev().find_map(|new_entry| new_entry.graph.as_ref());
        if graph.is_some() && graph != session.graph.as_ref() {
            session.graph = graph.cloned();
            self.execute(
                "UPDATE sessions SET graph = ?2 WHERE number = ?1",
                params![session.number.0, session.graph],
            )?;
        }
        for new_entry in entries {
            let offset = session.next();
            if offset == Offset::ZERO {
                session.created = Some(new_entry.wall);
                self.execute(
                    "UPDATE sessions SET created = ?2 WHERE number = ?1",
                    params![session.number.0, new_entry.wall.cast_signed()],
                )?;
            }
            let place = session.number.place(offset);
            entries::insert(self.connection, place, *epoch, new_entry, self.now)?;
            session.record_append(new_entry.snapshot);
        }
        if session.active.is_none() {
            session.active = Some(self.now);
            self.execute(
                "UPDATE sessions SET active = ?2 WHERE number = ?1",
                params![session.number.0, self.now],
            )?;
        }
        let bytes: usize = entries.iter().map(|new_entry| new_entry.json.len() + 64).sum();
        self.pages += 1 + bytes / 4096;
        self.changes.push(Change::Appended(id.clone(), session.number, session.next()));
        self.sessions.insert(id.clone(), Some(session));
        Ok(())
    }

    pub(crate) fn release(&mut self, id: &SessionId, epoch: Epoch) -> Result<(), Error> {
        if let Some(mut session) = self.session(id)?.clone()
            && session.epoch == epoch
        {
            session.active = None;
            self.execute(
                "UPDATE sessions SET active = NULL WHERE number = ?1",
                params![session.number.0],
            )?;
            self.sessions.insert(id.clone(), Some(session));
        }
        Ok(())
    }

    pub(crate) fn trim(&mut self, id: &SessionId, before: Offset) -> Result<(), Error> {
        let mut session = self.existing(id)?;
        let snapshot = session.snapshot.unwrap_or_default();
        if before > snapshot {
            let session = id.clone();
            return Err(LogError::NeededForOpening { session, before, snapshot }.into());
        }
        if before > session.first {
            session.first = before;
            self.remove(session.number.places().start, session.number.place(before))?;
            self.execute(
                "UPDATE sessions SET first = ?2 WHERE number = ?1",
                params![session.number.0, before.0.cast_signed()],
            )?;
            self.sessions.insert(id.clone(), Some(session));
        }
        Ok(())
    }

    pub(crate) fn delete(&mut self, id: &SessionId) -> Result<(), Error> {
        // damaged sessions can be deleted, too
        let found = Session::find_unchecked(self.connection, id)?.filter(Session::exists);
        let number = found.ok_or_else(|| LogError::NoSession { session: id.clone() })?.number;
        self.remove(number.places().start, number.places().end)?;
        self.execute("DELETE FROM epochs WHERE session = ?1", params![number.0])?;
        self.execute("DELETE FROM sessions WHERE number = ?1", params![number.0])?;
        self.sessions.insert(id.clone(), None);
        self.changes.push(Change::Deleted(id.clone()));
        Ok(())
    }

    fn session(&mut self, id: &SessionId) -> Result<&Option<Session>, Error> {
        if !self.sessions.contains_key(id) {
            let found = Session::find(self.connection, id)?;
            self.sessions.insert(id.clone(), found);
        }
        Ok(self.sessions.get(id).unwrap_or(&None))
    }

    fn existing(&mut self, id: &SessionId) -> Result<Session, Error> {
        let found = self.session(id)?.clone().filter(Session::exists);
        found.ok_or_else(|| LogError::NoSession { session: id.clone() }.into())
    }

    /// Creates or takes over a session under a new epoch.
    fn claim(&mut self, id: &SessionId, found: Option<Session>) -> Result<Session, Error> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE counter SET epoch = epoch + 1 RETURNING epoch")?;
        let number: i64 = statement.query_row([], |row| row.get(0))?;
        let epoch = Epoch(number.cast_unsigned());
        self.pages += 3;
        if let Some(mut session) = found {
            self.execute(
                "UPDATE sessions SET epoch = ?2, active = ?3 WHERE number = ?1",
                params![session.number.0, number, self.now],
            )?;
            (session.epoch, session.active) = (epoch, Some(self.now));
            return Ok(session);
        }
        self.execute(
            "INSERT INTO sessions (id, epoch, active) VALUES (?1, ?2, ?3)",
            params![id.as_str(), number, self.now],
        )?;
        let number = SessionNumber(self.connection.last_insert_rowid());
        if !number.is_valid() {
            self.execute("DELETE FROM sessions WHERE number = ?1", params![number.0])?;
            let detail = format_args!("session number {} is out of range", number.0);
            return Err(
                crate::error::storage_error("the file has too many sessions", detail).into()
            );
        }
        Ok(Session::new(number, epoch, self.now))
    }

    /// Returns how long ago the writer of a session was active. Returns `None` if the session was
    /// released.
    fn active_ago(&self, session: &Session) -> Result<Option<Duration>, Error> {
        let Some(opened) = session.active else { return Ok(None) };
        let stored = session.last_times(self.connection)?.map(|(_, stored)| stored);
        let active = stored.map_or(opened, |stored| stored.max(opened));
        // if the clock was set back since, the distance is the best estimate
        Ok(Some(Duration::from_millis(self.now.abs_diff(active))))
    }

    /// Returns an error if entries are missing at the end: an epoch then starts after the last entry.
    fn check_end(&self, id: &SessionId, session: &Session) -> Result<(), Error> {
        let mut statement =
            self.connection.prepare_cached("SELECT max(start) FROM epochs WHERE session = ?1")?;
        let start: Option<i64> = statement.query_row([session.number.0], |row| row.get(0))?;
        let start = Offset(start.unwrap_or_default().cast_unsigned());
        if start <= session.next() {
            return Ok(());
        }
        Err(LogError::Damaged {
            session: id.clone(),
            offset: session.next(),
            reason: format!("the entries before offset {start} are missing"),
        }
        .into())
    }

    fn remove(&self, from: i64, end: i64) -> Result<(), Error> {
        self.execute("DELETE FROM entries WHERE place >= ?1 AND place < ?2", params![from, end])
    }

    fn execute(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<(), Error> {
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

/// Returns an error if the entries exceed a limit of the file.
fn check_limits(append: &Append) -> Result<(), LogError> {
    let Append { session, at, entries, .. } = append;
    if let Some(new_entry) = entries.iter().find(|new_entry| new_entry.json.len() > MAX_ENTRY_BYTES)
    {
        return Err(LogError::TooLarge { bytes: new_entry.json.len(), limit: MAX_ENTRY_BYTES });
    }
    if at.0.saturating_add(entries.len() as u64) > OFFSETS {
        return Err(crate::error::storage_error(
            format_args!("session `{session}` has too many entries"),
            format_args!("the limit is {OFFSETS} entries per session"),
        ));
    }
    Ok(())
}
