//! Waiting in flawed ways.

use super::{Flaw, log::Flawed};
use burdock::log::{Log, LogError, Logging, Offset, SessionId};
use std::{
    future::{pending, poll_fn, ready},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

pub(super) fn reached(log: &Flawed, id: &SessionId, offset: Offset) -> Logging<()> {
    let inner = log.inner.reached(id, offset);
    match log.flaw {
        Flaw::ReachesTooLate => log.inner.reached(id, Offset(offset.0.saturating_add(1))),
        Flaw::ReachesAtOnce => Box::pin(ready(Ok(()))),
        Flaw::HandlesTellNothing if log.reopened => Box::pin(pending()),
        Flaw::WaitsForFifty => fifty(log, inner),
        Flaw::KeepsWakers => keeping_wakers(log, inner),
        Flaw::KeepsTheFirstWaker => keeping_the_first_waker(inner),
        Flaw::NoSessionIsAnEmptyOne | Flaw::WaitsForTheDeleted => Box::pin(async {
            match inner.await {
                Err(LogError::NoSession { .. }) => pending().await,
                other => other,
            }
        }),
        Flaw::WaitsForAnyOfTheId => {
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

fn fifty(log: &Flawed, inner: Logging<()>) -> Logging<()> {
    struct Place(Arc<super::log::Notes>);
    impl Drop for Place {
        fn drop(&mut self) {
            self.0.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let there = log.notes.waiting.fetch_add(1, Ordering::SeqCst);
    let place = Place(Arc::clone(&log.notes));
    Box::pin(async move {
        let _place = place;
        if there < 50 { inner.await } else { pending().await }
    })
}

fn keeping_wakers(log: &Flawed, mut inner: Logging<()>) -> Logging<()> {
    let notes = Arc::clone(&log.notes);
    Box::pin(poll_fn(move |cx| {
        let polled = inner.as_mut().poll(cx);
        if polled.is_pending() {
            notes.wakers.lock().unwrap().push(cx.waker().clone());
        }
        polled
    }))
}

fn keeping_the_first_waker(mut inner: Logging<()>) -> Logging<()> {
    let mut first = None;
    Box::pin(poll_fn(move |cx| -> Poll<_> {
        let waker = first.get_or_insert_with(|| cx.waker().clone());
        inner.as_mut().poll(&mut Context::from_waker(waker))
    }))
}
