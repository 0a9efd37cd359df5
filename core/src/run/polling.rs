//! How a run is polled: as a stream of items, and as a future for its end.

use super::{
    End, Run, RunError,
    drive::{Driven, drive},
    run::{Shown, Stage},
};
use crate::{
    event::{Event, EventKind, Published},
    graph::Graph,
    panics::discard,
    stream::Subscription,
};
use futures_core::Stream;
use std::{
    mem,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

/// What a run has for its consumer while it has no future.
enum Aside<G: Graph> {
    /// It has one now.
    Started,
    /// What was published last.
    Left(Published<G>),
    /// Nothing more, but the error unless it was given before.
    Over(Option<RunError>),
}

impl<'a, G: Graph> Run<'a, G> {
    #[inline]
    pub(super) fn poll_item(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<G::Item, RunError>>> {
        let only = self.only;
        self.poll_with(cx, |published| match published {
            Published::Item(node, item) if only.is_none_or(|only| only == node) => Some(item),
            other => {
                discard("an item", other);
                None
            }
        })
    }

    #[inline]
    pub(super) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event<G>, RunError>>> {
        self.poll_with(cx, |published| match published {
            Published::Item(_, item) => {
                discard("an item", item);
                None
            }
            Published::Event(event) => Some(*event),
        })
    }

    /// Polls until there is an event that `pick` makes something of; so an item is moved once.
    #[inline]
    fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        pick: impl Fn(Published<G>) -> Option<T>,
    ) -> Poll<Option<Result<T, RunError>>> {
        // without the loop, which keeps registers busy, where the first poll brings an item
        match self.poll_once(cx, &pick) {
            ControlFlow::Break(polled) => polled,
            ControlFlow::Continue(()) => self.poll_on(cx, pick),
        }
    }

    #[inline(never)]
    fn poll_on<T>(
        &mut self,
        cx: &mut Context<'_>,
        pick: impl Fn(Published<G>) -> Option<T>,
    ) -> Poll<Option<Result<T, RunError>>> {
        loop {
            if let ControlFlow::Break(polled) = self.poll_once(cx, &pick) {
                return polled;
            }
        }
    }

    /// Returns `Continue` when it has to be polled again.
    #[expect(clippy::inline_always, reason = "an item goes through it; a call costs it a tenth")]
    #[inline(always)]
    fn poll_once<T>(
        &mut self,
        cx: &mut Context<'_>,
        pick: impl Fn(Published<G>) -> Option<T>,
    ) -> ControlFlow<Poll<Option<Result<T, RunError>>>> {
        let Stage::Running(run) = &mut self.stage else {
            return match self.poll_aside() {
                Aside::Started => ControlFlow::Continue(()),
                Aside::Left(published) => {
                    self.note_start(&published);
                    picked(pick(published))
                }
                Aside::Over(error) => ControlFlow::Break(Poll::Ready(error.map(Err))),
            };
        };
        if self.stop.stopper.control.slice.is_used_up(&*self.stop.runtime) {
            cx.waker().wake_by_ref();
            return ControlFlow::Break(Poll::Pending);
        }
        if let Poll::Ready(driven) = run.as_mut().poll(cx) {
            self.over(driven);
            return ControlFlow::Continue(());
        }
        // after the poll, so that an action that can finish does
        if self.stop.stopper.is_stopped()
            && let Poll::Ready(shown) = self.poll_cancel(cx)
        {
            return picked(shown.and_then(pick));
        }
        match self.receiver.take() {
            Some(published) => {
                self.note_start(&published);
                picked(pick(published))
            }
            None => match self.poll_idle(cx) {
                Poll::Ready(()) => ControlFlow::Continue(()),
                Poll::Pending => ControlFlow::Break(Poll::Pending),
            },
        }
    }

    /// Stores the cursor of the start for [`started`](Run::started), whichever call takes the event.
    #[expect(clippy::inline_always, reason = "each item passes it")]
    #[inline(always)]
    fn note_start(&mut self, published: &Published<G>) {
        if let Published::Event(event) = published {
            self.note_event(event);
        }
    }

    #[cold]
    fn note_event(&mut self, event: &Event<G>) {
        if let EventKind::RunStarted = event.kind {
            self.started = event.cursor;
            let control = &self.stop.stopper.control;
            if control.subscription() == Subscription::Start {
                control.subscribe(Subscription::Items);
            }
        }
    }

    /// The run waits, and neither an item nor an event is there; is ready when it has to be polled
    /// again.
    #[inline(never)]
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.receiver.wake_sender();
        let stop = self.stop.poll_stop(cx);
        if stop.is_pending() {
            self.stop.stopper.control.slice.restart();
        }
        stop
    }

    /// What there is before the run's future and after it.
    #[cold]
    fn poll_aside(&mut self) -> Aside<G> {
        if let Stage::Ready(..) = &self.stage {
            self.start();
            return Aside::Started;
        }
        // what was published last is still there when the future is gone
        if let Some(published) = self.receiver.take() {
            return Aside::Left(published);
        }
        Aside::Over(match &mut self.stage {
            Stage::Failed(error, shown @ Shown::No) => {
                *shown = Shown::Yes;
                Some(error.clone())
            }
            _ => None,
        })
    }

    #[cold]
    fn over(&mut self, (session, result): Driven<'a, G>) {
        self.stop.forget();
        self.stage = match result {
            Ok(outcome) => Stage::Over(session, outcome),
            Err(error) => Stage::Failed(error, Shown::No),
        };
    }

    /// After a stop: cancels the run when the grace period is over and it still waits for the
    /// action, rather than for its consumer. Gives the item that was yielded last.
    #[cold]
    fn poll_cancel(&mut self, cx: &mut Context<'_>) -> Poll<Option<Published<G>>> {
        if !self.receiver.peek_with(waits_for_action) || self.stop.poll_deadline(cx).is_pending() {
            return Poll::Pending;
        }
        // taken first, so that the slot has room for the event of the cancel
        let shown = self.receiver.take();
        // dropping the future cancels the run
        discard("a run", mem::replace(&mut self.stage, Stage::Changing));
        self.stop.forget();
        self.stage = Stage::Failed(self.cancelled(), Shown::No);
        Poll::Ready(shown)
    }

    /// Makes the one box of a run.
    #[cold]
    fn start(&mut self) {
        self.stage = match mem::replace(&mut self.stage, Stage::Changing) {
            Stage::Ready(session, start, halts) => {
                Stage::Running(Box::pin(drive(session, start, halts)))
            }
            other => other,
        };
    }
}

