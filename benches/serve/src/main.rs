//! Benchmark of serving a graph: tokens per second and the time to the first one, beside a
//! hand-written endpoint in the same process; the latency of a token; and the memory of idle sessions and
//! readers.
//!
//! Clients and servers share the machine's cores, so ratios are more meaningful than absolute figures. The
//! candidates take turns; the figures are medians over the repetitions.
//! `cargo run --release -p bench-serve` runs all parts; names of parts after `--` run only those.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark"
)]

pub mod by_hand;
pub mod client;
pub mod graph;
pub mod latency;
pub mod memory;
pub mod tokens;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let names: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    // for a profiler: `bench-serve 1000`
    let sessions: Vec<u64> = names.iter().filter_map(|name| name.parse().ok()).collect();
    if !sessions.is_empty() {
        runtime.block_on(tokens::compare(&sessions));
    }
    // first, while the allocator has no memory freed by other parts
    if wanted("memory") {
        runtime.block_on(memory::measure());
    }
    if wanted("tokens") {
        runtime.block_on(tokens::compare(&[1, 10, 100, 1_000]));
    }
    if wanted("latency") {
        runtime.block_on(latency::compare());
    }
    if wanted("starts") {
        runtime.block_on(tokens::compare_starts());
    }
}
