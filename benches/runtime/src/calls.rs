//! Calls: steps that make 100 of them each, on a log in memory, and single ones on SQLite.

use crate::{Candidate, Work};
use burdock::{
    Context,
    log::{Log, MemoryLog},
    prelude::*,
};
use burdock_sqlite::SqliteLog;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, hint::black_box, sync::Arc};

pub static IN_MEMORY: [Candidate; 2] = [
    Candidate { name: "hand-written, a map of JSON", work: by_hand },
    Candidate { name: "burdock, a log in memory", work: in_memory },
];

pub static IN_A_FILE: [Candidate; 2] = [
    Candidate { name: "burdock, a step on SQLite", work: steps_in_a_file },
    Candidate { name: "burdock, a call on SQLite", work: calls_in_a_file },
];

/// The calls of a step.
const PER_STEP: u64 = 100;

/// The keys of the calls of a step.
fn keys() -> impl Iterator<Item = String> {
    (0..PER_STEP).map(|number| number.to_string())
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Sum {
    steps: u64,
    sum: u64,
}

#[expect(clippy::unused_async, reason = "a call makes a future")]
async fn effect(number: u64) -> Result<u64> {
    Ok(black_box(number))
}

#[action(state = Sum, reads(steps, sum), writes(steps, sum))]
async fn make_calls(
    all: Reads<'_>,
    #[input] keys: &Vec<String>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut sum = *all.sum;
    for key in keys {
        sum += cx.once(key, effect(1)).await?;
    }
    Ok(Writes { steps: all.steps + 1, sum })
}

graph! {
    Calling(Sum) {
        inputs { keys: Vec<String>, steps: u64 }
        nodes { make_calls, check }
        start make_calls;
        make_calls -> check;
        check -> if state.steps == 0 { end } else { make_calls };
    }
}

/// Sets the number of steps to 0 when all are done.
#[action(state = Sum, reads(steps), writes(steps))]
async fn check(all: Reads<'_>, #[input] steps: u64) -> Result<Writes> {
    Ok(Writes { steps: if *all.steps == steps { 0 } else { *all.steps } })
}

async fn run(log: impl Log + 'static, keys: Vec<String>, steps: u64) {
    let mut app = Calling::app().log(log).build().await.unwrap();
    app.run(CallingInputs { keys, steps }).await.unwrap();
}

fn in_memory(count: u64) -> Work {
    Box::pin(run(MemoryLog::new(), keys().collect(), count / PER_STEP))
}

fn steps_in_a_file(count: u64) -> Work {
    // each of them has two nodes
    Box::pin(async move { run(file().await, Vec::new(), count / 2).await })
}

fn calls_in_a_file(count: u64) -> Work {
    let keys = (0..count).map(|number| number.to_string()).collect();
    Box::pin(async move { run(file().await, keys, 1).await })
}

async fn file() -> Arc<dyn Log> {
    // the folder remains until the process ends
    let folder = tempfile::tempdir().unwrap().keep();
    Arc::new(SqliteLog::open(folder.join("calls.db")).await.unwrap())
}

fn by_hand(count: u64) -> Work {
    Box::pin(async move {
        let keys: Vec<String> = keys().collect();
        let mut sum = 0;
        for _ in 0..count / PER_STEP {
            let mut calls: BTreeMap<String, String> = BTreeMap::new();
            for key in &keys {
                let result = effect(1).await.unwrap();
                calls.insert(key.clone(), serde_json::to_string(&result).unwrap());
                sum += result;
            }
            black_box(calls);
        }
        black_box(sum);
    })
}
