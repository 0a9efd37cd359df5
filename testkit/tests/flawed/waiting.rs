//! Flawed waiting.

use super::{Flaw, log::Flawed};
use burdock::log::{Log, LogError, LogFuture, Offset, SessionId};
use std::{
    future::{pending, poll_fn, ready},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

pub(super) fn reached(log: &Flawed, id: &SessionId, offset: Offset) -> LogFuture<()> {
    let inner = log.inner.reached(id, offset);
    match log.flaw {
        Flaw::WakesOneEntryLate => log.inner.reached(id, Offset(offset.0.saturating_add(1))),
        Flaw::WakesAtOnce => Box::pin(ready(Ok(()))),
        Flaw::OtherHandlesAreNotNotified if log.reopened => Box::pin(pending()),
        Flaw::WakesOnlyFiftyWaiters => fifty(log, inner),
        Flaw::LeaksWakers => keeping_wakers(log, inner),
        Flaw::KeepsTheFirstWaker => keeping_the_first_waker(inner),
        Flaw::TreatsMissingSessionsAsEmpty | Flaw::KeepsWaitingAfterDeletion => Box::pin(async {
            match inner.await {
                Err(LogError::NoSession { .. }) => pending().await,
                other => other,
            }
        }),
        Flaw::WaitsForAnySessionWithTheId => {
            let (log, id) = (log.inner.clone(), id.clone());
            Box::pin(async move {
                let first = inner.await;
                if matches!(first, Err(LogError::NoSession { .. })) && log.info(&id).await.is_ok() {
                    return log.reached(&id, offset).await;
                }
                first
            })
        }
        _ => inner,
    }
}

fn fifty(log: &Flawed, inner: LogFuture<()>) -> LogFuture<()> {
    struct Slot(Arc<super::log::Notes>);
    impl Drop for Slot {
        fn drop(&mut self) {
            self.0.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let waiting = log.notes.waiting.fetch_add(1, Ordering::SeqCst);
    let slot = Slot(Arc::clone(&log.notes));
    Box::pin(async move {
        let _slot = slot;
        if waiting < 50 { inner.await } else { pending().await }
    })
}

fn keeping_wakers(log: &Flawed, mut inner: LogFuture<()>) -> LogFuture<()> {
    let notes = Arc::clone(&log.notes);
    Box::pin(poll_fn(move |cx| {
        let polled = inner.as_mut().poll(cx);
        if polled.is_pending() {
            notes.wakers.lock().unwrap().push(cx.waker().clone());
        }
        polled
    }))
}

fn keeping_the_first_waker(mut inner: LogFuture<()>) -> LogFuture<()> {
    let mut first = None;
    Box::pin(poll_fn(move |cx| -> Poll<_> {
        let waker = first.get_or_insert_with(|| cx.waker().clone());
        inner.as_mut().poll(&mut Context::from_waker(waker))
    }))
}
