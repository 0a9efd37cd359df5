//! Fuzzing: for every text, the parser does not panic, gives the same result for all cuts, and returns
//! only JSON that deserializes into the type.
//!
//! `cargo test` replays `corpus` and tries a fixed set of inputs. `cargo xtask fuzz` tries others;
//! `FUZZ_SECONDS=600 cargo xtask fuzz` runs for ten minutes, and `FUZZ_SEED` sets the first seed.
//! Failing inputs are written to `corpus`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a test")]

mod common;

use burdock_json::Schema;
use common::{
    Random, grow_in_all_cuts,
    types::{Type, types},
};
use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Number of inputs that `cargo test` tries.
const SLICE: u64 = 4_000;

/// Maximum time for one input.
const SLOWEST: Duration = Duration::from_secs(2);

/// Fragments that are significant to the parser.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "“",
    "”",
    "‘",
    "’",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\u00e9",
    "//",
    "/*",
    "*/",
    "#",
    "```",
    "```json\n",
    "\n",
    " ",
    "\u{1}",
    "\0",
    "null",
    "None",
    "true",
    "True",
    "NaN",
    "-",
    "+",
    ".",
    "1",
    "0",
    "007",
    "1e9",
    "1e999",
    "1.0",
    "5.",
    ".5",
    "300",
    "\"5\"",
    "\"true\"",
    "\"\"",
    "key",
    "kind",
    "\"kind\":",
    "\"Struct\"",
    "\"x\":",
    "x:",
    "{}",
    "[]",
    "\u{feff}",
    "\u{1f600}",
    "ß",
    "[[[[[[",
    "{\"a\":",
    ",,",
    "::",
    "`",
    "*",
];

struct Target {
    of: Type,
    schema: Schema,
}

fn targets() -> Vec<Target> {
    types()
        .into_iter()
        .map(|of| Target { schema: Schema::compile(&of.schema).unwrap(), of })
        .collect()
}

#[test]
fn corpus_inputs_pass() {
    let targets = targets();
    let mut found = 0;
    for file in fs::read_dir(corpus()).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        found += 1;
        for target in &targets {
            let fault = fault(target, &text);
            assert_eq!(fault, None, "{}: {}", path.display(), target.of.name);
        }
    }
    assert!(found > 0, "the corpus is empty");
}

#[test]
fn random_inputs_pass() {
    let setting = |name| std::env::var(name).ok()?.split(' ').next()?.parse::<u64>().ok();
    let (seconds, seed) = (setting("FUZZ_SECONDS"), setting("FUZZ_SEED").unwrap_or_default());
    let started = Instant::now();
    let more = |tried| match seconds {
        Some(seconds) => started.elapsed() < Duration::from_secs(seconds),
        None => tried < SLICE,
    };
    let targets = targets();
    let mut faults = BTreeSet::new();
    let (mut tried, mut read) = (0, 0_u64);
    while more(tried) {
        tried += 1;
        let mut random = Random(seed.wrapping_add(tried));
        let target = random.pick(&targets);
        let text = damaged(random.pick::<String>(&target.of.values), &mut random);
        let Some(fault) = fault(target, &text) else {
            read += 1;
            continue;
        };
        let kind: String = format!("{}: {fault}", target.of.name).chars().take(80).collect();
        if faults.insert(kind) {
            println!("{}: {fault}\n  {text}", target.of.name);
            if seconds.is_some() {
                fs::write(corpus().join(format!("found-{tried}.txt")), &text).unwrap();
            }
        }
    }
    println!("{tried} inputs in {:.1?}, {read} without a fault", started.elapsed());
    assert!(faults.is_empty(), "{faults:#?}");
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Returns a text with a few mutations.
fn damaged(json: &str, random: &mut Random) -> String {
    let mut parts: Vec<String> = tokens(json);
    for _ in 0..random.below(6) {
        let at = random.below(parts.len());
        let other = random.below(parts.len());
        match random.below(9) {
            0 if !parts.is_empty() => drop(parts.remove(at)),
            1 if !parts.is_empty() => parts.insert(at, parts[other].clone()),
            2 if !parts.is_empty() => parts.swap(at, other),
            3 => parts.insert(at, (*random.pick(WORDS)).to_owned()),
            4 if !parts.is_empty() => (*random.pick(WORDS)).clone_into(&mut parts[at]),
            5 => parts.truncate(at),
            6 if !parts.is_empty() => {
                let quote = *random.pick(&["'", "", "”"]);
                parts[at] = parts[at].replace('"', quote);
            }
            7 if !parts.is_empty() => parts[at] = parts[at].to_uppercase(),
            _ => {
                // delete one character
                let Some(part) = parts.get_mut(at) else { continue };
                part.pop();
            }
        }
    }
    parts.concat()
}

/// Splits JSON into tokens.
fn tokens(json: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let (mut in_text, mut is_escaped) = (false, false);
    for char in json.chars() {
        let joins = in_text || (char.is_alphanumeric() || "-.".contains(char));
        let continues = tokens.last().is_some_and(|last| {
            in_text || (joins && last.chars().all(|c| c.is_alphanumeric() || "-.".contains(c)))
        });
        match tokens.last_mut() {
            Some(last) if continues => last.push(char),
            _ => tokens.push(char.to_string()),
        }
        if char == '"' && !is_escaped {
            in_text = !in_text;
        }
        is_escaped = in_text && char == '\\' && !is_escaped;
    }
    tokens
}

/// Returns a description of the fault that a text causes.
fn fault(target: &Target, text: &str) -> Option<String> {
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| grow_in_all_cuts(&target.schema, text)));
    let took = started.elapsed();
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(panic) => {
            let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            return Some(format!("it panics: {message}"));
        }
    };
    if took > SLOWEST {
        return Some(format!("it takes {took:?}"));
    }
    let parsed = outcome.result.ok()?;
    let value: serde_json::Value = match serde_json::from_str(&parsed.json) {
        Ok(value) => value,
        Err(error) => return Some(format!("the JSON is not valid: {error}: {}", parsed.json)),
    };
    if outcome.grown != value {
        return Some(format!("the changes make {}, not {}", outcome.grown, parsed.json));
    }
    let error = (target.of.read)(&parsed.json).err()?;
    Some(format!("the type does not read it: {error}: {}", parsed.json))
}
