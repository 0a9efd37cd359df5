//! Entries to write and read.

use burdock::log::{Append, Claim, Epoch, Existence, Log, NewEntry, Offset, SessionId};
use std::time::Duration;

pub(crate) fn id(id: &str) -> SessionId {
    SessionId::stored(id).unwrap()
}

pub(crate) fn claim(existence: Existence, idle_for: Option<Duration>) -> Claim {
    Claim { existence, idle_for }
}

/// Entries numbered from `from`.
pub(crate) fn numbered(from: u64, count: u64) -> Vec<NewEntry> {
    let new_entry = |number| {
        let mut new_entry =
            NewEntry::from_json("item", 1000 + number, format!("{{\"n\":{number}}}"));
        new_entry.snapshot = number == 0;
        new_entry
    };
    (from..from + count).map(new_entry).collect()
}

/// An append of entries that are numbered by offset.
pub(crate) fn append(session: &SessionId, epoch: Epoch, at: u64, count: u64) -> Append {
    Append::new(session.clone(), epoch, Offset(at), numbered(at, count))
}

/// Reads the JSON of all entries of a session.
pub(crate) async fn jsons(log: &dyn Log, session: &SessionId) -> Vec<String> {
    let mut jsons = Vec::new();
    loop {
        let records = log.read(session, Offset(jsons.len() as u64), 1000).await.unwrap();
        if records.is_empty() {
            return jsons;
        }
        for record in records {
            assert_eq!(record.offset, Offset(jsons.len() as u64));
            jsons.push(record.json.to_string());
        }
    }
}

/// Lists the ids of sessions.
pub(crate) async fn ids(log: &dyn Log, prefix: &str, after: Option<&str>) -> Vec<String> {
    let filter = burdock::log::SessionFilter {
        prefix: prefix.into(),
        after: after.map(id),
        limit: usize::MAX,
        ..burdock::log::SessionFilter::default()
    };
    let sessions = log.sessions(filter).await.unwrap();
    sessions.into_iter().map(|info| info.id.as_str().to_owned()).collect()
}
