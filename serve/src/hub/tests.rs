use super::*;
use burdock::{
    log::{Claim, Cursor, Epoch, MemoryLog, Offset},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use std::pin::pin;
use tokio::sync::{Notify, Semaphore};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Counter {
    steps: u64,
}

#[action(state = Counter, reads(steps), writes(steps))]
async fn count(counter: Reads<'_>) -> Result<Writes> {
    Ok(Writes { steps: counter.steps + 1 })
}

graph! {
    /// Counts to a thousand.
    Counting(Counter) {
        nodes { count }
        start count;
        count -> if state.steps % 1_000 == 0 { pause } else { count };
    }
}

/// A hub that notifies `opens` before it opens a session, and then waits for a permit of `may_open`.
struct Gated {
    hub: Arc<Hub<Counting>>,
    log: Arc<dyn Log>,
    session: SessionId,
    opens: Arc<Notify>,
    may_open: Arc<Semaphore>,
}

fn gated() -> Gated {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let (opens, may_open) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let open: Open<Counting> = Box::new({
        let (log, opens, may_open) = (Arc::clone(&log), Arc::clone(&opens), Arc::clone(&may_open));
        move |session, _| {
            let app = Counting::app().id(session.as_str()).log(Arc::clone(&log));
            let (opens, may_open) = (Arc::clone(&opens), Arc::clone(&may_open));
            Box::pin(async move {
                opens.notify_one();
                may_open.acquire().await.unwrap().forget();
                app.build().await
            })
        }
    });
    let hub = Hub::new(Arc::clone(&log), Limits::default(), open);
    let session = SessionId::new("a").unwrap();
    Gated { hub: Arc::new(hub), log, session, opens, may_open }
}

impl Gated {
    fn start(
        &self,
        if_running: IfRunning,
    ) -> impl Future<Output = Result<Cursor, SessionError>> + use<> {
        let kind = StartKind::Run(RunInputs::typed(CountingInputs {}));
        let if_unfinished = IfUnfinished::Restart;
        let options = StartOptions { existence: Existence::Any, if_running, if_unfinished };
        let (hub, session) = (Arc::clone(&self.hub), self.session.clone());
        async move { hub.start(&session, kind, options).await }
    }

    /// Waits until all runs are over, and returns the entries of their starts and ends.
    async fn runs(&self) -> Vec<&'static str> {
        self.hub.runs.close();
        self.hub.runs.wait().await;
        let records = self.log.read(&self.session, Offset::ZERO, 10_000).await.unwrap();
        let entries = records.iter().map(|record| record.entry(&self.session).unwrap());
        entries.map(|entry| entry.kind.name()).filter(|name| name.starts_with("run_")).collect()
    }
}

/// Polls a future once, so that its request is in the queue.
fn poll_once<T>(mut future: Pin<&mut impl Future<Output = T>>) {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
}

/// A run that is stopped while its session is being opened executes at most one step.
#[tokio::test]
async fn stop_applies_to_a_run_whose_session_is_being_opened() {
    let gated = gated();
    let mut first = pin!(gated.start(IfRunning::Reject));
    poll_once(first.as_mut());
    gated.opens.notified().await;
    gated.hub.stop(&gated.session);
    gated.may_open.add_permits(1);
    first.await.unwrap();
    // the next run is not stopped
    gated.start(IfRunning::Wait).await.unwrap();
    assert_eq!(gated.runs().await, ["run_started", "run_stopped", "run_started", "run_paused"]);
}

#[tokio::test]
async fn stop_applies_while_a_fenced_session_is_opened_again() {
    let gated = gated();
    gated.may_open.add_permits(1);
    gated.start(IfRunning::Wait).await.unwrap();
    gated.opens.notified().await;
    let slot = gated.hub.slots().get(&gated.session).cloned().unwrap();
    drop(slot.lock().await);
    // as another process would
    gated.log.open(&gated.session, Claim::default()).await.unwrap();
    let again = tokio::spawn(gated.start(IfRunning::Wait));
    gated.opens.notified().await;
    gated.hub.stop(&gated.session);
    gated.may_open.add_permits(1);
    again.await.unwrap().unwrap();
    assert_eq!(gated.runs().await, ["run_started", "run_paused", "run_started", "run_stopped"]);
}

