//! Actions without macros: in one step, in two steps, and with an executor of their own.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::manual_async_fn,
    reason = "a test"
)]

use burdock::{
    App, Context, Outcome, Position,
    action::{ActionInfo, Attempt, TwoStep, UnsetSlot, Writes},
    prelude::*,
    state::set_of,
    stream::{Items, Yielder},
};
use burdock_tests::stalled::UntilStalled;
use futures::{StreamExt, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    pub count: u32,
    pub name: Slot<String>,
}

/// New value of the count.
pub struct Count(u32);

impl Writes for Count {
    type State = Counter;
    type Undo = u32;

    fn apply(self, state: &mut Counter) -> u32 {
        std::mem::replace(&mut state.count, self.0)
    }

    fn undo(undo: u32, state: &mut Counter) {
        state.count = undo;
    }

    fn of(state: &Counter) -> Self {
        Self(state.count)
    }
}

const INFO: ActionInfo = ActionInfo::new("by hand")
    .reads(set_of(Counter::FIELDS, &["count"]))
    .writes(set_of(Counter::FIELDS, &["count"]));

/// Yields the count and adds one.
pub struct Add;

impl Action for Add {
    type State = Counter;
    type Reads<'a> = u32;
    type Args<'a> = ();
    type Params = ();
    type Writes = Count;
    type Yields = Items<u32>;
    const INFO: ActionInfo = INFO;

    fn reads(state: &Counter) -> Result<u32, UnsetSlot> {
        Ok(state.count)
    }

    fn run(mut attempt: Attempt<'_, Self>) -> impl Future<Output = Result<Count>> + Send {
        async move {
            attempt.yielder.emit(attempt.reads).await;
            Ok(Count(attempt.reads + 1))
        }
    }
}

/// Yields twice, then turns the sum into writes.
pub struct Sum;

impl TwoStep for Sum {
    type State = Counter;
    type Reads<'a> = &'a u32;
    type Writes = Count;
    type Yields = Items<u32>;
    type Output = u32;
    const INFO: ActionInfo = INFO;

    fn reads(state: &Counter) -> Result<&u32, UnsetSlot> {
        Ok(&state.count)
    }

    async fn produce<'a>(count: &'a u32, mut yielder: Yielder<'a, u32>) -> Result<u32> {
        yielder.emit(*count * 10).await;
        if yielder.emit(*count * 100).await.is_stop() {
            return Ok(0);
        }
        Ok(count * 110)
    }

    fn update(count: &u32, sum: u32) -> Result<Count> {
        match sum {
            0 => Err(burdock::ActionError::msg("nothing was summed")),
            sum => Ok(Count(count + sum)),
        }
    }
}

/// Yields from futures that are polled only when they are woken.
pub struct Crowd;

impl Action for Crowd {
    type State = Counter;
    type Reads<'a> = u32;
    type Args<'a> = ();
    type Params = ();
    type Writes = Count;
    type Yields = Items<u32>;
    const INFO: ActionInfo = INFO;

    fn reads(state: &Counter) -> Result<u32, UnsetSlot> {
        Ok(state.count)
    }

    async fn run(attempt: Attempt<'_, Self>) -> Result<Count> {
        let yielder = futures::lock::Mutex::new(attempt.yielder);
        let mut crowd: FuturesUnordered<_> = (0..5_u32)
            .map(|member| {
                let (yielder, cx) = (&yielder, attempt.context);
                async move {
                    let mut stops = 0;
                    for round in 0..3 {
                        if member == 4 {
                            // one of them also polls something else
                            let _: Option<()> = cx.stopped().until_stalled();
                        }
                        let flow = yielder.lock().await.emit(member * 10 + round).await;
                        stops += u32::from(flow.is_stop());
                    }
                    stops
                }
            })
            .collect();
        let mut total = attempt.reads;
        while let Some(stops) = crowd.next().await {
            total += 1 + stops * 100;
        }
        Ok(Count(total))
    }
}

/// Drops the futures of its items. An item in the slot is delivered, one that still waited is not.
pub struct Hasty;

impl Action for Hasty {
    type State = Counter;
    type Reads<'a> = u32;
    type Args<'a> = ();
    type Params = ();
    type Writes = Count;
    type Yields = Items<u32>;
    const INFO: ActionInfo = INFO;

    fn reads(state: &Counter) -> Result<u32, UnsetSlot> {
        Ok(state.count)
    }

    async fn run(mut attempt: Attempt<'_, Self>) -> Result<Count> {
        assert!(attempt.yielder.emit(1).until_stalled().is_none());
        assert!(attempt.yielder.emit(2).until_stalled().is_none());
        attempt.yielder.emit(3).await;
        assert!(attempt.yielder.emit(4).until_stalled().is_none());
        Ok(Count(attempt.reads + 1))
    }
}

/// Panics before the future exists, or in `reads`.
pub struct Rude;

impl Action for Rude {
    type State = Counter;
    type Reads<'a> = u32;
    type Args<'a> = ();
    type Params = ();
    type Writes = Count;
    type Yields = Items<u32>;
    const INFO: ActionInfo = INFO;

    fn reads(state: &Counter) -> Result<u32, UnsetSlot> {
        assert!(state.count != 98, "no reads");
        Ok(state.count)
    }

