//! Answers of a provider, as they arrive.

use super::{
    explain::explain,
    limits::Limits,
    relay::{Ending, Relay, Report},
    request,
    secrets::Secrets,
};
use crate::{
    Answer, Chunk, End, ModelError, Reason, ToolCallDelta, Usage,
    answer::Item,
    clock::{Stopwatch, random},
};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Either, poll_fn, select},
    stream,
};
use genai::chat::{self, ChatStream, ChatStreamEvent, StopReason, StreamEnd};
use std::{
    collections::{BTreeSet, VecDeque},
    task::{Context, Poll},
    time::Duration,
};

/// An event of `genai`; `None` at the end.
type Event = Option<genai::Result<ChatStreamEvent>>;

/// An answer that is being read.
pub(super) struct ProviderAnswer {
    /// `None` once it has ended, so that its connection is closed before the last item is returned.
    source: Option<Source>,
    secrets: Secrets,
    limits: Limits,
    report: Report,
    watch: Stopwatch,
    /// The ids of the calls, and their lengths: of the name and of the arguments. A call is complete only at the end
    /// of the answer.
    calls: Vec<(String, usize, usize)>,
    /// The length of the content that is not shown: calls and reasoning.
    hidden: usize,
    queued: VecDeque<Chunk>,
}

/// The relay and the events that `genai` reads from it. One task polls both.
struct Source {
    relay: Option<BoxFuture<'static, ()>>,
    events: ChatStream,
    report: Report,
}

/// An event, or a part of a call.
enum Received {
    Event(Event),
    /// Parts of calls, which are in the report.
    Growth,
}

impl Source {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        if let Some(relay) = &mut self.relay
            && relay.poll_unpin(cx).is_ready()
        {
            self.relay = None;
        }
        // before the events, which contain the calls as a whole
        if self.report.is_growing() {
            return Poll::Ready(Received::Growth);
        }
        self.events.poll_next_unpin(cx).map(Received::Event)
    }
}

impl ProviderAnswer {
    /// Returns the answer whose events arrive through a relay.
    pub(super) fn stream(
        events: ChatStream,
        relay: Relay,
        report: Report,
        secrets: Secrets,
        limits: Limits,
    ) -> Answer {
        let watch = report.clock().stopwatch();
        let answer = Self {
            source: Some(Source {
                relay: Some(relay.serve().boxed()),
                events,
                report: report.clone(),
            }),
            secrets,
            limits,
            report,
            watch,
            calls: Vec::new(),
            hidden: 0,
            queued: VecDeque::new(),
        };
        Answer::new(stream::unfold(answer, async |mut answer| {
            let item = answer.next().await?;
            Some((item, answer))
        }))
    }

    async fn next(&mut self) -> Option<Item> {
        let requested = self.report.clock().now();
        loop {
            if let Some(chunk) = self.queued.pop_front() {
                return Some(Ok(chunk));
            }
            let item = match self.event(requested).await? {
                Ok(Received::Growth) => {
                    self.queued.extend(self.report.pop().map(Chunk::ToolCallDelta));
                    None
                }
                Ok(Received::Event(event)) => self.handle(event),
                Err(error) => Some(Err(error)),
            };
            match item {
                None => {}
                Some(Ok(Chunk::Delta(_))) => return item,
                Some(last) => {
                    self.source = None;
                    return Some(last);
                }
            }
        }
    }

    /// Waits for an event, or fails if the relay has received none for too long. Time in which the
    /// answer is not polled does not count.
    async fn event(&mut self, requested: Duration) -> Option<Result<Received, ModelError>> {
        let (limit, source) = (self.limits.silent_for, self.source.as_mut()?);
        loop {
            let clock = self.report.clock();
            let silent = clock.now().saturating_sub(self.report.last_event().max(requested));
            let left = limit.checked_sub(silent).filter(|left| !left.is_zero());
            let Some(left) = left else { return Some(Err(ModelError::Silent { limit })) };
            // the timer is polled first: a busy answer may use up the task's budget each time
            let next = poll_fn(|cx| source.poll_next(cx));
            if let Either::Right((event, _)) = select(clock.sleep(left), next).await {
                return Some(Ok(event));
            }
        }
    }

