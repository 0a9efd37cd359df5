//! The side of an item's way that an action sees.

use serde::Serialize;
use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// What `yield_!` returns once the consumer took the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Nobody asked for a stop.
    Continue,
    /// A stop was asked for: finish early with what there is.
    Stop,
}

impl Flow {
    #[inline]
    pub(crate) fn of(context: &super::Context) -> Self {
        if context.is_stopped() { Self::Stop } else { Self::Continue }
    }

    /// Tells whether a stop was asked for.
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::Stop)
    }
}

/// Hands the items of a streaming action to whoever consumes them, one at a time.
///
/// `yield_!(item)` in a `#[streaming_action]` is `yielder.emit(item).await`.
pub struct Yielder<'a, T> {
    /// `None` for an action that yields nothing.
    sink: Option<&'a mut (dyn Emit<T> + Send)>,
    /// The run whose slot the sink fills, which knows when the consumer took an item.
    context: Option<&'a super::Context>,
}

impl<'a, T> Yielder<'a, T> {
    /// Makes a yielder over a sink; burdock does this for each attempt at a step.
    pub fn new(sink: &'a mut (dyn Emit<T> + Send)) -> Self {
        Self { sink: Some(sink), context: None }
    }

    /// Makes a yielder over the slot of a run.
    #[inline]
    pub(crate) fn of_run(sink: &'a mut (dyn Emit<T> + Send), context: &'a super::Context) -> Self {
        Self { sink: Some(sink), context: Some(context) }
    }

    /// Makes a yielder that nobody can call, for an action that yields nothing.
    #[inline]
    pub(crate) fn unused() -> Self {
        Self { sink: None, context: None }
    }

    /// Hands over one item and waits until it is taken.
    ///
    /// # Cancel safety
    /// An item that the slot accepted is delivered even if the future is dropped; one that still
    /// waits for the slot is not.
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

/// Where a [`Yielder`] puts its items.
pub trait Emit<T> {
    /// Takes `item` out when there is room for it, and is ready when a consumer took it.
    ///
    /// Called again with `None` until it is ready; a waker is registered whenever it is not.
    fn poll_emit(&mut self, item: &mut Option<T>, cx: &mut Context<'_>) -> Poll<Flow>;
}

/// The future of [`Yielder::emit`].
#[must_use = "an item is handed over when the future is awaited"]
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
        // an item that was put into the slot and taken from there: the sink has nothing to do with it
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

/// What an action yields: [`Items<T>`] or [`NoItems`].
pub trait Yielding {
    /// The type of an item.
    type Item: Send + 'static;
    /// Whether there are items at all.
    const STREAMS: bool;
}

/// The action streams items of this type.
#[derive(Debug)]
pub struct Items<T>(Infallible, T);

/// The action yields nothing. It is also the type of the items of a graph that yields none: there is
/// no value of it.
#[derive(Clone, Debug, Serialize)]
pub enum NoItems {}

impl<T: Send + 'static> Yielding for Items<T> {
    type Item = T;
    const STREAMS: bool = true;
}

impl Yielding for NoItems {
    type Item = Self;
    const STREAMS: bool = false;
}

/// Short for the item type of a [`Yielding`].
pub type Yields<Y> = <Y as Yielding>::Item;

/// Turns the items of an action into those of a graph; every item must be `Into` the type that
/// the graph `yields`.
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
