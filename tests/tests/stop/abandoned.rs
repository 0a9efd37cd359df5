//! An action that abandons an item while the log stores it, and waits for something else.

use burdock::{
    RunErrorKind,
    action::{ActionInfo, Attempt, UnsetSlot},
    log::{Durability, MemoryLog},
    prelude::*,
    stream::Items,
};
use burdock_tests::{
    clock::Clock,
    faulty::{Fate, FaultyLog},
    stalled::UntilStalled,
};
use futures::{executor::block_on, future::poll_immediate};
use serde::{Deserialize, Serialize};
use std::{future::pending, time::Duration};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Empty {}

#[action(state = Empty)]
pub(crate) async fn nothing() -> Result<Writes> {
    Ok(Writes {})
}

/// Yields an item without waiting for it, and hangs.
pub(crate) struct Abandon;

impl Action for Abandon {
    type State = Empty;
    type Reads<'a> = ();
    type Args<'a> = ();
    type Params = ();
    type Writes = <nothing as Action>::Writes;
    type Yields = Items<u32>;
    const INFO: ActionInfo = ActionInfo::new("abandon");

    fn reads(_: &Empty) -> std::result::Result<(), UnsetSlot> {
        Ok(())
    }

    async fn run(mut attempt: Attempt<'_, Self>) -> Result<Self::Writes> {
        poll_immediate(attempt.yielder.emit(1)).await;
        pending().await
    }
}

graph! {
    Abandoning(Empty) {
        yields u32;
        nodes { abandon: Abandon, nothing }
        start abandon;
        abandon -> nothing;
        nothing -> end;
    }
}

#[test]
fn grace_period_counts_although_an_abandoned_item_waited_for_the_log_before_the_stop() {
    for grace in [Duration::ZERO, Duration::from_secs(5)] {
        let (log, clock) = (FaultyLog::new(MemoryLog::new()), Clock::default());
        let app = Abandoning::app().id("s").runtime(clock.clone()).log(log.clone());
        let mut app = block_on(app.durability(Durability::Item).build()).unwrap();
        log.fates([Fate::Stored, Fate::Held]);
        let mut run = app.run(AbandoningInputs {}).grace_period(grace);
        assert!(run.finish().until_stalled().is_none());
        while log.release_next() {}
        assert!(run.finish().until_stalled().is_none());
        run.stopper().stop();
        let mut ended = run.finish().until_stalled().map(drop);
        if grace > Duration::ZERO {
            assert!(ended.is_none());
            clock.advance(grace);
            ended = run.finish().until_stalled().map(|end| {
                let error = end.unwrap_err();
                assert!(matches!(error.kind(), RunErrorKind::Cancelled { .. }), "{error}");
            });
        }
        assert!(ended.is_some(), "the grace period of {grace:?} has passed");
    }
}
