//! The loop of the fuzz tests: a small number of inputs, the same each time, or with `FUZZ_SECONDS=60` further
//! ones for a minute.
#![allow(clippy::print_stdout, reason = "a test")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// The number of inputs that `cargo test` tries.
const SLICE: u64 = 4_000;

/// Tries inputs by number, and panics with the first faults.
pub(crate) fn no_fault(fault: impl Fn(u64) -> Option<String>) {
    let setting = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let (seconds, seed) = (setting("FUZZ_SECONDS"), setting("FUZZ_SEED").unwrap_or_default());
    let started = Instant::now();
    let mut faults = BTreeSet::new();
    let mut tried = 0;
    while seconds.map_or(tried < SLICE, |most| started.elapsed() < Duration::from_secs(most)) {
        tried += 1;
        faults.extend(fault(seed.wrapping_add(tried)));
    }
    println!("{tried} inputs in {:.1?}", started.elapsed());
    let faults: Vec<_> = faults.into_iter().take(5).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
