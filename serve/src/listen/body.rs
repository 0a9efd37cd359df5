//! Bodies that report to the activity of their connection, and the timeout of request bodies.

use super::activity::Exchange;
use crate::body_error::BodyTimeout;
use axum::{BoxError, body::Bytes};
use http_body::{Body, Frame, SizeHint};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

/// The body of a request, which has to be complete by a deadline.
pub(super) struct RequestBody<B> {
    body: B,
    deadline: Instant,
    /// Created when the body has to be awaited.
    timer: Option<Pin<Box<Sleep>>>,
    exchange: Arc<Exchange>,
}

impl<B> RequestBody<B> {
    pub(super) fn new(body: B, deadline: Instant, exchange: Arc<Exchange>) -> Self {
        Self { body, deadline, timer: None, exchange }
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.exchange.waits_for_server();
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = this.deadline;
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.as_mut().poll(cx).is_ready() {
            this.exchange.waits_for_server();
            return Poll::Ready(Some(Err(BodyTimeout.into())));
        }
        this.exchange.waits_for_body();
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for RequestBody<B> {
    fn drop(&mut self) {
        self.exchange.body_done();
    }
}

/// The body of a response.
pub(super) struct ResponseBody<B> {
    body: B,
    exchange: Arc<Exchange>,
}

impl<B> ResponseBody<B> {
    pub(super) fn new(body: B, exchange: Arc<Exchange>) -> Self {
        Self { body, exchange }
    }
}

impl<B: Body + Unpin> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = &mut *self;
        // the connection polls for more when the client has accepted the previous bytes
        this.exchange.waits_for_server();
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(Some(Ok(_)))) {
            this.exchange.waits_for_reader();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::listen::activity::{Activity, Protocol};
    use axum::body::{Body as AnyBody, to_bytes};
    use futures_util::stream;
    use std::{convert::Infallible, time::Duration};
    use tokio::time::sleep;

    fn slow(chunks: u32) -> RequestBody<AnyBody> {
        let chunks = stream::unfold(chunks, |left| async move {
            sleep(Duration::from_secs(1)).await;
            let left = left.checked_sub(1)?;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"x")), left))
        });
        let deadline = Instant::now() + Duration::from_secs(10);
        let exchange = Activity::new().exchange(Protocol::Http1);
        RequestBody::new(AnyBody::from_stream(chunks), deadline, exchange)
    }

    #[tokio::test(start_paused = true)]
    async fn body_has_a_deadline_that_more_bytes_do_not_move() {
        let whole = to_bytes(AnyBody::new(slow(8)), 100).await.unwrap();
        assert_eq!(whole.len(), 8);
        let started = Instant::now();
        let error = to_bytes(AnyBody::new(slow(u32::MAX)), 100).await.unwrap_err();
        assert!(error.to_string().contains("did not arrive in time"), "{error}");
        assert_eq!(started.elapsed(), Duration::from_secs(10));
    }
}