#[tokio::test]
async fn start_that_stops_the_run_also_stops_the_starts_that_wait() {
    let gated = gated();
    let mut first = pin!(gated.start(IfRunning::Reject));
    poll_once(first.as_mut());
    let (second, third) = (gated.start(IfRunning::Stop), gated.start(IfRunning::Stop));
    let (mut second, mut third) = (pin!(second), pin!(third));
    poll_once(second.as_mut());
    poll_once(third.as_mut());
    gated.may_open.add_permits(1);
    let (first, second, third) = tokio::join!(first, second, third);
    for started in [first, second, third] {
        started.unwrap();
    }
    let stopped = ["run_started", "run_stopped"];
    let expected = [stopped, stopped, ["run_started", "run_paused"]].concat();
    assert_eq!(gated.runs().await, expected);
}

/// A start in a session that is being deleted is not rejected as if a run were in progress.
#[tokio::test]
async fn start_during_a_deletion_uses_a_new_slot() {
    let gated = gated();
    gated.may_open.add_permits(1);
    gated.start(IfRunning::Wait).await.unwrap();
    let slot = gated.hub.slots().get(&gated.session).cloned().unwrap();
    let held = slot.lock().await;
    slot.mark_deleted();
    let mut next = pin!(gated.start(IfRunning::Reject));
    poll_once(next.as_mut());
    remove(&mut gated.hub.slots(), &slot);
    drop(held);
    gated.may_open.add_permits(1);
    next.await.unwrap();
    assert!(gated.hub.slots().get(&gated.session).is_some_and(|now| !Arc::ptr_eq(now, &slot)));
}

#[tokio::test]
async fn start_that_waits_behind_a_deletion_creates_a_new_session() {
    let gated = gated();
    let mut first = pin!(gated.start(IfRunning::Reject));
    poll_once(first.as_mut());
    let hub = Arc::clone(&gated.hub);
    let mut delete = pin!(hub.delete(&gated.session));
    poll_once(delete.as_mut());
    let mut next = pin!(gated.start(IfRunning::Wait));
    poll_once(next.as_mut());
    gated.may_open.add_permits(2);
    let (first, delete, next) = tokio::join!(first, delete, next);
    first.unwrap();
    delete.unwrap();
    next.unwrap();
    assert_eq!(gated.hub.open_sessions(), 1);
    assert_eq!(gated.runs().await, ["run_started", "run_paused"]);
}

/// The run that was read may be over by the time its status is checked.
#[tokio::test]
async fn session_is_read_again_until_it_matches_the_checked_status() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let open: Open<Counting> = Box::new(|_, _| Box::pin(Counting::app().build()));
    let hub = Arc::new(Hub::new(log, Limits::default(), open));
    let session = SessionId::new("a").unwrap();
    let cursor = |offset| Cursor { epoch: Epoch(1), offset: Offset(offset) };
    for (entries, read) in [
        // the run ends after the first read
        (vec![(cursor(1), true), (cursor(2), false)], cursor(2)),
        // another run starts and ends in between
        (vec![(cursor(1), true), (cursor(5), true), (cursor(6), false)], cursor(6)),
        // its process died
        (vec![(cursor(1), true), (cursor(1), true)], cursor(1)),
        (vec![(cursor(1), false)], cursor(1)),
    ] {
        let left = Mutex::new(entries.into_iter());
        let next = || std::future::ready(Ok(left.lock().unwrap().next().unwrap()));
        let (seen, running) = hub.read_with_status(&session, next, |seen| *seen).await.unwrap();
        assert_eq!((seen.0, running), (read, false));
        assert_eq!(left.lock().unwrap().next(), None);
    }
}
