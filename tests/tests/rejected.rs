//! Values that cannot be recorded: the error names them, and nothing is written in part.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test"
)]

use burdock::{
    ActionError, App, Outcome, Position, RunError, RunErrorKind,
    action::{ActionInfo, Attempt, UnsetSlot, Writes},
    log::{Durability, EntryKind, Log as _, LogError, MemoryLog, Offset, SessionId},
    prelude::*,
    state::set_of,
    stream::Items,
};
use burdock_tests::{
    clock::Clock,
    faulty::{Fate, FaultyLog},
    stalled::UntilStalled,
};
use futures::{executor::block_on, future::poll_immediate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, panic::resume_unwind, time::Duration};

/// A value whose serde implementations misbehave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Odd {
    #[default]
    Tame,
    /// Panics when it is written.
    Panics,
    /// Can be written, but not read.
    Lost,
}

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Panics => resume_unwind(Box::new("not today")),
            _ => serializer.serialize_str(if *self == Self::Lost { "lost" } else { "tame" }),
        }
    }
}

impl<'de> Deserialize<'de> for Odd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "lost" => Err(serde::de::Error::custom("it is lost")),
            _ => Ok(Self::Tame),
        }
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub value: f64,
    pub odd: Odd,
    pub rounds: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    pub items: Vec<f64>,
    pub value: f64,
    pub odd: Odd,
    pub pairs: BTreeMap<(u8, u8), u8>,
}

#[streaming_action(state = Sheet, reads(rounds), writes(value, odd, rounds), yields(f64))]
pub async fn fill(sheet: Reads<'_>, #[input] order: &Order) -> Result<Writes> {
    for item in &order.items {
        // NaN is not an input, because inputs have to be recorded too
        yield_!(if *item > 1000.0 { f64::NAN } else { *item });
    }
    let odd = if order.value > 1000.0 { Odd::Lost } else { Odd::Tame };
    let odd = if order.value < -1000.0 { Odd::Panics } else { odd };
    let value = if order.value > 5000.0 { f64::NAN } else { order.value };
    Ok(Writes { value, odd, rounds: sheet.rounds + 1 })
}

#[action(state = Sheet, reads(rounds), writes(rounds))]
pub async fn excuse(sheet: Reads<'_>) -> Result<Writes> {
    Ok(Writes { rounds: sheet.rounds + 100 })
}

graph! {
    pub Filling(Sheet) {
        inputs { order: Order }
        yields f64;
        nodes {
            #[timeout(Duration::from_secs(1))]
            #[retry(1)]
            fill,
            excuse,
        }
        start fill;
        fill | excuse -> pause fill;
        on error fill -> excuse;
    }
}

/// Yields 1 or NaN without waiting for it, and then fails if the number of rounds is odd.
pub struct Hasty;

pub struct Rounds(u32);

impl Writes for Rounds {
    type State = Sheet;
    type Undo = u32;

    fn apply(self, sheet: &mut Sheet) -> u32 {
        std::mem::replace(&mut sheet.rounds, self.0)
    }

    fn undo(undo: u32, sheet: &mut Sheet) {
        sheet.rounds = undo;
    }

    fn of(sheet: &Sheet) -> Self {
        Self(sheet.rounds)
    }
}

impl Action for Hasty {
    type State = Sheet;
    type Reads<'a> = u32;
    type Args<'a> = ();
    type Params = ();
    type Writes = Rounds;
    type Yields = Items<f64>;
    const INFO: ActionInfo = ActionInfo::new("hasty")
        .reads(set_of(Sheet::FIELDS, &["rounds"]))
        .writes(set_of(Sheet::FIELDS, &["rounds"]));

    fn reads(sheet: &Sheet) -> Result<u32, UnsetSlot> {
        Ok(sheet.rounds)
    }

    async fn run(mut attempt: Attempt<'_, Self>) -> Result<Rounds> {
        let item = if attempt.reads < 10 { 1.0 } else { f64::NAN };
        poll_immediate(attempt.yielder.emit(item)).await;
        if attempt.reads % 2 == 1 {
            return Err(ActionError::msg("no time"));
        }
        Ok(Rounds(attempt.reads + 2))
    }
}

graph! {
    pub Hasting(Sheet) {
        yields f64;
        nodes { hasty: Hasty, excuse }
        start hasty;
        hasty | excuse -> pause hasty;
        on error hasty -> excuse;
    }
}

fn hasty(log: &FaultyLog, rounds: u32) -> App<Hasting> {
    hasty_with_clock(log, rounds, &Clock::default())
}

fn hasty_with_clock(log: &FaultyLog, rounds: u32, clock: &Clock) -> App<Hasting> {
    let state = Sheet { rounds, ..Sheet::default() };
    let app = Hasting::app().id("s").state(state).runtime(clock.clone());
    block_on(app.log(log.clone()).durability(Durability::Item).build()).unwrap()
}

