//! The cost of the durability modes in a file, per step and per item.

use crate::{
    Candidate,
    file::File,
    programs::{CountingInputs, ListingInputs, close, counting, listing, run},
    timed,
};
use burdock::log::Durability;
use burdock_sqlite::Synchronous;
use std::time::Duration;

const BATCH: Durability = Durability::Batch(Duration::from_millis(20));

/// Measures the time until everything is durable, with enough repetitions that the wait for the last one does not
/// matter.
pub fn compare() {
    for (synchronous, name, waits) in
        [(Synchronous::Full, "FULL", 100), (Synchronous::Normal, "NORMAL", 1_000)]
    {
        let step = |name, durability, count| {
            let work = move |count| {
                let file = File::new(synchronous);
                // closing the file is not measured
                let log = file.open();
                let mut app = counting(log.clone(), durability, count);
                timed(|| {
                    run(&mut app, CountingInputs {});
                    close(app);
                })
            };
            Candidate { name, count, work: Box::new(work) }
        };
        let item = |name, durability, count| {
            let work = move |count| {
                let file = File::new(synchronous);
                // closing the file is not measured
                let log = file.open();
                let mut app = listing(log.clone(), durability, count);
                timed(|| {
                    run(&mut app, ListingInputs {});
                    close(app);
                })
            };
            Candidate { name, count, work: Box::new(work) }
        };
        let steps = vec![
            step("Commit", Durability::Commit, waits),
            step("Item", Durability::Item, waits),
            step("Batch of 20 ms", BATCH, 20_000),
        ];
        crate::compare(&format!("a step, synchronous = {name}"), 15, steps);
        let items = vec![
            item("Commit", Durability::Commit, 20_000),
            item("Item", Durability::Item, waits),
            item("Batch of 20 ms", BATCH, 20_000),
        ];
        crate::compare(&format!("an item, synchronous = {name}"), 15, items);
    }
}
