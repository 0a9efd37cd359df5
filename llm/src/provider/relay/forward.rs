//! The body of an answer, forwarded from the provider to `genai`.

use super::{
    super::{limits::Limits, secrets::Secrets},
    fault::Fault,
    frames::Frames,
    last::LastEvent,
    lines::Lines,
    openai::OpenAi,
    reader::{Flow, Out, Passthrough, Reader, State},
    report::Report,
    sse::{Decoder, Rest},
    upstream,
};
use crate::clock::Clock;
use bytes::Bytes;
use futures_util::future::{Either, select};
use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderValue},
};
use std::{collections::VecDeque, mem, pin::pin, time::Duration};

/// The forwarded body of one answer.
pub(super) struct ForwardedBody {
    /// `None` once the whole body has been read, which closes the connection.
    response: Option<Response>,
    framing: Framing,
    left: usize,
    /// How long to wait after a finish reason.
    wait: Wait,
    limits: Limits,
    out: Out,
    report: Report,
    secrets: Secrets,
}

/// How a protocol separates its events.
#[derive(Debug)]
enum Framing {
    Events(Decoder, Box<dyn Reader>),
    Lines(Lines),
    /// Frames that start with their length.
    Frames(Frames),
    /// The whole body has been read.
    Ended,
}

/// The wait for the usage and the end of a stream after its finish reason.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// No finish reason has arrived.
    None,
    Until(Duration),
    /// The deadline has passed, and everything that arrived before it has been read.
    Over,
}

impl Framing {
    /// Returns the framing for the path of the request and the content type of the answer.
    fn of(path: &str, content_type: &str, limits: Limits, report: &Report) -> Self {
        // the path decides, so that a server cannot choose how its answer is read
        if path.ends_with("/converse-stream")
            && content_type.starts_with("application/vnd.amazon.eventstream")
        {
            return Self::Frames(Frames::new(limits.line));
        }
        let decoder = Decoder::new(limits.line);
        if path.ends_with("/chat/completions") {
            Self::Events(decoder, Box::new(OpenAi::new(limits.answer, report.clone())))
        } else if path.ends_with("/chat") {
            Self::Lines(Lines::new(limits.line))
        } else {
            Self::Events(decoder, Box::new(Passthrough::new(LastEvent::of(path))))
        }
    }
}

impl Framing {
    fn is_finished(&self) -> bool {
        matches!(self, Self::Events(_, reader) if reader.is_finished())
    }
}

