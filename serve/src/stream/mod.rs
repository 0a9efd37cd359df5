//! Event streams, byte by byte: what was found to be read the same way by every client.
//!
//! Blocks of one `data:` line and `id:`, line feeds only, no `event:`. A keep-alive is a comment with
//! one line feed between blocks; `retry:` stands in the first block only. axum's own `Sse` puts a
//! blank line behind comments, which makes some clients dispatch an empty event.

mod frame;

pub(crate) use self::frame::{Frames, KEEP_ALIVE};

use crate::{
    event::{Event, Stamped, Telling},
    hub::Reader,
    problem::Problem,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};
use burdock::log::{Cursor, Entry, Follow, Followed, LogError, Offset, Record, SessionId};
use futures_core::Stream;
use http_body::Frame;
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How many bytes are gathered before they are sent.
const FULL: usize = 16 << 10;

/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(15);

/// When a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// When the server or the reader ends it.
    Forever,
    /// With the end of a run.
    Run,
}

/// What the stream has told, as far as it bears on the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// Nothing yet, or a run to its end.
    NoRun,
    /// A run that is not over.
    PartOfRun,
}

/// Asks where the log ends with a run that nobody goes on with.
pub(crate) type Interrupted = Box<dyn Fn() -> Asking + Send + Sync>;

type Asking = Pin<Box<dyn Future<Output = Result<Option<Offset>, Problem>> + Send>>;

/// The body of an event stream.
pub(crate) struct EventStream {
    session: SessionId,
    follow: Follow,
    /// Where the reader is.
    next: Offset,
    told: fn(Entry, &dyn Telling) -> Option<Stamped>,
    telling: Arc<dyn Telling>,
    until: Until,
    last_told: Told,
    frames: Frames,
    silence: Pin<Box<Sleep>>,
    /// Ready when a run is over, or the server shuts down.
    turn_over: Pin<Box<WaitForCancellationFutureOwned>>,
    closing: CancellationToken,
    /// The reader waits for the end of a run.
    waits: bool,
    /// A run is over, and the log may not say so.
    doubts: bool,
    interrupted: Interrupted,
    asking: Option<Asking>,
    /// Where the log ends with a run that was interrupted.
    end: Option<Offset>,
    /// When something was handed to the connection, until that asks for more.
    behind: Option<Instant>,
    patience: Duration,
    over: bool,
    reader: Reader,
    request: tracing::Span,
}

/// What a stream is made of.
pub(crate) struct Parts {
    pub(crate) session: SessionId,
    pub(crate) follow: Follow,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) told: fn(Entry, &dyn Telling) -> Option<Stamped>,
    pub(crate) telling: Arc<dyn Telling>,
    pub(crate) until: Until,
    pub(crate) interrupted: Interrupted,
    pub(crate) closing: CancellationToken,
    pub(crate) patience: Duration,
    pub(crate) reader: Reader,
}

