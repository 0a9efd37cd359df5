//! The run of one child.

use super::{
    ChildItem, SubEnd, SubError,
    child::{Child, ChildEvent, Finished, Plan},
    start::ChildStart,
};
use crate::{action::Context, graph::Graph, stream::AbandonGuard};
use futures_core::Stream;
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context as Task, Poll},
};

/// The run of a child: a stream of its items, and then its [`SubEnd`].
///
/// It is lazy: nothing happens until it is polled. Take items with [`next`](SubRun::next) and the end with
/// [`finish`](SubRun::finish), or await it for the end alone. If the run fails, the error is the last item, and `finish`
/// returns it.
///
/// If the parent is stopped, the child is stopped. If it stops before its end, the run never completes and the step of the
/// parent is abandoned: nothing of it is committed, and a resume continues the child. An action that has something to commit
/// uses `select!` with [`Context::stopped`].
///
/// # Cancel safety
/// Dropping a run cancels the child: its session stays at its last commit, and another attempt at the step continues it.
/// Dropping the future of [`next`](SubRun::next) loses nothing.
#[must_use = "a run does nothing unless it is polled"]
pub struct SubRun<'a, G: Graph> {
    context: &'a Context,
    stage: Stage<'a, G>,
}

enum Stage<'a, G: Graph> {
    Running(Child<'a, G>),
    Stopped,
    Finished(Box<SubEnd<G>>),
    Failed { error: SubError, shown: bool },
}

impl<'a, G: Graph> SubRun<'a, G> {
    pub(super) fn new(plan: Plan<'a, G>, start: ChildStart<G>) -> Self
    where
        G::Item: ChildItem,
    {
        Self { context: plan.context, stage: Stage::Running(Child::new(plan, start)) }
    }

    /// Returns the next item; `None` when the run is over.
    ///
    /// # Errors
    /// Returns the error that ended the run, as the last item.
    ///
    /// # Cancel safety
    /// This method is cancel safe.
    pub async fn next(&mut self) -> Option<Result<G::Item, SubError>> {
        let _guard = AbandonGuard::new(self.context);
        poll_fn(|cx| self.poll_item(cx)).await
    }

    /// Discards the remaining items and returns the end of the run.
    ///
    /// # Errors
    /// Returns the error that ended the run.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the child.
    pub async fn finish(mut self) -> Result<SubEnd<G>, SubError> {
        if let Stage::Running(child) = &self.stage {
            child.discard_items();
        }
        while let Some(item) = self.next().await {
            drop(item?);
        }
        match self.stage {
            Stage::Finished(end) => Ok(*end),
            Stage::Failed { error, .. } => Err(error),
            // not possible: a stopped run does not complete
            Stage::Running(_) | Stage::Stopped => std::future::pending().await,
        }
    }

    fn poll_item(&mut self, cx: &mut Task<'_>) -> Poll<Option<Result<G::Item, SubError>>> {
        if let Stage::Running(child) = &mut self.stage {
            let event = match child.poll_event(cx) {
                Poll::Ready(event) => event,
                Poll::Pending => return Poll::Pending,
            };
            self.stage = match event {
                ChildEvent::Item((_, item)) => return Poll::Ready(Some(Ok(item))),
                ChildEvent::Finished(Ok(Finished::Ended(end))) => Stage::Finished(Box::new(end)),
                ChildEvent::Finished(Ok(Finished::Stopped)) => Stage::Stopped,
                ChildEvent::Finished(Err(error)) => Stage::Failed { error, shown: false },
            };
        }
        match &mut self.stage {
            Stage::Failed { error, shown: shown @ false } => {
                *shown = true;
                Poll::Ready(Some(Err(error.clone())))
            }
            Stage::Stopped => {
                self.context.set_abandoned();
                Poll::Pending
            }
            Stage::Running(_) | Stage::Finished(_) | Stage::Failed { .. } => Poll::Ready(None),
        }
    }
}

impl<G: Graph> Stream for SubRun<'_, G> {
    type Item = Result<G::Item, SubError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

/// Nothing in it is pinned: the child is boxed.
impl<G: Graph> Unpin for SubRun<'_, G> {}

impl<'a, G: Graph> IntoFuture for SubRun<'a, G> {
    type Output = Result<SubEnd<G>, SubError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.finish())
    }
}

impl<G: Graph> fmt::Debug for SubRun<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Running(_) => "running",
            Stage::Stopped => "stopped",
            Stage::Finished(_) => "ended",
            Stage::Failed { .. } => "failed",
        };
        f.debug_struct("SubRun")
            .field("graph", &G::TOPOLOGY.name)
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
