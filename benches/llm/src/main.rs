//! Benchmark of parsing an answer while it grows, beside other parsers.
//!
//! Every round measures every candidate once, in turn; the figures are those of the fastest round.
//! Candidates that parse the whole text again for each chunk are skipped for the largest documents: their
//! time is quadratic in the size. `cargo run --release -p bench-llm`.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

mod call;
mod document;

use allocation_counter::measure;
use burdock_json::{Parser, Schema, apply};
use document::Document;
use jiter::{JsonValue, PartialMode};
use serde_json::Value;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The input of a candidate.
struct Input<'a> {
    schema: Schema,
    text: &'a str,
    chunks: Vec<&'a str>,
}

struct Candidate {
    name: &'static str,
    /// Whether the text is parsed again for each chunk.
    is_quadratic: bool,
    work: fn(&Input<'_>),
}

const CANDIDATES: &[Candidate] = &[
    Candidate { name: "burdock-json, applied to a Value", is_quadratic: false, work: applied },
    Candidate { name: "burdock-json, changes only", is_quadratic: false, work: changes_only },
    Candidate { name: "burdock-json, whole text once", is_quadratic: false, work: once },
    Candidate { name: "serde_json, whole text once", is_quadratic: false, work: with_serde_json },
    Candidate { name: "jiter, partial mode per chunk", is_quadratic: true, work: with_jiter },
    Candidate { name: "burdock-json, again per chunk", is_quadratic: true, work: again },
];

fn main() {
    let documents = [
        (Document::story("a story of 1 KB", 1_000), 2_000),
        (Document::story("a story of 100 KB", 100_000), 40),
        (Document::story("a story of 10 MB", 10_000_000), 8),
        (Document::numbers("numbers, 100 KB", 100_000), 40),
        (Document::numbers("numbers, 10 MB", 10_000_000), 8),
    ];
    // one candidate alone, for a profiler: `bench-llm 0 2 20`
    let arguments: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if let [candidate, document, times] = arguments[..] {
        let input = input(&documents[document].0, 4, 40);
        (0..times).for_each(|_| (CANDIDATES[candidate].work)(&input));
        return;
    }
    for (document, rounds) in &documents {
        for (least, most) in [(4, 40), (40, 40)] {
            compare(document, least, most, *rounds);
        }
    }
    for (document, rounds) in &documents[..2] {
        call::compare(document.name, &document.chunks(40, 40), *rounds);
    }
    println!("\n{:<36} {:>9} {:>13} {:>13}", "allocations", "changes", "per change", "with apply");
    for (document, _) in &documents[1..] {
        allocations(document);
    }
    println!("\n{:<36} {:>12} {:>12}", "ns per chunk of 4 to 40 bytes", "first 1 %", "last 1 %");
    for at in [2, 4] {
        flatness(&documents[at].0);
    }
}

fn input(document: &Document, least: usize, most: usize) -> Input<'_> {
    Input {
        schema: Schema::compile(&document.schema).unwrap(),
        text: &document.text,
        chunks: document.chunks(least, most),
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn compare(document: &Document, least: usize, most: usize, rounds: usize) {
    let input = input(document, least, most);
    let (bytes, chunks) = (input.text.len(), input.chunks.len());
    println!("\n{}: {bytes} bytes in {chunks} chunks of {least} to {most}", document.name);
    println!("{:<36} {:>12} {:>10} {:>10}", "", "ms", "ns/chunk", "MB/s");
    let mut least_time = vec![Duration::MAX; CANDIDATES.len()];
    for round in 0..rounds {
        for (candidate, least) in CANDIDATES.iter().zip(&mut least_time) {
            let is_long = bytes > 1_000_000 || (round > 0 && bytes > 10_000);
            let skipped = candidate.is_quadratic && is_long;
            if !skipped {
                let start = Instant::now();
                (candidate.work)(&input);
                *least = start.elapsed().min(*least);
            }
        }
    }
    for (candidate, time) in CANDIDATES.iter().zip(least_time) {
        if time == Duration::MAX {
            println!("{:<36} {:>12}", candidate.name, "quadratic");
            continue;
        }
        let seconds = time.as_secs_f64();
        let (per_chunk, rate) = (seconds * 1e9 / chunks as f64, bytes as f64 / seconds / 1e6);
        println!("{:<36} {:>12.4} {per_chunk:>10.0} {rate:>10.1}", candidate.name, seconds * 1e3);
    }
}

fn applied(input: &Input<'_>) {
    let mut parser = Parser::new(&input.schema);
    let (mut value, mut changes) = (Value::Null, Vec::new());
    for chunk in &input.chunks {
        parser.feed(chunk, &mut changes).unwrap();
        for change in changes.drain(..) {
            apply(&mut value, &change).unwrap();
        }
    }
    black_box((parser.finish(&mut changes).unwrap(), value));
}

fn changes_only(input: &Input<'_>) {
    let mut parser = Parser::new(&input.schema);
    let mut changes = Vec::new();
    for chunk in &input.chunks {
        parser.feed(chunk, &mut changes).unwrap();
        black_box(&changes);
        changes.clear();
    }
    black_box(parser.finish(&mut changes).unwrap());
}

fn once(input: &Input<'_>) {
    let mut parser = Parser::new(&input.schema);
    let mut changes = Vec::new();
    parser.feed(input.text, &mut changes).unwrap();
    black_box(parser.finish(&mut changes).unwrap());
}

fn with_serde_json(input: &Input<'_>) {
    black_box(serde_json::from_str::<Value>(input.text).unwrap());
}

fn with_jiter(input: &Input<'_>) {
    for end in ends(input) {
        let text = &input.text.as_bytes()[..end];
        black_box(JsonValue::parse_with_config(text, false, PartialMode::TrailingStrings).ok());
    }
}

fn again(input: &Input<'_>) {
    for end in ends(input) {
        let mut changes = Vec::new();
        Parser::new(&input.schema).feed(&input.text[..end], &mut changes).unwrap();
        black_box(changes);
    }
}

/// Returns the end of each chunk.
fn ends<'a>(input: &'a Input<'_>) -> impl Iterator<Item = usize> + 'a {
    input.chunks.iter().scan(0, |end, chunk| {
        *end += chunk.len();
        Some(*end)
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn allocations(document: &Document) {
    let input = input(document, 4, 40);
    let mut count = 0;
    let mut parser = Parser::new(&input.schema);
    let mut changes = Vec::new();
    for chunk in &input.chunks {
        parser.feed(chunk, &mut changes).unwrap();
        count += changes.len();
        changes.clear();
    }
    let per_change =
        |work: fn(&Input<'_>)| measure(|| work(&input)).count_total as f64 / count as f64;
    let (emitted, with_apply) = (per_change(changes_only), per_change(applied));
    println!("{:<36} {count:>9} {emitted:>13.2} {with_apply:>13.2}", document.name);
}

/// Compares the first chunks with the last ones.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn flatness(document: &Document) {
    let input = input(document, 4, 40);
    let part = input.chunks.len() / 100;
    let mut best = [Duration::MAX; 2];
    for _ in 0..5 {
        let mut parser = Parser::new(&input.schema);
        let (mut value, mut changes) = (Value::Null, Vec::new());
        let mut feed = |chunks: &[&str]| {
            let start = Instant::now();
            for chunk in chunks {
                parser.feed(chunk, &mut changes).unwrap();
                for change in changes.drain(..) {
                    apply(&mut value, &change).unwrap();
                }
            }
            start.elapsed()
        };
        let end = input.chunks.len() - part;
        best[0] = feed(&input.chunks[..part]).min(best[0]);
        feed(&input.chunks[part..end]);
        best[1] = feed(&input.chunks[end..]).min(best[1]);
    }
    let [first, last] = best.map(|time| time.as_secs_f64() * 1e9 / part as f64);
    println!("{:<36} {first:>12.0} {last:>12.0}", document.name);
}
