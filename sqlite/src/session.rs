//! Rows of the `sessions` table.

use crate::{
    error::Error,
    place::{self, SessionNumber},
};
use burdock::log::{Epoch, LogError, Offset, SessionId, SessionInfo};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

/// The row of a session, with the offsets of its last entry and last snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) number: SessionNumber,
    pub(crate) epoch: Epoch,
    pub(crate) first: Offset,
    /// The time of entry 0; `None` until there is one.
    pub(crate) created: Option<u64>,
    /// When it was opened; `None` after it was released.
    pub(crate) active: Option<i64>,
    last: Option<Offset>,
    pub(crate) snapshot: Option<Offset>,
    /// The name of the graph that it belongs to.
    pub(crate) graph: Option<Arc<str>>,
}

/// Each place is found by one index lookup, independent of the number of entries.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT number, epoch, first, created, active, ",
            "(SELECT max(place) FROM entries ",
            "WHERE place >= number << 35 AND place < (number + 1) << 35), ",
            "(SELECT max(place) FROM entries INDEXED BY snapshots WHERE snapshot = 1 ",
            "AND place >= number << 35 AND place < (number + 1) << 35), ",
            "id, ",
            // a process that opened the file before the second migration does not set it
            "coalesce(graph, (SELECT coalesce(",
            "json_extract(json, '$.entry.session_created.snapshot.graph.name'), ",
            "json_extract(json, '$.entry.snapshot.graph.name')) ",
            "FROM entries WHERE place = (SELECT max(place) FROM entries INDEXED BY snapshots ",
            "WHERE snapshot = 1 AND place >= number << 35 AND place < (number + 1) << 35) ",
            "AND json_valid(json))) FROM sessions ",
            $rest
        )
    };
}

const LIST: &str = select!("WHERE id >= ?1 ORDER BY id");
const LIST_OF_GRAPH: &str = select!("WHERE graph = ?2 AND id >= ?1 ORDER BY id");
const LIST_WITHOUT_GRAPH: &str = select!("WHERE graph IS NULL AND id >= ?1 ORDER BY id");

/// The sessions to list.
#[derive(Clone, Copy)]
pub(crate) enum Listing<'a> {
    All,
    /// Sessions of a graph.
    OfGraph(&'a str),
    /// Sessions whose row does not name their graph.
    WithoutGraph,
}

impl Session {
    /// Finds a session, including one that was opened but has no entries yet.
    pub(crate) fn find(connection: &Connection, id: &SessionId) -> Result<Option<Self>, Error> {
        Self::find_unchecked(connection, id)?.map(|found| found.checked(id)).transpose()
    }

    /// Finds a session, even if its entries are missing.
    pub(crate) fn find_unchecked(
        connection: &Connection,
        id: &SessionId,
    ) -> Result<Option<Self>, Error> {
        let mut statement = connection.prepare_cached(select!("WHERE id = ?1"))?;
        Ok(statement.query_row([id.as_str()], Self::from_row).optional()?)
    }

    /// Finds a session that has entries.
    pub(crate) fn existing(connection: &Connection, id: &SessionId) -> Result<Self, Error> {
        let found = Self::find(connection, id)?.filter(Self::exists);
        found.ok_or_else(|| LogError::NoSession { session: id.clone() }.into())
    }

    /// Calls `take` with the sessions whose ids are not less than `from`, in the order of ids, until it
    /// returns `false`.
    pub(crate) fn list(
        connection: &Connection,
        listing: Listing<'_>,
        from: &str,
        mut take: impl FnMut(String, Self) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut statement = connection.prepare_cached(match listing {
            Listing::All => LIST,
            Listing::OfGraph(_) => LIST_OF_GRAPH,
            Listing::WithoutGraph => LIST_WITHOUT_GRAPH,
        })?;
        let mut rows = match listing {
            Listing::OfGraph(graph) => statement.query([from, graph])?,
            Listing::All | Listing::WithoutGraph => statement.query([from])?,
        };
        while let Some(row) = rows.next()? {
            if !take(row.get(7)?, Self::from_row(row)?)? {
                break;
            }
        }
        Ok(())
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let offset = |column| row.get(column).map(|place: Option<i64>| place.map(place::offset));
        Ok(Self {
            number: SessionNumber(row.get(0)?),
            epoch: Epoch(row.get::<_, i64>(1)?.cast_unsigned()),
            first: Offset(row.get::<_, i64>(2)?.cast_unsigned()),
            created: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
            active: row.get(4)?,
            last: offset(5)?,
            snapshot: offset(6)?,
            // a damaged entry may have a value of another type there
            graph: row.get_ref(8)?.as_str().ok().map(Arc::from),
        })
    }