impl EventStream {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { session, follow, cursor, told, telling, until, .. } = parts;
        let Parts { interrupted, closing, patience, reader, .. } = parts;
        let until_run = until == Until::Run;
        Self {
            session,
            follow,
            next: cursor.map_or(Offset::ZERO, |cursor| cursor.offset.plus(1)),
            told,
            telling,
            until,
            last_told: Told::NoRun,
            frames: Frames::default(),
            silence: Box::pin(sleep(SILENCE)),
            turn_over: Box::pin(reader.over().cancelled_owned()),
            closing,
            waits: until_run,
            // it may have been interrupted before
            doubts: until_run,
            interrupted,
            asking: None,
            end: None,
            behind: None,
            patience,
            over: false,
            reader,
            request: tracing::Span::current(),
        }
    }

    /// Gathers what there is.
    fn poll_gather(&mut self, cx: &mut Context<'_>) {
        while !self.over && self.frames.len() < FULL {
            if self.end.is_some_and(|end| self.next >= end) {
                return self.end(Problem::interrupted());
            }
            match Pin::new(&mut self.follow).poll_next(cx) {
                Poll::Pending => match self.poll_interrupted(cx) {
                    Poll::Ready(()) => {}
                    Poll::Pending => return,
                },
                Poll::Ready(Some(Ok(Followed::Record(record)))) => self.take(&record),
                Poll::Ready(Some(Ok(Followed::Rewound { to }))) => {
                    self.next = to.map_or(Offset::ZERO, |to| to.offset.plus(1));
                    self.frames.push_at(to, &Event::rewound(to));
                }
                Poll::Ready(Some(Err(error))) => self.fail(error),
                Poll::Ready(None) => self.over = true,
            }
        }
    }

    /// At the end of what there is: whether the run that the reader waits for is one that nobody goes
    /// on with. Ready when it is, and then the reader is told what the log has of it.
    fn poll_interrupted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.turn_over.as_mut().poll(cx).is_ready() && !self.closing.is_cancelled() {
            // for what comes after
            self.turn_over = Box::pin(self.reader.over().cancelled_owned());
            self.doubts = true;
            cx.waker().wake_by_ref();
        }
        if self.asking.is_none() && self.waits && std::mem::take(&mut self.doubts) {
            self.asking = Some((self.interrupted)());
        }
        let Some(asking) = &mut self.asking else { return Poll::Pending };
        let answer = ready!(self.request.in_scope(|| asking.as_mut().poll(cx)));
        self.asking = None;
        match answer {
            Ok(None) => Poll::Pending,
            Ok(end) => {
                self.end = end;
                Poll::Ready(())
            }
            Err(problem) => {
                self.end(problem);
                Poll::Ready(())
            }
        }
    }

    fn take(&mut self, record: &Record) {
        let entry = match record.entry(&self.session) {
            Ok(entry) => entry,
            Err(error) => return self.fail(error),
        };
        self.next = record.offset.plus(1);
        if let Some(told) = (self.told)(entry, &*self.telling) {
            let starts = matches!(told.event, Event::RunStarted { .. });
            if self.until == Until::Run && self.last_told == Told::PartOfRun && starts {
                // another run, which another process may have started: this one ended without an entry
                return self.end(Problem::interrupted());
            }
            self.frames.push_at(Some(record.cursor()), &told);
            let terminal = told.event.is_terminal();
            self.over = self.until == Until::Run && terminal;
            self.waits = !terminal;
            self.last_told = match told.event {
                Event::SessionReopened { .. } => Told::NoRun,
                _ if terminal => Told::NoRun,
                _ => Told::PartOfRun,
            };
            if told.event.is_beginning() {
                self.end = None;
            }
        }
    }

    /// Ends the stream because of an error, which the trace output has under the request's id.
    fn fail(&mut self, error: LogError) {
        let problem = self.request.in_scope(|| Problem::from(error));
        self.end(problem);
    }

    /// Ends the stream, by the server's doing.
    fn end(&mut self, problem: Problem) {
        let code = match problem.code() {
            // the session was there when the stream began
            "unknown_session" => "deleted",
            code => code,
        };
        self.frames.push(&Event::Error { code, detail: problem.into_detail() });
        self.over = true;
    }

    /// A reader that took nothing for so long finds its place again when it comes back.
    fn give_up_on_slow(&mut self) {
        if self.behind.take().is_some_and(|since| since.elapsed() > self.patience) {
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
        if !stream.over && stream.closing.is_cancelled() {
            stream.end(Problem::shutting_down());
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

/// The answer that carries a stream.
pub(crate) fn response(stream: EventStream) -> Response {
    response_of(Body::new(stream))
}

/// The answer for a reader at a cursor whose stream could not be opened.
pub(crate) fn failed(cursor: Cursor, problem: Problem) -> Response {
    let mut frames = Frames::default();
    let event = Event::Error { code: problem.code(), detail: problem.into_detail() };
    frames.push_at(Some(cursor), &event);
    response_of(Body::from(frames.take().unwrap_or_default()))
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
