//! Children: runs of 1 000 children, 16 at a time, beside futures that are polled together.

use crate::{Candidate, Work};
use burdock::{log::MemoryLog, prelude::*};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::hint::black_box;

pub static CANDIDATES: [Candidate; 3] = [
    Candidate { name: "hand-written, `buffer_unordered`", work: by_hand },
    Candidate { name: "burdock, without a log", work: without_a_log },
    Candidate { name: "burdock, a log in memory", work: in_memory },
];

/// The children of a run.
const PER_RUN: u64 = 1_000;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Square {
    square: u64,
}

#[action(state = Square, writes(square))]
async fn multiply(#[input] number: u64) -> Result<Writes> {
    Ok(Writes { square: square(number).await })
}

async fn square(number: u64) -> u64 {
    black_box(number * number)
}

graph! {
    Squaring(Square) {
        inputs { number: u64 }
        nodes { multiply }
        start multiply;
        multiply -> end;
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Sum {
    sum: u64,
}

#[action(state = Sum, writes(sum))]
async fn add(#[graph] squaring: Sub<'_, Squaring>) -> Result<Writes> {
    let starts = (0..PER_RUN).map(|number| (number.to_string(), SquaringInputs { number }));
    let ends = squaring.each(starts).finish().await?;
    Ok(Writes { sum: ends.iter().map(|(_, end)| end.state().square).sum() })
}

graph! {
    Adding(Sum) { nodes { add } start add; add -> end; }
}

fn without_a_log(count: u64) -> Work {
    Box::pin(async move {
        for _ in 0..count / PER_RUN {
            let mut app = Adding::app().build().await.unwrap();
            black_box(app.run(AddingInputs {}).await.unwrap());
        }
    })
}

fn in_memory(count: u64) -> Work {
    Box::pin(async move {
        for _ in 0..count / PER_RUN {
            let mut app = Adding::app().log(MemoryLog::new()).build().await.unwrap();
            black_box(app.run(AddingInputs {}).await.unwrap());
        }
    })
}

fn by_hand(count: u64) -> Work {
    Box::pin(async move {
        for _ in 0..count / PER_RUN {
            let squares = stream::iter(0..PER_RUN).map(square).buffer_unordered(16);
            black_box(squares.fold(0, async |sum, square| sum + square).await);
        }
    })
}
