//! What a scripted model says, and when.

use super::fault::Fault;
use crate::{Answer, Chunk, End, Reason, ToolCall, Usage, clock::Clock};
use futures_util::{FutureExt, StreamExt, future, stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a scripted model says in one answer, and when.
///
/// ```
/// use burdock_llm::Script;
///
/// let script: Script = serde_json::from_str(
///     r#"{ "beats": [{ "wait": 120, "chunk": { "Delta": "Hello" } }], "fault": "silence" }"#,
/// )?;
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Script {
    beats: Vec<Beat>,
    /// How long until the end.
    #[serde(with = "millis")]
    rest: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<End>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
}

/// One piece of a scripted answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// How long after the one before, in milliseconds of JSON.
    #[serde(default, with = "millis")]
    pub wait: Duration,
    /// What is said.
    pub chunk: Chunk,
}

impl Script {
    /// Says nothing, and ends well.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits before what comes next.
    #[must_use]
    pub fn wait(mut self, duration: Duration) -> Self {
        self.rest += duration;
        self
    }

    /// Says a piece of text.
    #[must_use]
    pub fn say(self, delta: impl Into<String>) -> Self {
        self.then(Chunk::Delta(delta.into()))
    }

    /// Asks for a call.
    #[must_use]
    pub fn call(self, call: ToolCall) -> Self {
        self.then(Chunk::ToolCall(call))
    }

    /// Ends for this reason, with this usage; the time to the first delta is measured.
    #[must_use]
    pub fn end(mut self, reason: Reason, usage: Usage) -> Self {
        self.end = Some(End { reason, usage });
        self
    }

    /// Ends with an HTTP error.
    #[must_use]
    pub fn refuse(self, status: u16) -> Self {
        self.fault(Fault::Refused { status, retry_after: None })
    }

    /// Cuts the connection.
    #[must_use]
    pub fn cut(self) -> Self {
        self.fault(Fault::Cut)
    }

    /// Says nothing any more.
    #[must_use]
    pub fn silence(self) -> Self {
        self.fault(Fault::Silence)
    }

    /// Says the same for ever.
    #[must_use]
    pub fn endless(self, delta: impl Into<String>, every: Duration) -> Self {
        self.fault(Fault::Endless { delta: delta.into(), every })
    }

    /// Ends with a fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Records an answer and when its pieces arrived, by the runtime of the answer.
    ///
    /// # Cancel safety
    /// Dropping it drops the answer.
    pub async fn record(mut answer: Answer) -> Self {
        let mut script = Self::new();
        let clock = answer.clock().clone();
        let mut before = clock.now();
        while let Some(item) = answer.next().await {
            let now = clock.now();
            script = script.wait(now.saturating_sub(before));
            before = now;
            script = match item {
                Ok(Chunk::End(end)) => script.end(end.reason, end.usage),
                Ok(chunk) => script.then(chunk),
                Err(error) => {
                    let fault = Fault::of(error, script.has_begun());
                    script.fault(fault)
                }
            };
        }
        script
    }

    /// Whether there is text in it.
    fn has_begun(&self) -> bool {
        self.beats.iter().any(|beat| beat.chunk.text().is_some())
    }

    /// Its pieces.
    pub fn beats(&self) -> &[Beat] {
        &self.beats
    }

    /// The answer.
    pub(super) fn play(&self, clock: &Clock) -> Answer {
        let (clock, beat_clock) = (clock.clone(), clock.clone());
        let Self { beats, rest, end, fault } = self.clone();
        let begun = self.has_begun();
        let deltas = beats.iter().filter(|beat| beat.chunk.text().is_some()).count();
        let usage = Usage { output_tokens: u64::try_from(deltas).ok(), ..Usage::default() };
        let end = end.unwrap_or(End { reason: Reason::Complete, usage });
        let said = stream::iter(beats).then(move |Beat { wait, chunk }| {
            let wait = beat_clock.sleep(wait);
            async move {
                wait.await;
                chunk
            }
        });
        let answer = async move {
            let mut watch = clock.stopwatch();
            let said = said.map(Ok);
            let last = async move {
                clock.sleep(rest).await;
                finish(fault, end, begun, clock)
            };
            said.chain(last.flatten_stream()).map(move |item| match item {
                Ok(Chunk::Delta(text)) => {
                    watch.delta();
                    Ok(Chunk::Delta(text))
                }
                Ok(Chunk::End(end)) => {
                    let Usage { input_tokens, output_tokens, .. } = end.usage;
                    let usage = watch.usage(input_tokens, output_tokens);
                    Ok(Chunk::End(End { usage, ..end }))
                }
                item => item,
            })
        };
        Answer::new(answer.flatten_stream())
    }

    fn then(mut self, chunk: Chunk) -> Self {
        let wait = std::mem::take(&mut self.rest);
        self.beats.push(Beat { wait, chunk });
        self
    }
}

/// What comes behind the last beat.
fn finish(fault: Option<Fault>, end: End, begun: bool, clock: Clock) -> Answer {
    let Some(fault) = fault else {
        return Answer::new(stream::iter([Ok(Chunk::End(end))]));
    };
    if let Some(error) = fault.error(begun) {
        return Answer::new(stream::iter([Err(error)]));
    }
    match fault {
        Fault::Silence => Answer::new(stream::pending()),
        Fault::Endless { delta, every } => Answer::new(stream::repeat(delta).then(move |delta| {
            let wait = clock.sleep(every);
            async move {
                wait.await;
                Ok(Chunk::Delta(delta))
            }
        })),
        _ => Answer::new(stream::once(future::ready(Ok(Chunk::End(End {
            reason: Reason::Truncated,
            ..end
        }))))),
    }
}

/// Durations as milliseconds.
mod millis {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(wait: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
