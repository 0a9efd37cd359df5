//! Panics in destructors of replaced values do not change whether a step is committed.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    App, Outcome, Position,
    log::{Log, MemoryLog, Offset, SessionId},
    prelude::*,
};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};
use std::{cell::Cell, panic::resume_unwind, sync::Arc};

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// A value whose destructor panics while `ARMED` is set, if the value is odd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touchy(u32);

impl Drop for Touchy {
    fn drop(&mut self) {
        if self.0 % 2 == 1 && ARMED.get() && !std::thread::panicking() {
            resume_unwind(Box::new("touched"));
        }
    }
}

#[derive(State, Clone, Debug, Serialize, Deserialize)]
pub struct Tray {
    pub cup: Touchy,
    pub saucer: Slot<Touchy>,
    pub steps: u32,
}

#[action(state = Tray, reads(steps), writes(cup, saucer, steps))]
async fn replace(tray: Reads<'_>) -> Result<Writes> {
    let steps = tray.steps + 1;
    Ok(Writes { cup: Touchy(2 * steps), saucer: Touchy(2 * steps), steps })
}

graph! {
    Replacing(Tray) {
        nodes { replace }
        start replace;
        replace -> pause;
    }
}

fn tray() -> Tray {
    Tray { cup: Touchy(1), saucer: Slot::set(Touchy(3)), steps: 0 }
}

fn assert_replaced(app: &mut App<Replacing>) {
    ARMED.set(true);
    let outcome = block_on(app.run(ReplacingInputs {}).into_future()).unwrap().outcome();
    ARMED.set(false);
    assert_eq!(outcome, Outcome::Paused(ReplacingNode::replace));
    let Tray { cup, saucer, steps } = app.state();
    assert_eq!((cup, saucer.get(), *steps), (&Touchy(2), Some(&Touchy(2)), 1));
    assert_eq!(app.position(), Position::Rest(ReplacingNode::replace));
}

#[test]
fn a_panicking_destructor_does_not_revert_a_commit() {
    let mut app = block_on(Replacing::app().state(tray()).build()).unwrap();
    assert_replaced(&mut app);
}

#[test]
fn a_panicking_destructor_does_not_revert_a_commit_that_is_in_the_log() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let open = || Replacing::app().state(tray()).id("s").log(Arc::clone(&log)).build();
    let mut app = block_on(open()).unwrap();
    assert_replaced(&mut app);
    block_on(app.close()).unwrap();
    let session = SessionId::new("s").unwrap();
    let records = block_on(log.read(&session, Offset::ZERO, 100)).unwrap();
    let kinds: Vec<_> =
        records.iter().map(|record| record.entry(&session).unwrap().kind.name()).collect();
    assert_eq!(
        kinds,
        ["session_created", "run_started", "step_started", "step_committed", "run_paused"]
    );
}
