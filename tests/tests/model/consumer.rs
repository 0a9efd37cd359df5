//! A consumer that keeps the items that it was shown, and comes back with its cursor.

use crate::world::{Verdict, must};
use burdock::log::{Cursor, EntryKind, Followed, Log, Offset, SessionId, follow};
use burdock_tests::faulty::block_on;
use std::sync::Arc;

#[derive(Default)]
pub struct Consumer {
    /// The last event that it saw.
    last: Option<Cursor>,
    items: Vec<Seen>,
}

struct Seen {
    at: Offset,
    item: f64,
    /// The commit that covers it.
    covered: Option<Offset>,
}

impl Consumer {
    pub fn items(&self) -> Vec<f64> {
        self.items.iter().map(|seen| seen.item).collect()
    }

    pub fn saw(&mut self, cursor: Cursor) {
        self.last = self.last.max(Some(cursor));
    }

    pub fn item(&mut self, cursor: Cursor, item: f64) {
        self.items.push(Seen { at: cursor.offset, item, covered: None });
    }

    pub fn committed(&mut self, cursor: Cursor) {
        for seen in &mut self.items {
            seen.covered.get_or_insert(cursor.offset);
        }
    }

    pub fn superseded(&mut self, items: u64) -> Verdict {
        let open = self.items.iter().filter(|seen| seen.covered.is_none()).count();
        // one may have been stored and not shown
        must!(open as u64 <= items, "{items} items are superseded, {open} were shown");
        self.items.truncate(self.items.len() - open);
        Ok(())
    }

    /// Comes back before the entry at `end`, where an epoch begins.
    pub fn come_back(&mut self, log: &Arc<dyn Log>, id: &SessionId, end: Offset) -> Verdict {
        let stands = self.last.is_none_or(|last| {
            let there = block_on(log.read(id, last.offset, 1)).unwrap();
            last.offset < end && there.first().is_some_and(|record| record.cursor() == last)
        });
        let mut follow = block_on(follow(log, id, self.last)).unwrap();
        if !stands {
            let told = block_on(follow.next()).unwrap().unwrap();
            if let Followed::Rewound { to } = told {
                let stands = |at: Offset| to.is_some_and(|to| at <= to.offset);
                self.items.retain(|seen| stands(seen.at));
                for seen in &mut self.items {
                    seen.covered = seen.covered.filter(|commit| stands(*commit));
                }
                self.last = to;
            } else {
                return Err(format!("not rewound from {:?}, but told {told:?}", self.last));
            }
        }
        while self.last.map_or(Offset::ZERO, |last| last.offset.plus(1)) < end {
            let told = block_on(follow.next()).unwrap().unwrap();
            let Followed::Record(record) = told else {
                return Err(format!("told {told:?} at {:?}", self.last));
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
