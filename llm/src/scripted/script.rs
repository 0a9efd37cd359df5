//! Scripts of answers.

use super::fault::Fault;
use crate::{Answer, Chunk, End, Reason, ToolCall, ToolCallDelta, Usage, clock::Clock};
use futures_util::{FutureExt, StreamExt, future, stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The chunks of one scripted answer, with their timing.
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
    /// Delay before the end.
    #[serde(with = "millis")]
    rest: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<End>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
}

/// One chunk of a scripted answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The delay since the previous chunk; in milliseconds in JSON.
    #[serde(default, with = "millis")]
    pub wait: Duration,
    /// The chunk.
    pub chunk: Chunk,
}

impl Script {
    /// Creates a script that ends at once with [`Reason::Complete`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a delay before the next chunk or the end.
    #[must_use]
    pub fn wait(mut self, duration: Duration) -> Self {
        self.rest += duration;
        self
    }

    /// Adds a delta.
    #[must_use]
    pub fn say(self, delta: impl Into<String>) -> Self {
        self.then(Chunk::Delta(delta.into()))
    }

    /// Adds a tool call.
    #[must_use]
    pub fn call(self, call: ToolCall) -> Self {
        self.then(Chunk::ToolCall(call))
    }

    /// Adds a tool call that is written in pieces of the arguments: a [`Chunk::ToolCallDelta`] for each, and then the
    /// complete call. `index` is its place in the answer.
    #[must_use]
    pub fn write_call(
        self,
        index: usize,
        call: ToolCall,
        pieces: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let delta = |name: String, arguments| ToolCallDelta { index, name, arguments };
        let named = self.then(Chunk::ToolCallDelta(delta(call.name.clone(), String::new())));
        let written = pieces.into_iter().fold(named, |script, piece| {
            script.then(Chunk::ToolCallDelta(delta(String::new(), piece.into())))
        });
        written.call(call)
    }

    /// Ends with this reason and usage. The time to the first delta is measured.
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

    /// Ends with a lost connection.
    #[must_use]
    pub fn cut(self) -> Self {
        self.fault(Fault::Cut)
    }

    /// Ends with silence: no more items arrive.
    #[must_use]
    pub fn silence(self) -> Self {
        self.fault(Fault::Silence)
    }

    /// Repeats a delta endlessly.
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

    /// Records an answer and the times at which its chunks arrived, by the runtime of the answer.
    ///
    /// ```
    /// use burdock_llm::{Model, Offline, Pace, Request, Script, Scripted};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Offline::with_pace(Pace::Natural);
    /// let question = || Request::prompt("What is 3 * 4?");
    /// let script = Script::record(llm.chat(question())).await;
    ///
    /// let replay = Scripted::new([script]).chat(question()).whole().await?;
    /// assert_eq!(replay, llm.chat(question()).whole().await?); // in the same rhythm
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future drops the answer.
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
                    let fault = Fault::of(error, script.has_text());
                    script.fault(fault)
                }
            };
        }
        script
    }

    /// Returns whether the script contains text.
    fn has_text(&self) -> bool {
        self.beats.iter().any(|beat| beat.chunk.text().is_some())
    }

    /// Returns the chunks.
    pub fn beats(&self) -> &[Beat] {
        &self.beats
    }

    /// Returns the answer.
    pub(super) fn play(&self, clock: &Clock) -> Answer {
        let (clock, beat_clock) = (clock.clone(), clock.clone());
        let Self { beats, rest, end, fault } = self.clone();
        let has_text = self.has_text();
        let deltas = beats.iter().filter(|beat| beat.chunk.text().is_some()).count();
        let usage = Usage { output_tokens: u64::try_from(deltas).ok(), ..Usage::default() };
        let end = end.unwrap_or(End { reason: Reason::Complete, usage });
        let chunks = stream::iter(beats).then(move |Beat { wait, chunk }| {
            let wait = beat_clock.sleep(wait);
            async move {
                wait.await;
                chunk
            }
        });
        let answer = async move {
            let mut watch = clock.stopwatch();
            let chunks = chunks.map(Ok);
            let last = async move {
                clock.sleep(rest).await;
                finish(fault, end, has_text, clock)
            };
            chunks.chain(last.flatten_stream()).map(move |item| match item {
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

/// Returns the answer after the last beat.
fn finish(fault: Option<Fault>, end: End, has_text: bool, clock: Clock) -> Answer {
    let Some(fault) = fault else {
        return Answer::new(stream::iter([Ok(Chunk::End(end))]));
    };
    if let Some(error) = fault.error(has_text) {
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

/// Serialization of durations as milliseconds.
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
