//! Steps: a counter that loops over one node.

use crate::Candidate;
use burdock::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    future::Future,
    hint::black_box,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};

pub static CANDIDATES: [Candidate; 2] = [
    Candidate { name: "hand-written loop", work: by_hand },
    Candidate { name: "burdock", work: with_burdock },
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

fn with_burdock(steps: u64) {
    let state = Counter { count: 0, last: steps };
    let mut app = block_on(Counting::app().state(state).build()).unwrap();
    let end = block_on(std::future::IntoFuture::into_future(app.run(CountingInputs {}))).unwrap();
    assert_eq!(end.state().count, steps);
}

/// What one would write: a boxed future that loops over the nodes and heeds a stop.
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

fn by_hand(steps: u64) {
    let mut state = Counter { count: 0, last: steps };
    let stop = AtomicBool::new(false);
    block_on(run_by_hand(black_box(&mut state), black_box(&stop))).unwrap();
    assert_eq!(state.count, steps);
}

/// Polls until ready: no executor stands between the candidates and the clock.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}
