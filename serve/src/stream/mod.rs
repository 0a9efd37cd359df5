//! Event streams, byte by byte: what was found to be read the same way by every client.
//!
//! Blocks of one `data:` line and `id:`, line feeds only, no `event:`. A keep-alive is a comment with
//! one line feed between blocks; `retry:` stands in the first block only. axum's own `Sse` puts a
//! blank line behind comments, which makes some clients dispatch an empty event.

mod events;
mod frame;

pub use self::events::SessionEvents;
pub(crate) use self::events::{Interrupted, Parts, Until};

use self::frame::{Frames, KEEP_ALIVE};
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

/// How many bytes are gathered before they are sent.
const FULL: usize = 16 << 10;

/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(15);

/// The body of an event stream.
struct EventStream {
    events: SessionEvents,
    frames: Frames,
    silence: Pin<Box<Sleep>>,
    /// When something was handed to the connection, until that asks for more.
    behind: Option<Instant>,
    reader_timeout: Duration,
    over: bool,
    request: tracing::Span,
}

impl EventStream {
    fn new(events: SessionEvents, reader_timeout: Duration) -> Self {
        Self {
            events,
            frames: Frames::default(),
            silence: Box::pin(sleep(SILENCE)),
            behind: None,
            reader_timeout,
            over: false,
            request: tracing::Span::current(),
        }
    }

    /// Gathers what there is.
    fn poll_gather(&mut self, cx: &mut Context<'_>) {
        while !self.over && self.frames.len() < FULL {
            match Pin::new(&mut self.events).poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(event))) => self.frames.push_at(event.cursor, &event),
                Poll::Ready(Some(Err(error))) => self.fail(error),
                Poll::Ready(None) => self.over = true,
            }
        }
    }

    /// Ends the stream because of an error, which the trace output has under the request's id.
    fn fail(&mut self, error: SessionError) {
        let problem = self.request.in_scope(|| Problem::from(error));
        self.end(problem);
    }

    /// Ends the stream, by the server's doing.
    fn end(&mut self, problem: Problem) {
        self.frames.push(&error_event(problem));
        self.over = true;
    }

    /// A reader that took nothing for so long finds its place again when it comes back.
    fn give_up_on_slow(&mut self) {
        if self.behind.take().is_some_and(|since| since.elapsed() > self.reader_timeout) {
            let detail = "the reader was too slow: go on from the last id";
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
        stream.give_up_on_slow();
        stream.poll_gather(cx);
        if !stream.over && stream.events.is_closing() {
            stream.fail(SessionError::ShuttingDown);
        }
        if let Some(bytes) = stream.frames.take() {
            stream.silence.as_mut().reset(Instant::now() + SILENCE);
            stream.behind = Some(Instant::now());
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if stream.over {
            return Poll::Ready(None);
        }
        // the connection asks for more and there is none
        stream.behind = None;
        if stream.silence.as_mut().poll(cx).is_ready() {
            stream.silence.as_mut().reset(Instant::now() + SILENCE);
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(KEEP_ALIVE)))));
        }
        Poll::Pending
    }
}

/// Returns the answer that carries the events of a session.
pub(crate) fn response(events: SessionEvents, reader_timeout: Duration) -> Response {
    response_of(Body::new(EventStream::new(events, reader_timeout)))
}

/// Returns the answer for a reader at a cursor whose stream could not be opened.
pub(crate) fn failed(cursor: Cursor, error: SessionError) -> Response {
    let mut frames = Frames::default();
    frames.push_at(Some(cursor), &error_event(error.into()));
    response_of(Body::from(frames.take().unwrap_or_default()))
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
