//! The body of an answer on its way from the provider to `genai`.

use super::{
    super::{limits::Limits, secrets::Secrets},
    fault::Fault,
    lines::Lines,
    openai::OpenAi,
    reader::{Flow, Out, PassOn, Reader, State},
    report::Report,
    sse::{Decoder, Rest},
    upstream,
};
use crate::clock;
use bytes::Bytes;
use futures_util::future::{Either, select};
use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderValue},
};
use std::{collections::VecDeque, mem, pin::pin, time::Duration};

/// The body of one answer.
pub(super) struct Pass {
    /// `None` once all has been read; the connection is closed then.
    response: Option<Response>,
    framing: Framing,
    left: usize,
    limits: Limits,
    out: Out,
    report: Report,
    secrets: Secrets,
}

/// How a protocol tells its events apart.
#[derive(Debug)]
enum Framing {
    Events(Decoder, Box<dyn Reader>),
    Lines(Lines),
    /// Frames that say how long they are.
    Frames,
}

impl Framing {
    /// Knows the protocol by the address of the request and the type of the answer.
    fn of(path: &str, content_type: &str, limits: Limits) -> Self {
        if content_type.starts_with("application/vnd.amazon.eventstream") {
            return Self::Frames;
        }
        let decoder = Decoder::new(limits.line);
        if path.ends_with("/chat/completions") {
            Self::Events(decoder, Box::new(OpenAi::new(limits.answer)))
        } else if path.ends_with("/chat") {
            Self::Lines(Lines::new(limits.line))
        } else {
            Self::Events(decoder, Box::new(PassOn))
        }
    }
}

impl Framing {
    fn is_finished(&self) -> bool {
        matches!(self, Self::Events(_, reader) if reader.is_finished())
    }
}

impl Pass {
    pub(super) fn new(
        response: Response,
        path: &str,
        limits: Limits,
        report: Report,
        secrets: Secrets,
    ) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let framing = Framing::of(path, content_type, limits);
        Self {
            response: Some(response),
            framing,
            left: limits.body,
            limits,
            out: VecDeque::new(),
            report,
            secrets,
        }
    }

    /// What the provider calls its answer.
    pub(super) fn content_type(&self) -> Option<HeaderValue> {
        self.response.as_ref()?.headers().get(CONTENT_TYPE).cloned()
    }

    /// The next bytes for `genai`; `None` at the end, whose reason is in the report.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.out.pop_front() {
                return Some(bytes);
            }
            self.response.as_ref()?;
            // what is unpacked from memory would never wait by itself
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
        let Some(response) = &mut self.response else { return Ok(Flow::Done) };
        let wait = self.framing.is_finished().then(|| self.limits.after_finish());
        match chunk(response, wait).await {
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
            Framing::Frames => {
                report.event();
                out.push_back(bytes);
            }
        }
        Ok(Flow::More)
    }

    /// Ends with the connection, which may have been lost.
    fn finish(&mut self, lost: Option<String>) -> Result<Flow, Fault> {
        let Self { framing, out, .. } = self;
        let state = match mem::replace(framing, Framing::Frames) {
            Framing::Events(decoder, mut reader) => {
                let flow = match decoder.finish()? {
                    Rest::Nothing => Flow::More,
                    Rest::Event(event) => reader.event(&event, out)?,
                    Rest::Document(text) => reader.document(&text, out)?,
                };
                if flow == Flow::Done { State::Complete } else { reader.end(out)? }
            }
            Framing::Lines(mut lines) if lost.is_none() => {
                lines.end_line(out)?;
                State::Unknown
            }
            Framing::Lines(_) | Framing::Frames => State::Unknown,
        };
        match (state, lost) {
            (State::Complete, _) | (State::Unknown, None) => Ok(Flow::Done),
            (_, Some(reason)) => Err(Fault::Cut(reason)),
            (State::Incomplete, None) => Err(Fault::closed()),
        }
    }
}

/// Reads more. Behind a finish reason, a stream ends after a while: some servers neither send a last
/// event nor close the connection.
async fn chunk(response: &mut Response, wait: Option<Duration>) -> reqwest::Result<Option<Bytes>> {
    let Some(wait) = wait else { return response.chunk().await };
    match select(pin!(response.chunk()), clock::sleep(wait)).await {
        Either::Left((chunk, _)) => chunk,
        Either::Right(_) => Ok(None),
    }
}