    /// Handles an event. Returns a delta or the last item, if the event yields one at once.
    fn handle(&mut self, event: Event) -> Option<Item> {
        match event {
            Some(Ok(ChatStreamEvent::Chunk(chunk))) if !chunk.content.is_empty() => {
                self.watch.delta();
                return Some(Ok(Chunk::Delta(chunk.content)));
            }
            Some(Ok(ChatStreamEvent::ReasoningChunk(chunk))) => {
                self.hidden += chunk.content.len();
            }
            Some(Ok(ChatStreamEvent::ToolCallChunk(chunk))) => self.call(chunk.tool_call),
            Some(Ok(ChatStreamEvent::End(end))) => return self.end(end),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                let explained = explain(&error, &self.secrets);
                return Some(self.early_end(explained));
            }
            None => return Some(self.early_end(ModelError::cut_short())),
        }
        let usage = self.watch.usage(None, None);
        let end = End { reason: Reason::Limit, usage };
        (self.hidden > self.limits.answer).then_some(Ok(Chunk::End(end)))
    }

    /// Records a call, which may have grown.
    fn call(&mut self, call: chat::ToolCall) {
        let arguments = match call.fn_arguments {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            whole => whole.to_string(),
        };
        let index = self.calls.iter().position(|(id, ..)| *id == call.call_id);
        let index = index.unwrap_or_else(|| {
            self.calls.push((call.call_id, 0, 0));
            self.calls.len() - 1
        });
        let (_, name_before, before) = &mut self.calls[index];
        let name = call.fn_name.get(*name_before..).unwrap_or_default().to_owned();
        let more = arguments.get(*before..).unwrap_or_default().to_owned();
        *name_before = call.fn_name.len();
        *before = arguments.len();
        self.hidden += name.len() + more.len();
        // the relay reads the calls of OpenAI's protocol itself
        let is_empty = name.is_empty() && more.is_empty();
        if !is_empty && !self.report.has_grown() {
            let delta = ToolCallDelta { index, name, arguments: more };
            self.queued.push_back(Chunk::ToolCallDelta(delta));
        }
    }

    /// Handles the end event of the protocol.
    fn end(&mut self, end: StreamEnd) -> Option<Item> {
        match self.report.take() {
            Some(Ending::Failed(error)) => return Some(Err(error)),
            Some(Ending::Cut(error)) => return Some(self.cut(error)),
            Some(Ending::Lost(error)) if end.captured_stop_reason.is_none() => {
                return Some(self.cut(error));
            }
            _ => {}
        }
        self.source = None;
        let reason = reason(end.captured_stop_reason.as_ref());
        let calls = end.captured_content.map(chat::MessageContent::into_tool_calls);
        let calls = calls.into_iter().flatten().map(request::call);
        // a call that the limit cut is omitted
        let calls = calls.filter(|call| reason == Reason::Complete || call.arguments.is_object());
        let mut ids = BTreeSet::new();
        for mut call in calls {
            // some servers send no id, and `genai` makes up one that is not unique
            while call.id.is_empty() || !ids.insert(call.id.clone()) {
                call.id = format!("call_{:016x}", random());
            }
            self.queued.push_back(Chunk::ToolCall(call));
        }
        let usage = end.captured_usage.map_or_else(Usage::default, |usage| {
            let count = |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
            let (input, output) = (usage.prompt_tokens, usage.completion_tokens);
            self.watch.usage(count(input), count(output))
        });
        let mut end = End { reason, usage };
        self.watch.complete(&mut end.usage);
        self.queued.push_back(Chunk::End(end));
        None
    }

    /// Handles an early end. The relay knows the reason better than `genai`.
    fn early_end(&self, error: ModelError) -> Item {
        match self.report.take() {
            Some(Ending::Failed(error)) => Err(error),
            // `genai` found an error, or failed to parse an event, before the connection ended
            _ if !matches!(error, ModelError::Connection { .. }) => Err(error),
            Some(Ending::Cut(error) | Ending::Lost(error)) => self.cut(error),
            None => self.cut(error),
        }
    }

    /// Handles a lost connection.
    fn cut(&self, error: ModelError) -> Item {
        if !self.watch.has_text() {
            return Err(error);
        }
        Ok(Chunk::End(End { reason: Reason::Truncated, usage: self.watch.usage(None, None) }))
    }
}

fn reason(stop: Option<&StopReason>) -> Reason {
    match stop {
        Some(StopReason::MaxTokens(_)) => Reason::Limit,
        Some(StopReason::ContentFilter(_)) => Reason::Filtered,
        _ => Reason::Complete,
    }
}
