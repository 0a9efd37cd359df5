//! Neither a step nor an item allocates.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use burdock::{App, prelude::*};
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    pub count: u64,
    pub last: u64,
}

#[action(state = Counter, reads(count), writes(count))]
async fn count(counter: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: counter.count + 1 })
}

#[streaming_action(state = Counter, reads(last), writes(count), yields(u64))]
async fn list(counter: Reads<'_>) -> Result<Writes> {
    for item in 0..*counter.last {
        yield_!(item);
    }
    Ok(Writes { count: *counter.last })
}

graph! {
    pub Counting(Counter) {
        nodes { count }
        start count;
        count -> if state.count < state.last { count } else { end };
    }
}

graph! {
    pub Listing(Counter) {
        yields u64;
        nodes { list }
        start list;
        list -> end;
    }
}

/// Returns the number of allocations of an app and its run in a current-thread runtime.
fn allocations(work: impl AsyncFn(Counter), last: u64) -> u64 {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let run = || runtime.block_on(work(Counter { count: 0, last }));
    allocation_counter::measure(run).count_total
}

fn assert_constant(work: impl AsyncFn(Counter) + Copy) {
    // allocations that happen once per process happen here
    allocations(work, 1);
    let (few, many) = (allocations(work, 100), allocations(work, 50_000));
    // a run that yields to its executor registers its waker once
    assert!(many < few + 10, "{few} allocations for 100, {many} for 50 000");
}

#[test]
fn step_does_not_allocate() {
    assert_constant(async |state| {
        let mut app: App<Counting> = Counting::app().state(state).build().await.unwrap();
        app.run(CountingInputs {}).await.unwrap();
    });
}

#[test]
fn item_does_not_allocate() {
    assert_constant(async |state| {
        let mut app: App<Listing> = Listing::app().state(state).build().await.unwrap();
        let mut run = app.run(ListingInputs {});
        while let Some(item) = run.next().await {
            item.unwrap();
        }
    });
}
