//! Benchmark of steps and items in tokio, beside equivalent hand-written code.
//!
//! Every round measures every candidate once in each flavour of the runtime, in turn; the figures are
//! those of the fastest round and of the median one. `cargo run --release -p bench-runtime` runs all parts;
//! `-- steps`, `-- items`, `-- texts`, `-- calls`, `-- files` or `-- children` run only these.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

pub mod calls;
pub mod children;
pub mod items;
pub mod steps;

use std::{
    pin::Pin,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 75;

/// The work of a candidate.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One way to do the work: its name, and a function that repeats it the given number of times.
pub struct Candidate {
    name: &'static str,
    work: fn(u64) -> Work,
}

fn main() {
    // one candidate alone, for a profiler: `bench-runtime steps 1 1000000`
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [what, index, count] = &arguments[..] {
        let candidates: &[Candidate] = match what.as_str() {
            "steps" => &steps::CANDIDATES,
            "texts" => &items::text::CANDIDATES,
            "calls" => &calls::IN_MEMORY,
            "children" => &children::CANDIDATES,
            _ => &items::small::CANDIDATES,
        };
        let candidate = &candidates[index.parse::<usize>().unwrap()];
        return current_thread().block_on((candidate.work)(count.parse().unwrap()));
    }
    let flavours = [Flavour::current_thread(), Flavour::multi_thread()];
    let parts: [(&str, &str, u64, &[Candidate]); 6] = [
        ("steps", "a step", 300_000, &steps::CANDIDATES),
        ("items", "an item of 8 bytes", 300_000, &items::small::CANDIDATES),
        ("texts", "an item of a text", 100_000, &items::text::CANDIDATES),
        ("calls", "a call", 20_000, &calls::IN_MEMORY),
        ("files", "a call in a file", 100, &calls::IN_A_FILE),
        ("children", "a child", 5_000, &children::CANDIDATES),
    ];
    for (part, what, count, candidates) in parts {
        if arguments.is_empty() || arguments.iter().any(|named| named == part) {
            compare(&flavours, what, count, candidates);
        }
    }
    println!("\nallocations");
    allocations("steps", &steps::CANDIDATES[1]);
    allocations("items", &items::small::CANDIDATES[1]);
}

/// A runtime, and how to run work in it.
struct Flavour {
    name: &'static str,
    runtime: Runtime,
    measure: fn(&Runtime, Work) -> Duration,
}

impl Flavour {
    /// Runs work as in a `main` with `#[tokio::main(flavor = "current_thread")]`.
    fn current_thread() -> Self {
        let measure = |runtime: &Runtime, work| runtime.block_on(timed(work));
        Self { name: "current_thread", runtime: current_thread(), measure }
    }

    /// Runs work in a task, as in a server.
    fn multi_thread() -> Self {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        let measure =
            |runtime: &Runtime, work| runtime.block_on(runtime.spawn(timed(work))).unwrap();
        Self { name: "multi_thread", runtime, measure }
    }
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn timed(work: Work) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

/// Measures the candidates in turn and prints their times, and ratios to the first one.
fn compare(flavours: &[Flavour], what: &str, count: u64, candidates: &[Candidate]) {
    let mut times = vec![vec![Vec::new(); candidates.len()]; flavours.len()];
    for _ in 0..ROUNDS {
        for (flavour, times) in flavours.iter().zip(&mut times) {
            for (candidate, times) in candidates.iter().zip(times) {
                let time = (flavour.measure)(&flavour.runtime, (candidate.work)(count));
                #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                times.push(time.as_nanos() as f64 / count as f64);
            }
        }
    }
    for (flavour, mut times) in flavours.iter().zip(times) {
        let title = format!("{what}, {}", flavour.name);
        println!(
            "\n{title:<36} {:>8} {:>6} {:>10} {:>6}",
            "least ns", "ratio", "median ns", "ratio"
        );
        for times in &mut times {
            times.sort_by(f64::total_cmp);
        }
        let base = &times[0];
        for (candidate, times) in candidates.iter().zip(&times) {
            let (least, median) = (times[0], times[ROUNDS / 2]);
            let ratios = (least / base[0], median / base[ROUNDS / 2]);
            println!(
                "{:<36} {least:>8.2} {:>6.2} {median:>10.2} {:>6.2}",
                candidate.name, ratios.0, ratios.1
            );
        }
    }
}

/// Prints the allocations of runs of 1 000 and of 100 000: the difference is due to steps or items.
fn allocations(what: &str, candidate: &Candidate) {
    let runtime = current_thread();
    let count = |times| {
        let work = || runtime.block_on((candidate.work)(times));
        allocation_counter::measure(work).count_total
    };
    // warm up: allocations that are made once per process
    count(1);
    let (few, many) = (count(1_000), count(100_000));
    println!("an app and a run of 1 000 {what}: {few}, of 100 000: {many}");
}
