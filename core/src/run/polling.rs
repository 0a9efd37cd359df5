//! Polling of a run: as a stream of items, as a stream of events, and as a future for its end.

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

/// An item and its node.
pub(super) type NodeItem<G> = (<G as Graph>::Node, <G as Graph>::Item);

/// The result of polling a run whose future was not started yet, or has ended.
enum Inactive<G: Graph> {
    /// The future was just started.
    Started,
    /// The value that was published last.
    Last(Published<G>),
    /// The run has ended; with its error, if the consumer has not received it yet.
    Ended(Option<RunError>),
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

    /// [`poll_item`](Self::poll_item) with the node of the item.
    pub(super) fn poll_node_item(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<NodeItem<G>, RunError>>> {
        self.poll_with(cx, |published| match published {
            Published::Item(node, item) => Some((node, item)),
            event @ Published::Event(_) => {
                discard("an event", event);
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

    /// Polls until `pick` accepts a published value. It converts the value in place, so that an item is moved
    /// only once.
    #[inline]
    fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        pick: impl Fn(Published<G>) -> Option<T>,
    ) -> Poll<Option<Result<T, RunError>>> {
        // the first poll usually returns an item; it is outside of the loop, which would occupy registers
        match self.poll_once(cx, &pick) {
            ControlFlow::Break(polled) => polled,
            ControlFlow::Continue(()) => self.poll_loop(cx, pick),
        }
    }

    #[inline(never)]
    fn poll_loop<T>(
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

    /// Returns `Continue` if it has to be called again.
    #[expect(clippy::inline_always, reason = "every item passes through it; a call costs a tenth")]
    #[inline(always)]
    fn poll_once<T>(
        &mut self,
        cx: &mut Context<'_>,
        pick: impl Fn(Published<G>) -> Option<T>,
    ) -> ControlFlow<Poll<Option<Result<T, RunError>>>> {
        let Stage::Running(run) = &mut self.stage else {
            return match self.poll_inactive() {
                Inactive::Started => ControlFlow::Continue(()),
                Inactive::Last(published) => {
                    self.record_start(&published);
                    picked(pick(published))
                }
                Inactive::Ended(error) => ControlFlow::Break(Poll::Ready(error.map(Err))),
            };
        };
        if self.stop.stopper.control.slice.is_used_up(&*self.stop.runtime) {
            cx.waker().wake_by_ref();
            return ControlFlow::Break(Poll::Pending);
        }
        if let Poll::Ready(driven) = run.as_mut().poll(cx) {
            self.finished(driven);
            return ControlFlow::Continue(());
        }
        // after the poll, so that an action that can finish is not cancelled
        if self.stop.stopper.is_stopped()
            && let Poll::Ready(shown) = self.poll_cancel(cx)
        {
            return picked(shown.and_then(pick));
        }
        match self.receiver.take() {
            Some(published) => {
                self.record_start(&published);
                picked(pick(published))
            }
            None => match self.poll_idle(cx) {
                Poll::Ready(()) => ControlFlow::Continue(()),
                Poll::Pending => ControlFlow::Break(Poll::Pending),
            },
        }
    }

    /// Stores the cursor of the start for [`started`](Run::started). Every method that takes events calls it.
    #[expect(clippy::inline_always, reason = "every item passes through it")]
    #[inline(always)]
    fn record_start(&mut self, published: &Published<G>) {
        if let Published::Event(event) = published {
            self.record_event(event);
        }
    }

    #[cold]
    fn record_event(&mut self, event: &Event<G>) {
        if let EventKind::RunStarted = event.kind {
            self.started = event.cursor;
            let control = &self.stop.stopper.control;
            if control.subscription() == Subscription::Start {
                control.subscribe(Subscription::Items);
            }
        }
    }

    /// Called while the run waits and nothing is published. Completes if the run has to be polled again.
    #[inline(never)]
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.receiver.wake_sender();
        let stop = self.stop.poll_stop(cx);
        if stop.is_pending() {
            self.stop.stopper.control.slice.restart();
        }
        stop
    }

    /// Polls the run before its future is started and after it has ended.
    #[cold]
    fn poll_inactive(&mut self) -> Inactive<G> {
        if let Stage::Ready(..) = &self.stage {
            self.start();
            return Inactive::Started;
        }
        // the last published value outlives the future
        if let Some(published) = self.receiver.take() {
            return Inactive::Last(published);
        }
        Inactive::Ended(match &mut self.stage {
            Stage::Failed(error, shown @ Shown::No) => {
                *shown = Shown::Yes;
                Some(error.clone())
            }
            _ => None,
        })
    }

    #[cold]
    fn finished(&mut self, (session, result): Driven<'a, G>) {
        self.stop.deregister();
        self.stage = match result {
            Ok(outcome) => Stage::Ended(session, outcome),
            Err(error) => Stage::Failed(error, Shown::No),
        };
    }

    /// Called after a stop. Cancels the run when the grace period is over, unless it waits for the consumer and not
    /// for the action. Returns the last published value.
    #[cold]
    fn poll_cancel(&mut self, cx: &mut Context<'_>) -> Poll<Option<Published<G>>> {
        if !self.receiver.peek_with(waits_for_action)
            || self.stop.poll_grace_period(cx).is_pending()
        {
            return Poll::Pending;
        }
        // taken first, so that the slot has room for the event of the cancellation
        let shown = self.receiver.take();
        // dropping the future cancels the run
        discard("a run", mem::replace(&mut self.stage, Stage::Changing));
        self.stop.deregister();
        self.stage = Stage::Failed(self.cancelled_error(), Shown::No);
        Poll::Ready(shown)
    }

    /// Starts the future of the run, in the only box that a run allocates.
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

/// Ends a poll with the accepted value, if there is one.
#[inline]
fn picked<T>(picked: Option<T>) -> ControlFlow<Poll<Option<Result<T, RunError>>>> {
    match picked {
        Some(picked) => ControlFlow::Break(Poll::Ready(Some(Ok(picked)))),
        None => ControlFlow::Continue(()),
    }
}

/// Returns whether a pending run waits for the action, and not for the consumer to take an event.
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

/// The future of an awaited [`Run`]. It discards the items and returns the end.
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
