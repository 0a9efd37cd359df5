//! The loop of the fuzz tests: a slice of inputs by number, the same each time, or with `FUZZ_SECONDS=60`
//! others for a minute.
#![allow(clippy::print_stdout, reason = "a test")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// How many inputs `cargo test` tries.
const SLICE: u64 = 4_000;

/// Tries inputs by their numbers, and fails with the first faults that are found.
pub(crate) fn no_fault(fault: impl Fn(u64) -> Option<String>) {
    let setting = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let (seconds, seed) = (setting("FUZZ_SECONDS"), setting("FUZZ_SEED").unwrap_or_default());
    let begin = Instant::now();
    let mut faults = BTreeSet::new();
    let mut tried = 0;
    while seconds.map_or(tried < SLICE, |most| begin.elapsed() < Duration::from_secs(most)) {
        tried += 1;
        faults.extend(fault(seed.wrapping_add(tried)));
    }
    println!("{tried} inputs in {:.1?}", begin.elapsed());
    let faults: Vec<_> = faults.into_iter().take(5).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
