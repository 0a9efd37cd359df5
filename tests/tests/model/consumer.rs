//! A consumer that keeps the items it received, and reconnects with its cursor.

use crate::world::{Verdict, must};
use burdock::log::{Cursor, EntryKind, Followed, Log, Offset, SessionId, follow};
use burdock_tests::faulty::block_on;
use std::sync::Arc;

#[derive(Default)]
pub struct Consumer {
    /// The cursor of the last event that it received.
    last: Option<Cursor>,
    items: Vec<ReceivedItem>,
}

struct ReceivedItem {
    at: Offset,
    item: f64,
    /// The commit that covers the item.
    covered: Option<Offset>,
}

impl Consumer {
    pub fn items(&self) -> Vec<f64> {
        self.items.iter().map(|seen| seen.item).collect()
    }

    pub fn received(&mut self, cursor: Cursor) {
        self.last = self.last.max(Some(cursor));
    }

    pub fn item(&mut self, cursor: Cursor, item: f64) {
        self.items.push(ReceivedItem { at: cursor.offset, item, covered: None });
    }

    pub fn committed(&mut self, cursor: Cursor) {
        for seen in &mut self.items {
            seen.covered.get_or_insert(cursor.offset);
        }
    }

    pub fn superseded(&mut self, items: u64) -> Verdict {
        let open = self.items.iter().filter(|seen| seen.covered.is_none()).count();
        // an item may have been stored but not shown
        must!(open as u64 <= items, "{items} items are superseded, {open} were shown");
        self.items.truncate(self.items.len() - open);
        Ok(())
    }

    /// Reconnects, and reads up to the entry at `end`, where an epoch starts.
    pub fn reconnect(&mut self, log: &Arc<dyn Log>, id: &SessionId, end: Offset) -> Verdict {
        let is_valid = self.last.is_none_or(|last| {
            let found = block_on(log.read(id, last.offset, 1)).unwrap();
            last.offset < end && found.first().is_some_and(|record| record.cursor() == last)
        });
        let mut follow = block_on(follow(log, id, self.last)).unwrap();
        if !is_valid {
            let followed = block_on(follow.next()).unwrap().unwrap();
            if let Followed::Rewound { to } = followed {
                let is_kept = |at: Offset| to.is_some_and(|to| at <= to.offset);
                self.items.retain(|seen| is_kept(seen.at));
                for seen in &mut self.items {
                    seen.covered = seen.covered.filter(|commit| is_kept(*commit));
                }
                self.last = to;
            } else {
                return Err(format!("not rewound from {:?}, but received {followed:?}", self.last));
            }
        }
        while self.last.map_or(Offset::ZERO, |last| last.offset.plus(1)) < end {
            let followed = block_on(follow.next()).unwrap().unwrap();
            let Followed::Record(record) = followed else {
                return Err(format!("received {followed:?} at {:?}", self.last));
            };
            match record.entry(id).unwrap().kind {
                EntryKind::Item { item, .. } => self.item(record.cursor(), item.as_f64().unwrap()),
                EntryKind::ItemsSuperseded { items, .. } => self.superseded(items)?,
                EntryKind::StepCommitted { .. } => self.committed(record.cursor()),
                _ => {}
            }
            self.last = Some(record.cursor());
        }
        Ok(())
    }
}
