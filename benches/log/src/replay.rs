//! Replay of the items of a session.

use crate::{
    REPETITIONS,
    file::File,
    median,
    programs::{ListingInputs, close, listing, run},
    timed,
};
use burdock::log::{Durability, EntryKind, Log, MemoryLog, Offset, SessionId, tail};
use burdock_sqlite::Synchronous;
use futures::executor::block_on;
use std::{hint::black_box, sync::Arc, time::Duration};

const ITEMS: u64 = 100_000;

type Work = fn(&Arc<dyn Log>, &SessionId);

const CANDIDATES: [(&str, Work); 4] = [
    ("read", |log, session| read(log, session, false)),
    ("read and decoded", |log, session| read(log, session, true)),
    ("followed by a tail", |log, session| follow(log, session, false)),
    ("followed by a tail and decoded", |log, session| follow(log, session, true)),
];

pub fn compare() {
    let (memory, file) = (Arc::new(MemoryLog::new()), File::new(Synchronous::Normal));
    let batch = Durability::Batch(Duration::from_millis(20));
    let logs: [Arc<dyn Log>; 2] = [memory, Arc::new(file.open())];
    for log in &logs {
        let mut app = listing(Arc::clone(log), batch, ITEMS);
        run(&mut app, ListingInputs {});
        close(app);
    }
    let session = SessionId::new("list").unwrap();
    println!("\nreplay of 100 000 items, in 1 000 items/s {:>8} {:>8}", "memory", "SQLite");
    for (name, work) in CANDIDATES {
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..REPETITIONS {
            for (log, rates) in logs.iter().zip(&mut rates) {
                let time = timed(|| work(log, &session));
                rates.push(1e6 / crate::each(time, ITEMS));
            }
        }
        let [memory, sqlite] = rates.map(median);
        println!("{name:<41} {memory:>8.0} {sqlite:>8.0}");
    }
}

fn read(log: &Arc<dyn Log>, session: &SessionId, decoded: bool) {
    let (mut next, mut items) = (Offset::ZERO, 0);
    loop {
        let page = block_on(log.read(session, next, 1_024)).unwrap();
        if page.is_empty() {
            break;
        }
        next = next.plus(page.len() as u64);
        for record in page {
            items += u64::from(is_item(&record, session, decoded));
        }
    }
    assert!(items >= ITEMS);
}

fn follow(log: &Arc<dyn Log>, session: &SessionId, decoded: bool) {
    block_on(async {
        let end = log.info(session).await.unwrap().next;
        let mut tail = tail(log, session, Offset::ZERO);
        let mut items = 0;
        for _ in 0..end.0 {
            let record = tail.next().await.unwrap().unwrap();
            items += u64::from(is_item(&record, session, decoded));
        }
        assert!(items >= ITEMS);
    });
}

/// Returns whether a record is an item; a record that is not decoded counts as one.
fn is_item(record: &burdock::log::Record, session: &SessionId, decoded: bool) -> bool {
    if decoded {
        matches!(black_box(record.entry(session)).unwrap().kind, EntryKind::Item { .. })
    } else {
        black_box(&record.json).len() > 2
    }
}
