use super::*;
use burdock::{
    log::{Entry, EntryKind, Epoch, MemoryLog, Offset},
    prelude::*,
};
use serde::{Deserialize, Serialize};
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

/// A run that is stopped while its session is being opened takes no more than a step.
#[tokio::test]
async fn a_stop_counts_as_soon_as_a_run_is_asked_for() {
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
    let hub = Arc::new(Hub::new(Arc::clone(&log), Limits::default(), Schemas::default(), open));
    let session = SessionId::new("a").unwrap();
    let terms = Terms {
        existence: Existence::Any,
        if_running: IfRunning::Reject,
        if_unfinished: IfUnfinished::Reject,
    };
    let begin = || Begin::Run(Arc::new(|| Ok(CountingInputs {})));
    let first = tokio::spawn({
        let (hub, session, begin) = (Arc::clone(&hub), session.clone(), begin());
        async move { hub.begin(&session, begin, terms).await }
    });
    opens.notified().await;
    hub.stop(&session);
    may_open.add_permits(1);
    first.await.unwrap().unwrap();
    // and the next one does not stop
    let terms =
        Terms { if_running: IfRunning::Wait, if_unfinished: IfUnfinished::Restart, ..terms };
    hub.begin(&session, begin(), terms).await.unwrap();
    hub.runs.close();
    hub.runs.wait().await;
    let records = log.read(&session, Offset::ZERO, 10_000).await.unwrap();
    let entries = records.iter().map(|record| record.entry(&session).unwrap());
    let kinds: Vec<_> = entries.map(|Entry { kind, .. }| kind).collect();
    let stopped = kinds.iter().position(|kind| matches!(kind, EntryKind::RunStopped { .. }));
    assert!(stopped.unwrap() <= 4, "{:?}", &kinds[..8]);
    assert!(matches!(kinds.last(), Some(EntryKind::RunPaused { .. })), "{:?}", kinds.last());
}

/// What is read may be of a run that is over when one asks whether it is under way.
#[tokio::test]
async fn a_session_is_read_until_it_is_the_one_that_was_asked_about() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let open: Open<Counting> = Box::new(|_, _| Box::pin(Counting::app().build()));
    let hub = Arc::new(Hub::new(log, Limits::default(), Schemas::default(), open));
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
