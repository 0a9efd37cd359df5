//! The arguments of `yield_from!`: streams and iterators of items or of results.

use super::Flow;
use futures_core::Stream;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// The argument of `yield_from!(stream)`: a stream of items of type `T`, whose value is a [`Flow`], or a stream of
/// `Result<T, E>`, whose value is a `Result<Flow, E>`.
#[diagnostic::on_unimplemented(
    message = "`yield_from!` takes a stream of `{T}` or of `Result<{T}, _>`",
    label = "not such a stream",
    note = "items are converted by `map` or `map_ok` of the crate `futures`; an action that is `blocking` takes an iterator"
)]
pub trait ForwardStream<T, F> {
    /// Polls the next item. An error is the value of `yield_from!`.
    fn poll_item(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T, F>>>;

    /// Returns the value of `yield_from!` after the last item.
    fn finish(flow: Flow) -> F;
}

impl<S: Stream<Item = T>, T> ForwardStream<T, Flow> for S {
    #[inline]
    fn poll_item(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T, Flow>>> {
        self.poll_next(cx).map(|item| item.map(Ok))
    }

    #[inline]
    fn finish(flow: Flow) -> Flow {
        flow
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E> ForwardStream<T, Result<Flow, E>> for S {
    #[inline]
    fn poll_item(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, Result<Flow, E>>>> {
        self.poll_next(cx).map(|item| item.map(|item| item.map_err(Err)))
    }

    #[inline]
    fn finish(flow: Flow) -> Result<Flow, E> {
        Ok(flow)
    }
}

/// The argument of `yield_from!(items)` in a blocking action: like [`ForwardStream`], for iterators.
#[diagnostic::on_unimplemented(
    message = "`yield_from!` takes an iterator over `{T}` or over `Result<{T}, _>` in a blocking action",
    label = "not such an iterator",
    note = "items are converted by `map`; an action that is not `blocking` takes a stream"
)]
pub trait ForwardIterator<T, F> {
    /// Returns the items. An error is the value of `yield_from!`.
    fn into_items(self) -> impl Iterator<Item = Result<T, F>>;

    /// Returns the value of `yield_from!` after the last item.
    fn finish(flow: Flow) -> F;
}

impl<I: IntoIterator<Item = T>, T> ForwardIterator<T, Flow> for I {
    fn into_items(self) -> impl Iterator<Item = Result<T, Flow>> {
        self.into_iter().map(Ok)
    }

    fn finish(flow: Flow) -> Flow {
        flow
    }
}

impl<I: IntoIterator<Item = Result<T, E>>, T, E> ForwardIterator<T, Result<Flow, E>> for I {
    fn into_items(self) -> impl Iterator<Item = Result<T, Result<Flow, E>>> {
        self.into_iter().map(|item| item.map_err(Err))
    }

    fn finish(flow: Flow) -> Result<Flow, E> {
        Ok(flow)
    }
}
