//! The future of an action whose result is converted, for expansions.

use super::Result;
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Converts the result of an action's function into a result with writes of type `W`.
pub struct Mapped<W>(Infallible, PhantomData<W>);

impl<W> Mapped<W> {
    /// Maps the output of `future`.
    ///
    /// Unlike an `async` block that awaits `future`, the returned future has no state of its own, so polling it
    /// costs no more than polling `future`.
    #[inline]
    pub fn of<F: Future>(
        future: F,
        map: impl Fn(F::Output) -> Result<W>,
    ) -> impl Future<Output = Result<W>> {
        Map { future, map }
    }
}

impl<W> fmt::Debug for Mapped<W> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

pin_project! {
    struct Map<F, M> {
        #[pin]
        future: F,
        map: M,
    }
}

impl<F: Future, T, M: Fn(F::Output) -> T> Future for Map<F, M> {
    type Output = T;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        let output = ready!(this.future.poll(cx));
        Poll::Ready((this.map)(output))
    }
}
