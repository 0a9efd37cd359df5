//! Benchmark of logs: steps beside bare transactions of the same bytes, growing sessions, opening
//! and reading sessions.
//!
//! In comparisons, every repetition measures every candidate once, in turn; the
//! figures are medians over the repetitions. Setup is outside the measured
//! time. Files are in the folder for temporary files, so `TMPDIR` selects the disk.
//! `cargo run --release -p bench-log` runs all parts; names of parts after `--` run only those.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

pub mod allocations;
pub mod checking;
pub mod durability;
pub mod file;
pub mod growth;
pub mod opening;
pub mod programs;
pub mod replay;
pub mod steps;

use std::time::{Duration, Instant};

/// Repetitions of measurements without a comparison.
const REPETITIONS: usize = 15;

const PARTS: [(&str, fn()); 7] = [
    ("steps", steps::compare),
    ("checking", checking::measure),
    ("durability", durability::compare),
    ("growth", growth::measure),
    ("opening", opening::measure),
    ("replay", replay::compare),
    ("allocations", allocations::count),
];

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    // one candidate alone, for a profiler: `bench-log profile memory 1000000`
    if let [profile, work, count] = &names[..]
        && profile == "profile"
    {
        let count = count.parse().unwrap();
        match work.as_str() {
            "opening" => opening::profile(count),
            work => steps::profile(work, count),
        }
        return;
    }
    for (name, part) in PARTS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            part();
        }
    }
}

/// One way to do the work: its name, the number of iterations in one measurement, and the measurement.
pub struct Candidate<'a> {
    pub name: &'a str,
    pub count: u64,
    pub work: Box<dyn FnMut(u64) -> Duration + 'a>,
}

/// Measures the candidates in turn and prints medians in microseconds, and ratios to the first one.
pub fn compare(what: &str, repetitions: usize, mut candidates: Vec<Candidate<'_>>) {
    let mut times = vec![Vec::new(); candidates.len()];
    for _ in 0..repetitions {
        for (candidate, times) in candidates.iter_mut().zip(&mut times) {
            let Candidate { count, work, .. } = candidate;
            times.push(each(work(*count), *count) / 1e3);
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    println!("\n{what:<44} {:>10} {:>8}", "µs", "ratio");
    for (Candidate { name, .. }, median) in candidates.iter().zip(&medians) {
        println!("{name:<44} {median:>10.2} {:>8.2}", median / medians[0]);
    }
}

pub fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Returns the nanoseconds per iteration.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn each(time: Duration, count: u64) -> f64 {
    time.as_nanos() as f64 / count as f64
}

pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
