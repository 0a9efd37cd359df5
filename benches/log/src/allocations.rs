//! Allocations of recorded steps and items.

use crate::{
    file::File,
    programs::{CountingInputs, ListingInputs, counting, listing, run},
};
use allocation_counter::measure;
use burdock::log::{Durability, Log, MemoryLog};
use burdock_sqlite::Synchronous;

/// Measures runs of 1 000 and of 11 000: the difference is due to steps or items. Only the thread of the app is
/// measured.
pub fn count() {
    println!("\nallocations, for each of 10 000 {:>12} {:>12}", "number", "bytes");
    let file = || File::new(Synchronous::Normal);
    let files = [(); 4].map(|()| file());
    print("a step in memory", |count| steps(MemoryLog::new(), count));
    print("a step on SQLite", |count| steps(files[usize::from(count > 1_000)].open(), count));
    print("an item in memory", |count| items(MemoryLog::new(), count));
    print("an item on SQLite", |count| items(files[2 + usize::from(count > 1_000)].open(), count));
}

fn steps(log: impl Log, count: u64) -> [u64; 2] {
    let mut app = counting(log, Durability::Commit, count);
    allocated(|| run(&mut app, CountingInputs {}))
}

fn items(log: impl Log, count: u64) -> [u64; 2] {
    let mut app = listing(log, Durability::Commit, count);
    allocated(|| run(&mut app, ListingInputs {}))
}

fn allocated(work: impl FnOnce()) -> [u64; 2] {
    let measured = measure(work);
    [measured.count_total, measured.bytes_total]
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn print(what: &str, work: impl Fn(u64) -> [u64; 2]) {
    // the first run also makes the allocations that occur once per process
    let (few, many) = (work(1_000), work(11_000));
    let [number, bytes] = [0, 1].map(|index| (many[index] - few[index]) as f64 / 1e4);
    println!("{what:<31} {number:>12.2} {bytes:>12.0}");
}
