//! The interface through which an action yields items.

use super::ForwardStream;
use serde::{Deserialize, Serialize};
use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

/// The result of `yield_!`, after the consumer has taken the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// No stop was requested.
    Continue,
    /// A stop was requested: the action should finish early with what it has.
    Stop,
}

impl Flow {
    #[inline]
    pub(crate) fn of(context: &super::Context) -> Self {
        if context.is_stopped() { Self::Stop } else { Self::Continue }
    }

    /// Returns whether a stop was requested.
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::Stop)
    }
}

/// Sends the items of a streaming action to their consumer, one at a time.
///
/// `yield_!(item)` in a `#[streaming_action]` is `yielder.emit(item).await`.
pub struct Yielder<'a, T> {
    /// `None` for an action that does not yield items.
    sink: Option<&'a mut (dyn Emit<T> + Send)>,
    /// The context of the run whose slot the sink fills; its control knows when the consumer has taken an item.
    context: Option<&'a super::Context>,
}

impl<'a, T> Yielder<'a, T> {
    /// Creates a yielder over a sink; burdock does this for each attempt at a step.
    pub fn new(sink: &'a mut (dyn Emit<T> + Send)) -> Self {
        Self { sink: Some(sink), context: None }
    }

    /// Creates a yielder over the slot of a run.
    #[inline]
    pub(crate) fn of_run(sink: &'a mut (dyn Emit<T> + Send), context: &'a super::Context) -> Self {
        Self { sink: Some(sink), context: Some(context) }
    }

    /// Creates the yielder of an action that does not yield items.
    #[inline]
    pub(crate) fn unused() -> Self {
        Self { sink: None, context: None }
    }

    /// Sends the items of a stream, one at a time, until it ends or a stop is requested.
    ///
    /// For a stream of items, the output is a [`Flow`]. For a stream of results it is a `Result<Flow, E>`: the first
    /// error ends the forwarding. `yield_from!(stream)` in a `#[streaming_action]` is `yielder.forward(stream).await`.
    /// The stream is dropped before this returns. A stop does not wait for its next item.
    ///
    /// # Cancel safety
    /// If the future is dropped, an item that is already in the slot is still delivered; the stream is dropped.
    pub async fn forward<S, F>(&mut self, stream: S) -> F
    where
        S: ForwardStream<T, F>,
    {
        let mut stream = pin!(stream);
        let context = self.context;
        let mut stopped = pin!(context.map(super::Context::stopped));
        loop {
            if context.is_some_and(super::Context::is_stopped) {
                return S::finish(Flow::Stop);
            }
            let next = poll_fn(|cx| match stream.as_mut().poll_item(cx) {
                // registers for a stop only while it waits
                Poll::Pending => match stopped.as_mut().as_pin_mut() {
                    Some(stopped) => stopped.poll(cx).map(|()| None),
                    None => Poll::Pending,
                },
                ready @ Poll::Ready(_) => ready,
            });
            let item = match next.await {
                Some(Ok(item)) => item,
                Some(Err(output)) => return output,
                None => return S::finish(context.map_or(Flow::Continue, Flow::of)),
            };
            if self.emit(item).await.is_stop() {
                return S::finish(Flow::Stop);
            }
        }
    }

    /// Sends one item and waits until the consumer has taken it.
    ///
    /// # Cancel safety
    /// If the future is dropped, an item that is already in the slot is still delivered; one that waits for
    /// the slot is not.
    #[inline]
    pub fn emit(&mut self, item: T) -> Emitting<'_, 'a, T> {
        Emitting { yielder: self, item: Some(item) }
    }
}

impl<T> fmt::Debug for Yielder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yielder").finish_non_exhaustive()
    }
}

/// The sink of a [`Yielder`].
pub trait Emit<T> {
    /// Takes `item` when there is room for it, and completes when a consumer has taken it.
    ///
    /// While it is pending, it is called again, with `None` once the item was accepted. Each pending call
    /// registers the waker.
    fn poll_emit(&mut self, item: &mut Option<T>, cx: &mut Context<'_>) -> Poll<Flow>;
}

/// The future of [`Yielder::emit`].
#[must_use = "an item is sent when the future is awaited"]
pub struct Emitting<'y, 'a, T> {
    yielder: &'y mut Yielder<'a, T>,
    item: Option<T>,
}

/// Nothing in it is pinned.
impl<T> Unpin for Emitting<'_, '_, T> {}

impl<T> Future for Emitting<'_, '_, T> {
    type Output = Flow;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = self.get_mut();
        // the fast path, without the sink: the item was put into the slot and taken from it
        if this.item.is_none()
            && let Some(context) = this.yielder.context
            && context.control.slot.was_taken()
        {
            return Poll::Ready(Flow::of(context));
        }
        match &mut this.yielder.sink {
            Some(sink) => sink.poll_emit(&mut this.item, cx),
            None => Poll::Ready(Flow::Stop),
        }
    }
}

impl<T> fmt::Debug for Emitting<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitting").finish_non_exhaustive()
    }
}

/// The items that an action yields: [`Items<T>`] or [`NoItems`].
pub trait Yielding {
    /// The type of an item.
    type Item: Send + 'static;
    /// Whether the action yields items.
    const STREAMS: bool;
}

/// The [`Yielding`] of an action that yields items of type `T`.
#[derive(Debug)]
pub struct Items<T>(Infallible, T);

/// The [`Yielding`] of an action without items, and the item type of a graph without items. The type has no
/// values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum NoItems {}

impl<T: Send + 'static> Yielding for Items<T> {
    type Item = T;
    const STREAMS: bool = true;
}

impl Yielding for NoItems {
    type Item = Self;
    const STREAMS: bool = false;
}

/// The item type of a [`Yielding`].
pub type Yields<Y> = <Y as Yielding>::Item;

/// Converts the items of an action into those of a graph: each item type must be `Into` the type that the
/// graph `yields`.
#[diagnostic::on_unimplemented(
    message = "the items of this graph's actions do not all convert into `{T}`",
    label = "`{Self}` does not convert into this type",
    note = "implement `From` for the type after `yields`, from the type that the action yields"
)]
pub trait Convert<T>: Yielding {
    /// Converts one item.
    fn convert(item: Self::Item) -> T;
}

impl<I: Into<T> + Send + 'static, T> Convert<T> for Items<I> {
    fn convert(item: I) -> T {
        item.into()
    }
}

impl<T> Convert<T> for NoItems {
    fn convert(item: Self) -> T {
        match item {}
    }
}