    fn run(attempt: Attempt<'_, Self>) -> impl Future<Output = Result<Count>> + Send {
        assert!(attempt.reads != 99, "no future");
        std::future::ready(Ok(Count(attempt.reads)))
    }
}

#[streaming_action(state = Counter, reads(count), writes(count), yields(u32))]
async fn raced(counter: Reads<'_>, #[context] cx: &Context) -> Result<Writes> {
    for round in 0..2 {
        tokio::select! {
            biased;
            () = cx.stopped() => { yield_!(100 + round); }
            () = tokio::task::yield_now() => { yield_!(round); }
        }
    }
    let (_, count) = tokio::join!(std::future::ready(yield_!(7)), async { *counter.count });
    Ok(Writes { count: count + 1 })
}

graph! {
    pub Hand(Counter) {
        yields u64;
        nodes { add: Add, sum: Sum, crowd: Crowd, raced, hasty: Hasty, rude: Rude }
        start add;
        add -> sum;
        sum -> crowd;
        crowd -> raced;
        raced -> if state.count > 1000 { hasty } else { pause add };
    hasty -> rude;
    rude -> end;
    }
}

async fn at(node: HandNode, count: u32) -> App<Hand> {
    let state = Counter { count, ..Counter::default() };
    Hand::app().state(state).at(Position::Rest(node)).build().await.unwrap()
}

#[tokio::test]
async fn actions_without_macros_stream_and_commit_in_order() {
    let mut app = at(HandNode::add, 0).await;
    let mut run = app.run(HandInputs {}).halt_before(HandNode::crowd);
    let items: Vec<u64> = run.by_ref().map(|item| item.unwrap()).collect().await;
    assert_eq!(items, [0, 10, 100]);
    let end = run.finish().await.unwrap();
    assert_eq!((end.outcome(), end.state().count), (Outcome::Halted(HandNode::crowd), 111));
    assert!(matches!(end.writes(), Some(HandWrites::sum(Count(111)))));
}

#[tokio::test]
async fn an_error_of_update_fails_the_step_and_writes_nothing() {
    let mut app = at(HandNode::sum, 1).await;
    let mut run = app.run(HandInputs {});
    run.next().await.unwrap().unwrap();
    run.next().await.unwrap().unwrap();
    run.stopper().stop();
    let error = run.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "node `sum` failed");
    drop(run);
    assert_eq!(app.state().count, 1);
}

#[tokio::test]
async fn an_action_with_an_executor_of_its_own_delivers_every_item() {
    let mut app = at(HandNode::crowd, 0).await;
    let mut run = app.run(HandInputs {}).halt_after(HandNode::crowd);
    let mut items = Vec::new();
    while let Some(item) = run.next().await {
        items.push(item.unwrap());
        tokio::task::yield_now().await;
    }
    items.sort_unstable();
    assert_eq!(items, [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42]);
    assert_eq!(run.finish().await.unwrap().state().count, 5);
}

#[tokio::test]
async fn finish_does_not_hang_on_an_action_with_an_executor_of_its_own() {
    let mut app = at(HandNode::crowd, 0).await;
    let end = app.run(HandInputs {}).halt_after(HandNode::crowd).await.unwrap();
    assert_eq!(end.state().count, 5);
}

#[tokio::test]
async fn a_stop_reaches_an_action_with_an_executor_of_its_own() {
    let mut app = at(HandNode::crowd, 0).await;
    let mut run = app.run(HandInputs {}).halt_after(HandNode::crowd);
    run.next().await.unwrap().unwrap();
    run.stopper().stop();
    let end = run.finish().await.unwrap();
    assert_eq!(end.state().count, 1505, "every yield returned a stop");
}

#[tokio::test]
async fn a_run_polled_from_a_new_task_for_each_item_loses_no_item() {
    let mut app = at(HandNode::crowd, 0).await;
    let mut run = app.run(HandInputs {}).halt_after(HandNode::crowd);
    for _ in 0..15 {
        // a new executor, and so a new waker, for every item
        let mut one: FuturesUnordered<_> = [run.next()].into_iter().collect();
        assert!(one.next().await.unwrap().unwrap().is_ok());
    }
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Halted(HandNode::raced));
}

#[tokio::test]
async fn yields_inside_select_and_join_deliver_in_order() {
    let mut app = at(HandNode::raced, 0).await;
    let mut run = app.run(HandInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 0);
    run.stopper().stop();
    let items: Vec<u64> = run.by_ref().map(|item| item.unwrap()).collect().await;
    assert_eq!(items, [101, 7]);
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(HandNode::add));
}

#[tokio::test]
async fn an_item_in_the_slot_is_delivered_although_its_future_was_dropped() {
    let mut app = at(HandNode::hasty, 0).await;
    let mut run = app.run(HandInputs {});
    let items: Vec<u64> = run.by_ref().map(|item| item.unwrap()).collect().await;
    assert_eq!(items, [1, 3, 4]);
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Ended);
}

#[tokio::test]
async fn a_panic_before_the_future_exists_fails_the_step() {
    for (count, message) in [(98, "no reads"), (99, "no future")] {
        let mut app = at(HandNode::rude, count).await;
        let error = app.run(HandInputs {}).await.unwrap_err();
        assert_eq!(error.to_string(), format!("node `rude` panicked: {message}"));
        assert_eq!(app.position(), Position::Unfinished(HandNode::rude));
        assert_eq!(app.state().count, count);
    }
}
