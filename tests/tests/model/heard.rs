//! What observers hear, and whether the log has it by then.

use crate::graph::{Book, BookNode};
use burdock::{
    Event, EventKind, Position,
    log::{Cursor, Epoch, Log, Record, SessionId},
};
use burdock_tests::faulty::block_on;
use std::sync::{Arc, Mutex};

pub type Hearing = Arc<Mutex<Vec<Heard>>>;

pub struct Heard {
    /// None while the log is not known to take anything.
    pub cursor: Option<Cursor>,
    /// Which opening of the session was the last one then.
    pub epoch: Epoch,
    pub node: String,
    pub what: What,
    pub stored: bool,
}

#[derive(Debug)]
pub enum What {
    Began,
    Item(f64),
    Superseded(u64),
    TookErrorEdge,
    Committed,
    Other,
}

pub fn observer(
    hearing: &Hearing,
    log: &Arc<dyn Log>,
    id: &SessionId,
) -> impl FnMut(&Event<Book>) + Send + Sync + use<> {
    let (hearing, log, id) = (Arc::clone(hearing), Arc::clone(log), id.clone());
    move |event| {
        let cursor = event.cursor;
        let there = cursor.and_then(|cursor| block_on(log.read(&id, cursor.offset, 1)).ok());
        let epochs = block_on(log.epochs(&id)).unwrap_or_default();
        let heard = Heard {
            cursor,
            epoch: epochs.last().map(|last| last.epoch).unwrap_or_default(),
            node: event.node.name().to_owned(),
            stored: there.is_some_and(|there| there.first().map(Record::cursor) == cursor),
            what: match &event.kind {
                EventKind::RunStarted => What::Began,
                EventKind::Item(item) => What::Item(*item),
                EventKind::ItemsSuperseded { items } => What::Superseded(*items),
                EventKind::StepFailed { next: Some(_), .. } => What::TookErrorEdge,
                EventKind::StepCommitted { .. } => What::Committed,
                _ => What::Other,
            },
        };
        hearing.lock().unwrap().push(heard);
    }
}

/// A position by the names of its nodes.
pub fn named(position: Position<BookNode>) -> Position<String> {
    match position {
        Position::Rest(node) => Position::Rest(node.to_string()),
        Position::Unfinished(node) => Position::Unfinished(node.to_string()),
        Position::Ended => Position::Ended,
    }
}