impl ForwardedBody {
    pub(super) fn new(
        response: Response,
        path: &str,
        limits: Limits,
        report: Report,
        secrets: Secrets,
    ) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let framing = Framing::of(path, content_type, limits, &report);
        Self {
            response: Some(response),
            framing,
            left: limits.body,
            wait: Wait::None,
            limits,
            out: VecDeque::new(),
            report,
            secrets,
        }
    }

    /// Returns the content type of the provider's response.
    pub(super) fn content_type(&self) -> Option<HeaderValue> {
        self.response.as_ref()?.headers().get(CONTENT_TYPE).cloned()
    }

    /// Returns the next bytes for `genai`, or `None` at the end, whose reason is in the report.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.out.pop_front() {
                return Some(bytes);
            }
            self.response.as_ref()?;
            // decompression from memory would never yield to the executor
            tokio::task::consume_budget().await;
            match self.read().await {
                Ok(Flow::More) => {}
                Ok(Flow::Done) => self.response = None,
                Err(fault) => {
                    self.response = None;
                    self.report.end(fault.ending(&self.secrets));
                }
            }
        }
    }

    async fn read(&mut self) -> Result<Flow, Fault> {
        let wait = match self.wait() {
            Wait::None => None,
            Wait::Until(deadline) => Some(deadline.saturating_sub(self.report.clock().now())),
            Wait::Over => return self.finish(None),
        };
        let Some(response) = &mut self.response else { return Ok(Flow::Done) };
        match chunk(response, wait, self.report.clock()).await {
            Ok(Some(bytes)) => {
                let Some(left) = self.left.checked_sub(bytes.len()) else {
                    return Err(Fault::Oversized { what: "an answer", limit: self.limits.body });
                };
                self.left = left;
                self.push(bytes)
            }
            Ok(None) => self.finish(None),
            Err(error) => self.finish(Some(upstream::innermost(&error).to_string())),
        }
    }

    /// Returns how long to wait for the next read. The deadline does not move when data arrives. Data
    /// that arrived before it is still read, once, because the answer may not have been polled earlier.
    fn wait(&mut self) -> Wait {
        if !self.framing.is_finished() {
            return Wait::None;
        }
        let now = self.report.clock().now();
        let wait = match self.wait {
            Wait::None => Wait::Until(now + self.limits.after_finish()),
            wait => wait,
        };
        self.wait = match wait {
            Wait::Until(deadline) if deadline <= now => Wait::Over,
            wait => wait,
        };
        wait
    }

    fn push(&mut self, bytes: Bytes) -> Result<Flow, Fault> {
        let Self { framing, out, report, .. } = self;
        match framing {
            Framing::Events(decoder, reader) => {
                let mut events = Vec::new();
                let pushed = decoder.push(&bytes, &mut events);
                for event in events {
                    if event.name != "ping" {
                        report.event();
                    }
                    if reader.event(&event, out)? == Flow::Done {
                        return Ok(Flow::Done);
                    }
                }
                pushed?;
            }
            Framing::Lines(lines) => {
                let before = out.len();
                let pushed = lines.push(&bytes, out);
                if out.len() > before {
                    report.event();
                }
                pushed?;
            }
            Framing::Frames(frames) => {
                report.event();
                frames.check(&bytes)?;
                out.push_back(bytes);
            }
            Framing::Ended => {}
        }
        Ok(Flow::More)
    }

    /// Ends the answer with its connection, which may have been lost.
    fn finish(&mut self, lost: Option<String>) -> Result<Flow, Fault> {
        let Self { framing, out, .. } = self;
        let state = match mem::replace(framing, Framing::Ended) {
            Framing::Events(decoder, mut reader) => {
                let flow = match decoder.finish()? {
                    Rest::Nothing => Flow::More,
                    Rest::Event(event) => reader.event(&event, out)?,
                    Rest::Document(text) => reader.document(&text, out)?,
                };
                if flow == Flow::Done { State::Complete } else { reader.end(out)? }
            }
            Framing::Lines(mut lines) => {
                if lost.is_none() {
                    lines.end_line(out)?;
                }
                lines.state()
            }
            Framing::Frames(_) | Framing::Ended => State::Unknown,
        };
        match (state, lost) {
            (State::Complete, _) | (State::Unknown, None) => Ok(Flow::Done),
            (State::Unknown, Some(reason)) => Err(Fault::Lost(reason)),
            (State::Incomplete, Some(reason)) => Err(Fault::Cut(reason)),
            (State::Incomplete, None) => Err(Fault::closed()),
        }
    }
}

/// Reads the next bytes. After a finish reason, the wait is limited: some servers neither send a last
/// event nor close the connection.
async fn chunk(
    response: &mut Response,
    wait: Option<Duration>,
    clock: &Clock,
) -> reqwest::Result<Option<Bytes>> {
    let Some(wait) = wait else { return response.chunk().await };
    match select(pin!(response.chunk()), clock.sleep(wait)).await {
        Either::Left((chunk, _)) => chunk,
        Either::Right(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::{ForwardedBody, Limits, Report, Secrets};
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use std::{convert::Infallible, time::Duration};
    use tokio::time::{Instant, interval};

    /// Returns an answer with a finish reason, followed by endless keep-alives.
    fn kept_alive(period: Duration) -> reqwest::Response {
        const END: &[u8] = b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        let mut ticks = interval(period);
        let keep_alives = stream::poll_fn(move |cx| ticks.poll_tick(cx).map(Some));
        let keep_alives = keep_alives.map(|_| Bytes::from_static(b": keep-alive\n\n"));
        let parts = stream::iter([Bytes::from_static(END)]).chain(keep_alives);
        let body = StreamBody::new(parts.map(|part| Ok::<_, Infallible>(Frame::data(part))));
        hyper::Response::new(reqwest::Body::wrap(body)).into()
    }

    #[tokio::test(start_paused = true)]
    async fn keep_alives_after_a_finish_reason_do_not_extend_the_wait() {
        for period in [1, 700, 4000, 9000].map(Duration::from_millis) {
            let (response, limits) = (kept_alive(period), Limits::default());
            let (report, secrets) = (Report::default(), Secrets::default());
            let mut body =
                ForwardedBody::new(response, "/chat/completions", limits, report, secrets);
            let started = Instant::now();
            let read = async { while body.next().await.is_some() {} };
            let ended = tokio::time::timeout(Duration::from_mins(1), read).await;
            assert!(ended.is_ok(), "{period:?}");
            let waited = started.elapsed();
            let expected = limits.after_finish()..=limits.after_finish() + Duration::from_millis(5);
            assert!(expected.contains(&waited), "{period:?}: {waited:?}");
        }
    }
}
