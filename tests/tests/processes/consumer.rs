//! A consumer that keeps what it was shown, and comes back with its cursor.

use super::{
    process::Said,
    witness::{id, kind, records},
};
use burdock::log::{Cursor, EntryKind, Follow, Followed, Log, Offset, Record, follow};
use futures::executor::block_on;
use std::sync::Arc;

#[derive(Default)]
pub struct Consumer {
    pub cursor: Option<Cursor>,
    /// What it was shown that matters to a text.
    pub shown: Vec<(Cursor, Shown)>,
    /// How often it was rewound.
    pub rewound: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    Word(String),
    Superseded(usize),
}

impl Consumer {
    /// Sees what a process says.
    pub fn hear(&mut self, said: Said) {
        match said {
            Said::Item(cursor, word) => self.show(cursor, Some(Shown::Word(word))),
            Said::Superseded(cursor, items) => self.show(cursor, Some(Shown::Superseded(items))),
            Said::Committed(cursor, _) | Said::Other(cursor) => self.show(cursor, None),
            Said::Ready | Said::Opened(_) | Said::Locked | Said::Done | Said::Fenced => {
                panic!("{said:?}")
            }
        }
    }

    /// Comes back; where it is may be told later.
    pub fn follow(&self, log: &Arc<dyn Log>) -> Follow {
        block_on(follow(log, &id(), self.cursor)).unwrap()
    }

    /// Takes everything up to an entry, and checks what it is told by what the log holds.
    pub fn catch_up(&mut self, log: &Arc<dyn Log>, follow: &mut Follow, last: Offset) {
        let records = records(log);
        let stands = |cursor: &Cursor| {
            let at = usize::try_from(cursor.offset.0).unwrap();
            records.get(at).is_some_and(|record| record.epoch == cursor.epoch)
        };
        if let Some(cursor) = self.cursor.filter(|cursor| !stands(cursor)) {
            let to = records.iter().rfind(|record| record.epoch <= cursor.epoch);
            let to = to.map(Record::cursor);
            let told = block_on(follow.next()).unwrap().unwrap();
            assert_eq!(told, Followed::Rewound { to }, "at {cursor}");
            self.shown.retain(|(shown, _)| to.is_some_and(|to| shown.offset <= to.offset));
            self.cursor = to;
            self.rewound += 1;
        }
        while self.cursor.is_none_or(|cursor| cursor.offset < last) {
            match block_on(follow.next()).unwrap().unwrap() {
                Followed::Record(record) => {
                    self.show(record.cursor(), shown(&record));
                }
                told @ Followed::Rewound { .. } => panic!("{told:?} at {:?}", self.cursor),
            }
        }
    }

    fn show(&mut self, cursor: Cursor, shown: Option<Shown>) {
        assert!(self.cursor.is_none_or(|last| last.offset < cursor.offset), "it was shown before");
        self.cursor = Some(cursor);
        self.shown.extend(shown.map(|shown| (cursor, shown)));
    }

    /// What is left of the words.
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

/// What an entry of the log shows.
pub fn shown(record: &Record) -> Option<Shown> {
    match kind(record) {
        EntryKind::Item { item, .. } => Some(Shown::Word(item.as_str().unwrap().into())),
        EntryKind::ItemsSuperseded { items, .. } => {
            Some(Shown::Superseded(usize::try_from(items).unwrap()))
        }
        _ => None,
    }
}
