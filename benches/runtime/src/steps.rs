//! Steps: a counter that loops over one node.

use crate::{Candidate, Work};
use burdock::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    future::Future,
    hint::black_box,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
};

pub static CANDIDATES: [Candidate; 3] = [
    Candidate { name: "hand-written, a boxed loop", work: by_hand },
    Candidate { name: "burdock", work: with_burdock },
    Candidate { name: "hand-written, boxed steps", work: by_hand_with_boxed_steps },
];

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    pub count: u64,
    pub last: u64,
}

#[action(state = Counter, reads(count), writes(count))]
async fn count(counter: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: black_box(counter.count + 1) })
}

graph! {
    pub Counting(Counter) {
        nodes { count }
        start count;
        count -> if state.count < state.last { count } else { end };
    }
}

fn with_burdock(steps: u64) -> Work {
    Box::pin(async move {
        let state = Counter { count: 0, last: steps };
        let mut app = Counting::app().state(state).build().await.unwrap();
        let end = app.run(CountingInputs {}).await.unwrap();
        assert_eq!(end.state().count, steps);
    })
}

/// The hand-written equivalent: a boxed future that loops over the nodes and checks for a stop.
#[derive(Clone, Copy)]
enum Node {
    Count,
    End,
}

#[expect(clippy::unused_async, reason = "as the action is")]
async fn count_by_hand(counter: &Counter) -> Result<u64, std::fmt::Error> {
    Ok(black_box(counter.count + 1))
}

fn run_by_hand<'a>(
    counter: &'a mut Counter,
    stop: &'a AtomicBool,
) -> Pin<Box<dyn Future<Output = Result<(), std::fmt::Error>> + Send + 'a>> {
    Box::pin(async move {
        let mut node = Node::Count;
        loop {
            if stop.load(Ordering::Acquire) {
                return Ok(());
            }
            match node {
                Node::Count => {
                    counter.count = count_by_hand(counter).await?;
                    node = if counter.count < counter.last { Node::Count } else { Node::End };
                }
                Node::End => return Ok(()),
            }
        }
    })
}

fn by_hand(steps: u64) -> Work {
    Box::pin(async move {
        let mut state = Counter { count: 0, last: steps };
        let stop = AtomicBool::new(false);
        run_by_hand(black_box(&mut state), black_box(&stop)).await.unwrap();
        assert_eq!(state.count, steps);
    })
}

/// A step of a loop whose steps are values: a table of functions that box their futures.
type Step = fn(Counter) -> Pin<Box<dyn Future<Output = Result<Counter, std::fmt::Error>> + Send>>;

fn by_hand_with_boxed_steps(steps: u64) -> Work {
    fn step(
        counter: Counter,
    ) -> Pin<Box<dyn Future<Output = Result<Counter, std::fmt::Error>> + Send>> {
        Box::pin(async move { Ok(Counter { count: count_by_hand(&counter).await?, ..counter }) })
    }
    Box::pin(async move {
        let table: [Step; 1] = black_box([step]);
        let mut state = Counter { count: 0, last: steps };
        let stop = AtomicBool::new(false);
        while state.count < state.last && !black_box(&stop).load(Ordering::Acquire) {
            state = table[0](state).await.unwrap();
        }
        assert_eq!(state.count, steps);
    })
}
