//! Reads of the file.

use crate::{
    entries,
    error::Error,
    files::Files,
    place::SessionNumber,
    session::{Listing, Session},
};
use burdock::log::{
    Epoch, EpochStart, LogError, Offset, Record, SessionFilter, SessionId, SessionInfo,
};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The start of the ids of children.
const CHILDREN: &str = "~";

/// The smallest id after those of children.
const AFTER_CHILDREN: &str = "\u{7f}";

/// A queued read.
pub(crate) type Read = Box<dyn FnOnce(&Reader) + Send>;

/// A connection for reading. Each operation reads one snapshot of the file.
pub(crate) struct Reader {
    path: PathBuf,
    connection: Connection,
    files: Arc<Files>,
}

impl Reader {
    pub(crate) fn new(path: PathBuf, connection: Connection, files: Arc<Files>) -> Self {
        Self { path, connection, files }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn read(
        &self,
        id: &SessionId,
        from: Offset,
        limit: usize,
    ) -> Result<Vec<Record>, Error> {
        self.in_snapshot(|connection| {
            let session = Session::existing(connection, id)?;
            if from < session.first {
                let (session, first) = (id.clone(), session.first);
                return Err(LogError::Trimmed { session, first }.into());
            }
            entries::read(connection, (id, session.number), from..session.next(), limit)
        })
    }

    /// Returns the number of the session that has this id, and the offset of its next entry.
    pub(crate) fn next(&self, id: &SessionId) -> Result<(SessionNumber, Offset), Error> {
        self.in_snapshot(|connection| {
            let session = Session::existing(connection, id)?;
            Ok((session.number, session.next()))
        })
    }

    /// Like [`next`](Self::next), for the session that has an epoch.
    pub(crate) fn next_in(
        &self,
        id: &SessionId,
        epoch: Epoch,
    ) -> Result<(SessionNumber, Offset), Error> {
        self.in_snapshot(|connection| {
            let session = Session::existing(connection, id)?;
            let mut statement = connection
                .prepare_cached("SELECT 1 FROM epochs WHERE session = ?1 AND epoch = ?2")?;
            if !statement.exists([session.number.0, epoch.0.cast_signed()])? {
                return Err(LogError::NoSession { session: id.clone() }.into());
            }
            Ok((session.number, session.next()))
        })
    }

    pub(crate) fn snapshot_before(
        &self,
        id: &SessionId,
        offset: Offset,
    ) -> Result<Option<Offset>, Error> {
        self.in_snapshot(|connection| {
            Session::existing(connection, id)?.snapshot_before(connection, offset)
        })
    }

    pub(crate) fn info(&self, id: &SessionId) -> Result<SessionInfo, Error> {
        self.in_snapshot(|connection| {
            Session::existing(connection, id)?.info(connection, id.clone())
        })
    }

    pub(crate) fn sessions(&self, filter: &SessionFilter) -> Result<Vec<SessionInfo>, Error> {
        let SessionFilter { prefix, graphs, after, limit } = filter;
        // the smallest id after another one: ids contain no NUL
        let after =
            after.as_ref().map_or(String::new(), |after| format!("{}\u{1}", after.as_str()));
        // children are skipped, because a session may have any number of them
        let starts = match prefix.as_str() {
            "" if after.as_str() < CHILDREN => &["", AFTER_CHILDREN][..],
            "" => &[AFTER_CHILDREN],
            prefix => &[prefix],
        };
        let mut sessions: Vec<SessionInfo> = Vec::new();
        self.in_snapshot(|connection| {
            let mut list = |listing| {
                let mut left = *limit;
                let mut take = |start: &str, id: String, session: Session| {
                    // sessions with the prefix are contiguous, and those after the children are another range
                    let ends = !id.starts_with(prefix)
                        || prefix.is_empty() && start < CHILDREN && id.as_str() >= CHILDREN;
                    let id = SessionId::stored(id)?;
                    if left == 0 || ends {
                        return Ok(false);
                    }
                    let belongs = graphs.is_empty()
                        || session.graph.as_ref().is_some_and(|graph| graphs.contains(graph));
                    if session.exists() && belongs {
                        left -= 1;
                        sessions.push(session.info(connection, id)?);
                    }
                    Ok(true)
                };
                starts.iter().try_for_each(|start| {
                    let from = after.as_str().max(start);
                    Session::list(connection, listing, from, |id, session| take(start, id, session))
                })
            };
            if graphs.is_empty() {
                return list(Listing::All);
            }
            // each listing is sorted by id
            graphs.iter().try_for_each(|graph| list(Listing::OfGraph(graph)))?;
            list(Listing::WithoutGraph)
        })?;
        if !graphs.is_empty() {
            sessions.sort_by(|a, b| a.id.cmp(&b.id));
            // the filter may name a graph twice
            sessions.dedup_by(|a, b| a.id == b.id);
            sessions.truncate(*limit);
        }
        Ok(sessions)
    }

    pub(crate) fn epochs(&self, id: &SessionId) -> Result<Vec<EpochStart>, Error> {
        self.in_snapshot(|connection| {
            // they are known even if the entries of the session are missing
            let found = Session::find_unchecked(connection, id)?.filter(Session::exists);
            let missing = || LogError::NoSession { session: id.clone() };
            let session = found.ok_or_else(missing)?;
            let mut statement = connection.prepare_cached(
                "SELECT epoch, start FROM epochs WHERE session = ?1 ORDER BY epoch",
            )?;
            let starts = statement.query_map([session.number.0], |row| {
                Ok(EpochStart::new(
                    Epoch(row.get::<_, i64>(0)?.cast_unsigned()),
                    Offset(row.get::<_, i64>(1)?.cast_unsigned()),
                ))
            })?;
            Ok(starts.collect::<Result<_, _>>()?)
        })
    }

    /// Runs reads in one transaction.
    fn in_snapshot<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.files.check()?;
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        let result = work(&self.connection);
        if !self.connection.is_autocommit() {
            // a read transaction has nothing to lose
            let _ = self.connection.prepare_cached("COMMIT").map(|mut end| end.execute([]));
        }
        result
    }
}
