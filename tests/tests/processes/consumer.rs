//! A consumer that keeps the items it received, and reconnects with its cursor.

use super::{
    process::Output,
    witness::{id, kind, records},
};
use burdock::log::{Cursor, EntryKind, Follow, Followed, Log, Offset, Record, follow};
use futures::executor::block_on;
use std::sync::Arc;

#[derive(Default)]
pub struct Consumer {
    pub cursor: Option<Cursor>,
    /// The received words, and the superseding of words.
    pub shown: Vec<(Cursor, Shown)>,
    /// The number of times it was rewound.
    pub rewound: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    Word(String),
    Superseded(usize),
}

impl Consumer {
    /// Receives an event from the output of a process.
    pub fn receive(&mut self, output: Output) {
        match output {
            Output::Item(cursor, word) => self.show(cursor, Some(Shown::Word(word))),
            Output::Superseded(cursor, items) => self.show(cursor, Some(Shown::Superseded(items))),
            Output::Committed(cursor, _) | Output::Other(cursor) => self.show(cursor, None),
            Output::Ready | Output::Opened(_) | Output::Locked | Output::Done | Output::Fenced => {
                panic!("{output:?}")
            }
        }
    }

    /// Reconnects to the log. A rewind is reported by the returned reader.
    pub fn follow(&self, log: &Arc<dyn Log>) -> Follow {
        block_on(follow(log, &id(), self.cursor)).unwrap()
    }

    /// Reads everything up to an entry, and checks a rewind against the contents of the log.
    pub fn catch_up(&mut self, log: &Arc<dyn Log>, follow: &mut Follow, last: Offset) {
        let records = records(log);
        let is_valid = |cursor: &Cursor| {
            let at = usize::try_from(cursor.offset.0).unwrap();
            records.get(at).is_some_and(|record| record.epoch == cursor.epoch)
        };
        if let Some(cursor) = self.cursor.filter(|cursor| !is_valid(cursor)) {
            let to = records.iter().rfind(|record| record.epoch <= cursor.epoch);
            let to = to.map(Record::cursor);
            let followed = block_on(follow.next()).unwrap().unwrap();
            assert_eq!(followed, Followed::Rewound { to }, "at {cursor}");
            self.shown.retain(|(shown, _)| to.is_some_and(|to| shown.offset <= to.offset));
            self.cursor = to;
            self.rewound += 1;
        }
        while self.cursor.is_none_or(|cursor| cursor.offset < last) {
            match block_on(follow.next()).unwrap().unwrap() {
                Followed::Record(record) => {
                    self.show(record.cursor(), shown(&record));
                }
                rewound @ Followed::Rewound { .. } => panic!("{rewound:?} at {:?}", self.cursor),
            }
        }
    }

    fn show(&mut self, cursor: Cursor, shown: Option<Shown>) {
        assert!(
            self.cursor.is_none_or(|last| last.offset < cursor.offset),
            "the entry was received before"
        );
        self.cursor = Some(cursor);
        self.shown.extend(shown.map(|shown| (cursor, shown)));
    }

    /// The words that were not superseded.
    pub fn text(&self) -> String {
        let mut words = Vec::new();
        for (_, shown) in &self.shown {
            match shown {
                Shown::Word(word) => words.push(word.as_str()),
                Shown::Superseded(items) => words.truncate(words.len() - items),
            }
        }
        words.join(" ")
    }
}

/// The word or the superseding of an entry.
pub fn shown(record: &Record) -> Option<Shown> {
    match kind(record) {
        EntryKind::Item { item, .. } => Some(Shown::Word(item.as_str().unwrap().into())),
        EntryKind::ItemsSuperseded { items, .. } => {
            Some(Shown::Superseded(usize::try_from(items).unwrap()))
        }
        _ => None,
    }
}
