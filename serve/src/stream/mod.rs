//! Event streams, in a form that all tested clients read in the same way.
//!
//! Each block has one `data:` line and an `id:` line, with line feeds only, and no `event:`. A keep-alive is a
//! comment with one line feed between blocks. Only the first block has a `retry:`. axum's own `Sse` writes a
//! blank line after comments, which makes some clients dispatch an empty event.

mod buffer;
mod events;

pub use self::events::SessionEvents;
pub(crate) use self::events::{Interrupted, Parts, Until};

use self::buffer::{EventBuffer, KEEP_ALIVE};
use crate::{error::SessionError, event::Event, problem::Problem};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};
use burdock::log::Cursor;
use futures_core::Stream as _;
use http_body::Frame;
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// Number of buffered bytes at which they are sent, even if more events are available.
const SEND_THRESHOLD: usize = 16 << 10;

/// How long a connection may be silent before a keep-alive is sent.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// The body of an event stream.
struct EventStream {
    events: SessionEvents,
    buffer: EventBuffer,
    keep_alive: Pin<Box<Sleep>>,
    /// When the last bytes were passed to the connection; `None` after it has polled for more.
    sent_at: Option<Instant>,
    reader_timeout: Duration,
    done: bool,
    request: tracing::Span,
}

impl EventStream {
    fn new(events: SessionEvents, reader_timeout: Duration) -> Self {
        Self {
            events,
            buffer: EventBuffer::default(),
            keep_alive: Box::pin(sleep(KEEP_ALIVE_INTERVAL)),
            sent_at: None,
            reader_timeout,
            done: false,
            request: tracing::Span::current(),
        }
    }

    /// Fills the buffer with the available events.
    fn poll_fill(&mut self, cx: &mut Context<'_>) {
        while !self.done && self.buffer.len() < SEND_THRESHOLD {
            match Pin::new(&mut self.events).poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(event))) => self.buffer.push_at(event.cursor, &event),
                Poll::Ready(Some(Err(error))) => self.fail(error),
                Poll::Ready(None) => self.done = true,
            }
        }
    }

    /// Ends the stream with an error, which is traced in the span of the request.
    fn fail(&mut self, error: SessionError) {
        let problem = self.request.in_scope(|| Problem::from(error));
        self.end(problem);
    }

    /// Ends the stream with a problem.
    fn end(&mut self, problem: Problem) {
        self.buffer.push(&error_event(problem));
        self.done = true;
    }

    /// Ends the stream if the reader has exceeded its timeout. The reader can continue from its cursor.
    fn check_timeout(&mut self) {
        if self.sent_at.take().is_some_and(|since| since.elapsed() > self.reader_timeout) {
            let detail = "the reader was too slow: reconnect with the last id";
            self.end(Problem::unavailable("lagged", detail));
        }
    }
}

impl http_body::Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let stream = &mut *self;
        stream.check_timeout();
        stream.poll_fill(cx);
        if !stream.done && stream.events.is_closing() {
            stream.fail(SessionError::ShuttingDown);
        }
        if let Some(bytes) = stream.buffer.take() {
            stream.keep_alive.as_mut().reset(Instant::now() + KEEP_ALIVE_INTERVAL);
            stream.sent_at = Some(Instant::now());
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if stream.done {
            return Poll::Ready(None);
        }
        if stream.keep_alive.as_mut().poll(cx).is_ready() {
            stream.keep_alive.as_mut().reset(Instant::now() + KEEP_ALIVE_INTERVAL);
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(KEEP_ALIVE)))));
        }
        Poll::Pending
    }
}

/// Returns the response with the events of a session.
pub(crate) fn response(events: SessionEvents, reader_timeout: Duration) -> Response {
    response_of(Body::new(EventStream::new(events, reader_timeout)))
}

/// Returns the response for a reader at a cursor whose stream could not be opened.
pub(crate) fn failed(cursor: Cursor, error: SessionError) -> Response {
    let mut buffer = EventBuffer::default();
    buffer.push_at(Some(cursor), &error_event(error.into()));
    response_of(Body::from(buffer.take().unwrap_or_default()))
}

fn error_event(problem: Problem) -> Event {
    Event::Error { code: problem.code().into(), detail: problem.into_detail() }
}

fn response_of(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