fn id() -> SessionId {
    SessionId::new("s").unwrap()
}

fn open(log: &FaultyLog, clock: &Clock, durability: Durability) -> App<Filling> {
    let app = Filling::app().id("s").runtime(clock.clone()).log(log.clone());
    block_on(app.durability(durability).build()).unwrap()
}

fn fail_run(order: Order) -> (FaultyLog, App<Filling>, RunError) {
    let log = FaultyLog::new(MemoryLog::new());
    let mut app = open(&log, &Clock::default(), Durability::Commit);
    let error = block_on(app.run(FillingInputs { order }).into_future()).unwrap_err();
    (log, app, error)
}

fn kinds(log: &FaultyLog) -> Vec<String> {
    let records = block_on(log.read(&id(), Offset::ZERO, 10_000)).unwrap();
    let text = |kind: EntryKind| match kind {
        EntryKind::Item { item, .. } => format!("item {item}"),
        EntryKind::ItemsSuperseded { items, .. } => format!("superseded {items}"),
        other => other.name().to_owned(),
    };
    records.iter().map(|record| text(record.entry(&id()).unwrap().kind)).collect()
}

fn message(error: &RunError) -> String {
    match error.kind() {
        RunErrorKind::Log { source, .. } => source.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_item_that_json_cannot_represent_ends_the_run() {
    let order = Order { items: vec![1.0, 2000.0, 2.0], ..Order::default() };
    let (log, mut app, error) = fail_run(order);
    let text = "an item of node `fill` cannot be recorded: JSON has no number for NaN";
    assert_eq!(message(&error), text);
    assert_eq!(app.position(), Position::Unfinished(FillingNode::fill));
    assert_eq!(kinds(&log)[2..], ["step_started", "item 1.0", "run_failed"]);
    let order = Order { value: 2.0, ..Order::default() };
    block_on(app.restart(FillingInputs { order }).into_future()).unwrap();
    assert_eq!((app.state().value, app.state().rounds), (2.0, 1));
}

#[test]
fn the_error_of_a_rejected_item_overrides_the_result_of_the_action() {
    for rounds in [10, 11] {
        let log = FaultyLog::new(MemoryLog::new());
        let mut app = hasty(&log, rounds);
        let error = block_on(app.run(HastingInputs {}).into_future()).unwrap_err();
        assert!(message(&error).starts_with("an item of node `hasty`"), "{error:?}");
        assert_eq!(app.position(), Position::Unfinished(HastingNode::hasty));
        assert_eq!(kinds(&log)[2..], ["step_started", "run_failed"]);
    }
}

#[test]
fn inputs_that_cannot_be_recorded_do_not_start_a_run() {
    let nan = Order { value: f64::NAN, ..Order::default() };
    let pairs = Order { pairs: BTreeMap::from([((1, 2), 3)]), ..Order::default() };
    let panics = Order { odd: Odd::Panics, ..Order::default() };
    let lost = Order { odd: Odd::Lost, ..Order::default() };
    for (order, reason) in [
        (nan, "JSON has no number for NaN at `order.value`"),
        (pairs, "key must be a string at `order.pairs`"),
        (panics, "its `Serialize` or `Deserialize` panicked: not today"),
        (lost, "it cannot be read back: it is lost at `order.odd`"),
    ] {
        let (log, mut app, error) = fail_run(order.clone());
        assert_eq!(message(&error), format!("the inputs cannot be recorded: {reason}"));
        assert_eq!(app.position(), Position::Rest(FillingNode::fill));
        assert_eq!(kinds(&log), ["session_created"]);
        // rejected inputs change neither the position nor the state
        let good = Order { value: 3.0, ..Order::default() };
        assert!(block_on(app.run(FillingInputs { order: good }).step()).unwrap().is_some());
        assert!(matches!(app.position(), Position::Rest(_)));
        assert!(block_on(app.run(FillingInputs { order }).into_future()).is_err());
        assert_eq!(app.state().value, 3.0);
    }
}

#[test]
fn a_state_that_cannot_be_recorded_is_not_committed() {
    for (value, text) in [
        (6000.0, "field `value` cannot be recorded: JSON has no number for NaN"),
        (2000.0, "field `odd` cannot be recorded: it cannot be read back: it is lost"),
        (
            -2000.0,
            "the state cannot be recorded: its `Serialize` or `Deserialize` panicked: not today",
        ),
    ] {
        let order = Order { items: vec![1.0], value, ..Order::default() };
        let (log, mut app, error) = fail_run(order);
        assert_eq!(message(&error), text);
        assert_eq!(app.state(), &Sheet::default());
        assert_eq!(kinds(&log)[2..], ["step_started", "item 1.0", "run_failed"]);
        let order = Order { value: 4.0, ..Order::default() };
        let end = block_on(app.restart(FillingInputs { order }).into_future()).unwrap();
        assert_eq!(end.state().value, 4.0);
        assert_eq!(
            kinds(&log)[5..],
            ["run_started", "superseded 1", "step_started", "step_committed", "run_paused"]
        );
    }
}

#[test]
fn an_item_whose_yield_was_dropped_while_it_was_stored_is_shown_before_the_commit() {
    let log = FaultyLog::new(MemoryLog::new());
    let mut app = hasty(&log, 0);
    log.fates([Fate::Stored, Fate::Held]);
    let mut run = app.run(HastingInputs {});
    assert!(run.next().until_stalled().is_none());
    log.release_next();
    assert_eq!(block_on(run.next()).unwrap().unwrap().to_string(), "1");
    assert!(block_on(run.next()).is_none());
    drop(run);
    assert_eq!(app.state().rounds, 2);

    let log = FaultyLog::new(MemoryLog::new());
    let mut app = hasty(&log, 1);
    log.fates([Fate::Stored, Fate::Held]);
    let mut run = app.run(HastingInputs {});
    assert!(run.next().until_stalled().is_none());
    while log.release_next() {}
    assert!(block_on(run.next()).is_none());
    drop(run);
    assert_eq!(app.state().rounds, 101);
    assert_eq!(kinds(&log)[3..6], ["item 1.0", "superseded 1", "step_failed"]);
}

#[test]
fn the_grace_period_does_not_count_while_the_last_item_waits_for_the_log() {
    let (log, clock) = (FaultyLog::new(MemoryLog::new()), Clock::default());
    let mut app = hasty_with_clock(&log, 0, &clock);
    log.fates([Fate::Stored, Fate::Held]);
    let mut run = app.run(HastingInputs {});
    assert!(run.next().until_stalled().is_none());
    run.stopper().stop();
    for _ in 0..3 {
        assert!(run.next().until_stalled().is_none());
        clock.advance(Duration::from_mins(1));
    }
    log.release_next();
    assert_eq!(block_on(run.next()).unwrap().unwrap().to_string(), "1");
    assert_eq!(block_on(run.finish()).unwrap().outcome(), Outcome::Paused(HastingNode::hasty));
    drop(run);
    assert_eq!(app.state().rounds, 2);
}

graph! {
    pub Hurrying(Sheet) {
        yields f64;
        nodes { #[retry(1)] hasty: Hasty, excuse }
        start hasty;
        hasty | excuse -> pause hasty;
        on error hasty -> excuse;
    }
}

#[test]
fn an_item_that_was_stored_and_never_shown_is_superseded_in_the_log() {
    let (log, clock) = (FaultyLog::new(MemoryLog::new()), Clock::default());
    let app = Hurrying::app().id("s").state(Sheet { rounds: 1, ..Sheet::default() });
    let app = app.runtime(clock.clone()).log(log.clone()).durability(Durability::Item);
    let mut app = block_on(app.build()).unwrap();
    log.fates([Fate::Stored, Fate::Held, Fate::Stored, Fate::Held]);
    let mut run = app.run(HurryingInputs {});
    assert!(run.next().until_stalled().is_none());
    while log.release_next() {}
    assert!(run.next().until_stalled().is_none());
    clock.advance(Duration::from_secs(1));
    assert!(run.next().until_stalled().is_none());
    while log.release_next() {}
    assert!(block_on(run.next()).is_none(), "no attempt waits for its item");
    drop(run);
    let attempt = ["item 1.0", "superseded 1"];
    let expected = [&attempt[..], &["attempt_failed"], &attempt, &["step_failed"]].concat();
    assert_eq!(kinds(&log)[3..9], expected);
}

#[test]
fn runs_that_never_commit_do_not_slow_down_opening() {
    let log = FaultyLog::new(MemoryLog::new());
    let mut app = open(&log, &Clock::default(), Durability::Commit);
    let order = Order { items: vec![2000.0], ..Order::default() };
    assert!(block_on(app.run(FillingInputs { order }).into_future()).is_err());
    for _ in 0..1000 {
        assert!(block_on(app.resume().into_future()).is_err());
    }
    let info = block_on(log.info(&id())).unwrap();
    assert!(info.next.0 - info.snapshot.unwrap().0 < 1000, "{info:?}");
    block_on(app.close()).unwrap();
    let mut app = open(&log, &Clock::default(), Durability::Commit);
    let error = block_on(app.resume().into_future()).unwrap_err();
    assert!(
        matches!(error.kind(), RunErrorKind::Log { source: LogError::NotSerializable { .. }, .. }),
        "{error:?}"
    );
}