    /// Returns an error if the session exists but its entries are missing.
    fn checked(self, id: &SessionId) -> Result<Self, Error> {
        if self.exists() && self.last.is_none_or(|last| last < self.first) {
            return Err(LogError::Damaged {
                session: id.clone(),
                offset: self.first,
                reason: "the entries of the session are missing".into(),
            }
            .into());
        }
        Ok(self)
    }

    pub(crate) fn exists(&self) -> bool {
        self.created.is_some()
    }

    pub(crate) fn next(&self) -> Offset {
        self.last.map_or(self.first, |last| last.plus(1))
    }

    /// Updates the session after an append.
    pub(crate) fn record_append(&mut self, snapshot: bool) {
        let offset = self.next();
        self.last = Some(offset);
        if snapshot {
            self.snapshot = Some(offset);
        }
    }

    /// Creates a session without entries.
    pub(crate) fn new(number: SessionNumber, epoch: Epoch, active: i64) -> Self {
        Self {
            number,
            epoch,
            first: Offset::ZERO,
            created: None,
            active: Some(active),
            last: None,
            snapshot: None,
            graph: None,
        }
    }

    /// Returns when the last entry was created and when it was stored.
    pub(crate) fn last_times(&self, connection: &Connection) -> Result<Option<(u64, i64)>, Error> {
        let Some(last) = self.last else { return Ok(None) };
        let mut statement =
            connection.prepare_cached("SELECT wall, stored FROM entries WHERE place = ?1")?;
        let times = statement.query_row([self.number.place(last)], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
        });
        Ok(times.optional()?)
    }

    pub(crate) fn info(
        &self,
        connection: &Connection,
        id: SessionId,
    ) -> Result<SessionInfo, Error> {
        let created = self.created.unwrap_or_default();
        let mut info = SessionInfo::new(id, self.epoch, self.first..self.next());
        info.snapshot = self.snapshot;
        info.graph.clone_from(&self.graph);
        info.created = created;
        info.updated = self.last_times(connection)?.map_or(created, |(wall, _)| wall);
        Ok(info)
    }

    /// Returns the last snapshot at or before an offset.
    pub(crate) fn snapshot_before(
        &self,
        connection: &Connection,
        offset: Offset,
    ) -> Result<Option<Offset>, Error> {
        let mut statement = connection.prepare_cached(
            "SELECT max(place) FROM entries INDEXED BY snapshots \
             WHERE snapshot = 1 AND place BETWEEN ?1 AND ?2",
        )?;
        let places = params![self.number.places().start, self.number.place(offset)];
        let place: Option<i64> = statement.query_row(places, |row| row.get(0))?;
        Ok(place.map(place::offset))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::schema;
    use std::path::Path;

    #[test]
    fn listings_use_the_indexes() {
        let connection = Connection::open_in_memory().unwrap();
        assert!(schema::migrate(&connection, Path::new("memory")).is_ok());
        let graphs = "SEARCH sessions USING INDEX graphs (graph=? AND id>?)";
        for (list, values, index) in [
            (LIST, &["a"][..], "SEARCH sessions USING INDEX sqlite_autoindex_sessions_1 (id>?)"),
            (LIST_OF_GRAPH, &["a", "Chat"], graphs),
            (LIST_WITHOUT_GRAPH, &["a"], graphs),
        ] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {list}")).unwrap();
            let values = rusqlite::params_from_iter(values);
            let plan = statement.query_map(values, |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<_> = plan.map(Result::unwrap).collect();
            assert_eq!(plan[0], index);
            let whole = |step: &String| step.contains("SCAN") || step.contains("B-TREE");
            assert!(!plan.iter().any(whole), "{plan:?}");
        }
    }
}
