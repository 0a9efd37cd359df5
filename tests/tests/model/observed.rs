//! The events that observers receive, and whether the log has their entries by then.

use crate::graph::{Book, BookNode};
use burdock::{
    Event, EventKind, Position,
    log::{Cursor, Epoch, Log, Record, SessionId},
};
use burdock_tests::faulty::block_on;
use std::sync::{Arc, Mutex};

pub type Observations = Arc<Mutex<Vec<Observation>>>;

pub struct Observation {
    /// `None` while it is unknown whether the log stores anything.
    pub cursor: Option<Cursor>,
    /// The last epoch of the session at that time.
    pub epoch: Epoch,
    pub node: String,
    pub kind: Kind,
    pub stored: bool,
}

#[derive(Debug)]
pub enum Kind {
    Started,
    Item(f64),
    Superseded(u64),
    TookErrorEdge,
    Committed,
    Other,
}

pub fn observer(
    observations: &Observations,
    log: &Arc<dyn Log>,
    id: &SessionId,
) -> impl FnMut(&Event<Book>) + Send + Sync + use<> {
    let (observations, log, id) = (Arc::clone(observations), Arc::clone(log), id.clone());
    move |event| {
        let cursor = event.cursor;
        let found = cursor.and_then(|cursor| block_on(log.read(&id, cursor.offset, 1)).ok());
        let epochs = block_on(log.epochs(&id)).unwrap_or_default();
        let observed = Observation {
            cursor,
            epoch: epochs.last().map(|last| last.epoch).unwrap_or_default(),
            node: event.node.name().to_owned(),
            stored: found.is_some_and(|found| found.first().map(Record::cursor) == cursor),
            kind: match &event.kind {
                EventKind::RunStarted => Kind::Started,
                EventKind::Item(item) => Kind::Item(*item),
                EventKind::ItemsSuperseded { items } => Kind::Superseded(*items),
                EventKind::StepFailed { next: Some(_), .. } => Kind::TookErrorEdge,
                EventKind::StepCommitted { .. } => Kind::Committed,
                _ => Kind::Other,
            },
        };
        observations.lock().unwrap().push(observed);
    }
}

/// A position with the name of its node.
pub fn named(position: Position<BookNode>) -> Position<String> {
    match position {
        Position::Rest(node) => Position::Rest(node.to_string()),
        Position::Unfinished(node) => Position::Unfinished(node.to_string()),
        Position::Ended => Position::Ended,
    }
}