/// Ends a poll with what was picked, if anything was.
#[inline]
fn picked<T>(picked: Option<T>) -> ControlFlow<Poll<Option<Result<T, RunError>>>> {
    match picked {
        Some(picked) => ControlFlow::Break(Poll::Ready(Some(Ok(picked)))),
        None => ControlFlow::Continue(()),
    }
}

/// Whether a run that is pending waits for an action, and not for someone to take an event.
fn waits_for_action<G: Graph>(published: Option<&Published<G>>) -> bool {
    published.is_none_or(|published| match published {
        Published::Item(..) => true,
        Published::Event(event) => matches!(event.kind, EventKind::Item(_)),
    })
}

impl<G: Graph> Stream for Run<'_, G> {
    type Item = Result<G::Item, RunError>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

impl<'a, G: Graph> IntoFuture for Run<'a, G> {
    type Output = Result<End<'a, G>, RunError>;
    type IntoFuture = Finish<'a, G>;

    fn into_future(self) -> Finish<'a, G> {
        Finish(Some(self))
    }
}

/// The future of a [`Run`] that is awaited: drops the items and gives the end.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Finish<'a, G: Graph>(Option<Run<'a, G>>);

impl<'a, G: Graph> Future for Finish<'a, G> {
    type Output = Result<End<'a, G>, RunError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(run) = &mut self.0 else {
            return Poll::Pending;
        };
        while let Poll::Ready(event) = run.poll_event(cx) {
            if event.is_none() {
                return match self.0.take() {
                    Some(run) => Poll::Ready(run.into_end()),
                    None => Poll::Pending,
                };
            }
        }
        Poll::Pending
    }
}
