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

/// A hub that opens a session when it may, and tells that it is about to.
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
    fn begin(
        &self,
        if_running: IfRunning,
    ) -> impl Future<Output = Result<Cursor, SessionError>> + use<> {
        let begin = Begin::Run(RunInputs::typed(CountingInputs {}));
        let if_unfinished = IfUnfinished::Restart;
        let terms = Terms { existence: Existence::Any, if_running, if_unfinished };
        let (hub, session) = (Arc::clone(&self.hub), self.session.clone());
        async move { hub.begin(&session, begin, terms).await }
    }

    /// How each run began and ended, when nothing is under way any more.
    async fn runs(&self) -> Vec<&'static str> {
        self.hub.runs.close();
        self.hub.runs.wait().await;
        let records = self.log.read(&self.session, Offset::ZERO, 10_000).await.unwrap();
        let entries = records.iter().map(|record| record.entry(&self.session).unwrap());
        entries.map(|entry| entry.kind.name()).filter(|name| name.starts_with("run_")).collect()
    }
}

/// Polls once: whoever has to wait is in the queue then.
fn queued<T>(mut future: Pin<&mut impl Future<Output = T>>) {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
}

/// A run that is stopped while its session is being opened takes no more than a step.
#[tokio::test]
async fn a_stop_counts_as_soon_as_a_run_is_asked_for() {
    let gated = gated();
    let mut first = pin!(gated.begin(IfRunning::Reject));
    queued(first.as_mut());
    gated.opens.notified().await;
    gated.hub.stop(&gated.session);
    gated.may_open.add_permits(1);
    first.await.unwrap();
    // and the next one does not stop
    gated.begin(IfRunning::Wait).await.unwrap();
    assert_eq!(gated.runs().await, ["run_started", "run_stopped", "run_started", "run_paused"]);
}

#[tokio::test]
async fn a_stop_counts_while_a_session_that_was_fenced_off_is_opened_anew() {
    let gated = gated();
    gated.may_open.add_permits(1);
    gated.begin(IfRunning::Wait).await.unwrap();
    gated.opens.notified().await;
    let seat = gated.hub.seats().get(&gated.session).cloned().unwrap();
    drop(seat.take().await);
    // another process
    gated.log.open(&gated.session, Claim::default()).await.unwrap();
    let again = tokio::spawn(gated.begin(IfRunning::Wait));
    gated.opens.notified().await;
    gated.hub.stop(&gated.session);
    gated.may_open.add_permits(1);
    again.await.unwrap().unwrap();
    assert_eq!(gated.runs().await, ["run_started", "run_paused", "run_started", "run_stopped"]);
}

#[tokio::test]
async fn who_stops_what_is_in_front_stops_those_who_wait_as_well() {
    let gated = gated();
    let mut first = pin!(gated.begin(IfRunning::Reject));
    queued(first.as_mut());
    let (second, third) = (gated.begin(IfRunning::Stop), gated.begin(IfRunning::Stop));
    let (mut second, mut third) = (pin!(second), pin!(third));
    queued(second.as_mut());
    queued(third.as_mut());
    gated.may_open.add_permits(1);
    let (first, second, third) = tokio::join!(first, second, third);
    for begun in [first, second, third] {
        begun.unwrap();
    }
    let stopped = ["run_started", "run_stopped"];
    let expected = [stopped, stopped, ["run_started", "run_paused"]].concat();
    assert_eq!(gated.runs().await, expected);
}

/// A session that is being deleted is not one whose run is under way.
#[tokio::test]
async fn who_comes_while_a_session_is_deleted_begins_in_another_one() {
    let gated = gated();
    gated.may_open.add_permits(1);
    gated.begin(IfRunning::Wait).await.unwrap();
    let seat = gated.hub.seats().get(&gated.session).cloned().unwrap();
    let held = seat.take().await;
    seat.give_up();
    let mut next = pin!(gated.begin(IfRunning::Reject));
    queued(next.as_mut());
    forget(&mut gated.hub.seats(), &seat);
    drop(held);
    gated.may_open.add_permits(1);
    next.await.unwrap();
    assert!(gated.hub.seats().get(&gated.session).is_some_and(|now| !Arc::ptr_eq(now, &seat)));
}

#[tokio::test]
async fn who_waits_behind_a_delete_begins_in_a_session_of_its_own() {
    let gated = gated();
    let mut first = pin!(gated.begin(IfRunning::Reject));
    queued(first.as_mut());
    let hub = Arc::clone(&gated.hub);
    let mut delete = pin!(hub.delete(&gated.session));
    queued(delete.as_mut());
    let mut next = pin!(gated.begin(IfRunning::Wait));
    queued(next.as_mut());
    gated.may_open.add_permits(2);
    let (first, delete, next) = tokio::join!(first, delete, next);
    first.unwrap();
    delete.unwrap();
    next.unwrap();
    assert_eq!(gated.hub.open(), 1);
    assert_eq!(gated.runs().await, ["run_started", "run_paused"]);
}

/// What is read may be of a run that is over when one asks whether it is under way.
#[tokio::test]
async fn a_session_is_read_until_it_is_the_one_that_was_asked_about() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let open: Open<Counting> = Box::new(|_, _| Box::pin(Counting::app().build()));
    let hub = Arc::new(Hub::new(log, Limits::default(), open));
    let session = SessionId::new("a").unwrap();
    let place = |offset| Cursor { epoch: Epoch(1), offset: Offset(offset) };
    for (entries, read) in [
        // the run ends after the first look
        (vec![(place(1), true), (place(2), false)], place(2)),
        // it began and ended twice
        (vec![(place(1), true), (place(5), true), (place(6), false)], place(6)),
        // it died
        (vec![(place(1), true), (place(1), true)], place(1)),
        (vec![(place(1), false)], place(1)),
    ] {
        let left = Mutex::new(entries.into_iter());
        let next = || std::future::ready(Ok(left.lock().unwrap().next().unwrap()));
        let (seen, running) = hub.look(&session, next, |seen| *seen).await.unwrap();
        assert_eq!((seen.0, running), (read, false));
        assert_eq!(left.lock().unwrap().next(), None);
    }
}
