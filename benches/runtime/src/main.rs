//! What a step and an item cost, beside hand-written code that does the same.
//!
//! Every repetition measures every candidate once, in turn; the figures are medians over the
//! repetitions. `cargo run --release -p bench-runtime`
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

pub mod items;
pub mod steps;

use std::time::Instant;

const REPETITIONS: usize = 25;

/// One way to do the work: its name, and how to do it so often.
pub struct Candidate {
    name: &'static str,
    work: fn(u64),
}

fn main() {
    // one candidate alone, for a profiler: `bench-runtime steps 1 1000000`
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [what, index, count] = &arguments[..] {
        let candidates: &[Candidate] = match what.as_str() {
            "steps" => &steps::CANDIDATES,
            _ => &items::small::CANDIDATES,
        };
        return (candidates[index.parse::<usize>().unwrap()].work)(count.parse().unwrap());
    }
    compare("a step", 1_000_000, &steps::CANDIDATES, 0);
    compare("an item of 8 bytes", 1_000_000, &items::small::CANDIDATES, 0);
    compare("an item of a text", 300_000, &items::text::CANDIDATES, 0);
    println!("\nallocations");
    allocations("steps", &steps::CANDIDATES[1]);
    allocations("items", &items::small::CANDIDATES[1]);
}

/// Measures the candidates in turn and prints medians, and ratios to the first one.
fn compare(what: &str, count: u64, candidates: &[Candidate], base: usize) {
    let mut times = vec![Vec::new(); candidates.len()];
    for _ in 0..REPETITIONS {
        for (candidate, times) in candidates.iter().zip(&mut times) {
            let begin = Instant::now();
            (candidate.work)(count);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            times.push(begin.elapsed().as_nanos() as f64 / count as f64);
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    println!("\n{what:<24} {:>10} {:>8}", "ns", "ratio");
    for (candidate, median) in candidates.iter().zip(&medians) {
        println!("{:<24} {median:>10.2} {:>8.2}", candidate.name, median / medians[base]);
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Allocations of a run of 1 000 and of 100 000: the difference is what steps or items allocate.
fn allocations(what: &str, candidate: &Candidate) {
    // what is made once per process is made now
    (candidate.work)(1);
    let count = |times| allocation_counter::measure(|| (candidate.work)(times)).count_total;
    let (few, many) = (count(1_000), count(100_000));
    println!("an app and a run of 1 000 {what}: {few}, of 100 000: {many}");
}
