//! What a provider says, as it comes.

use super::{
    explain::{self, explain},
    request,
    secrets::Secrets,
    tail::Tail,
};
use crate::{
    Answer, Chunk, End, ModelError, Reason, Usage,
    answer::Item,
    clock::{self, Stopwatch},
};
use futures_util::{
    StreamExt,
    future::{Either, select},
    stream,
};
use genai::chat::{self, ChatStream, ChatStreamEvent, StopReason, StreamEnd};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// How long an answer may be silent, and how much there may be in it.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) silent_for: Duration,
    pub(super) at_most: usize,
}

/// An answer on its way.
pub(super) struct Said {
    /// `None` once it has ended; so its connection is closed before the end is told.
    events: Option<ChatStream>,
    secrets: Secrets,
    limits: Limits,
    tail: Tail,
    watch: Stopwatch,
    /// How long each call is that the model asks for. It is complete only at the end.
    calls: BTreeMap<String, usize>,
    /// How long all is that is not shown: calls and thoughts.
    unshown: usize,
    behind: VecDeque<Chunk>,
}

impl Said {
    pub(super) fn begin(secrets: Secrets, limits: Limits, tail: Tail) -> Self {
        Self {
            events: None,
            secrets,
            limits,
            tail,
            watch: Stopwatch::start(),
            calls: BTreeMap::new(),
            unshown: 0,
            behind: VecDeque::new(),
        }
    }

    pub(super) fn error(self, error: &genai::Error) -> Answer {
        Box::pin(stream::iter([Err(explain(error, &self.secrets))]))
    }

    pub(super) fn stream(mut self, events: ChatStream) -> Answer {
        self.events = Some(events);
        Box::pin(stream::unfold(self, async |mut said| {
            let item = said.next().await?;
            Some((item, said))
        }))
    }

    async fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(chunk) = self.behind.pop_front() {
                return Some(Ok(chunk));
            }
            let events = self.events.as_mut()?;
            let limit = self.limits.silent_for;
            // the wait comes first: a line without an end would use up the task's turn each time
            let item = match select(clock::sleep(limit), events.next()).await {
                Either::Right((event, _)) => self.hear(event),
                Either::Left(_) => Some(Err(ModelError::Silent { limit })),
            };
            match item {
                None => {}
                Some(Ok(Chunk::Delta(_))) => return item,
                Some(last) => {
                    self.events = None;
                    return Some(last);
                }
            }
        }
    }

    /// Takes what came, and gives what is to be said of it at once: a delta, or the last item.
    fn hear(&mut self, event: Option<genai::Result<ChatStreamEvent>>) -> Option<Item> {
        match event {
            Some(Ok(ChatStreamEvent::Chunk(chunk))) if !chunk.content.is_empty() => {
                self.watch.delta();
                return Some(Ok(Chunk::Delta(chunk.content)));
            }
            Some(Ok(ChatStreamEvent::ReasoningChunk(thought))) => {
                self.unshown += thought.content.len();
            }
            Some(Ok(ChatStreamEvent::ToolCallChunk(chunk))) => self.call(chunk.tool_call),
            Some(Ok(ChatStreamEvent::End(end))) => self.end(end),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                let explained = explain(&error, &self.secrets);
                return Some(if explain::is_cut(&error) {
                    self.cut(explained)
                } else {
                    Err(explained)
                });
            }
            None => return Some(self.cut(ModelError::cut_short())),
        }
        let usage = self.timed(self.tail.usage());
        let end = End { reason: Reason::Limit, usage };
        (self.unshown > self.limits.at_most).then_some(Ok(Chunk::End(end)))
    }

    /// The model asks for a call, of which there is so much by now.
    fn call(&mut self, call: chat::ToolCall) {
        let length = call.fn_name.len() + call.fn_arguments.as_str().map_or(0, str::len);
        let before = self.calls.insert(call.call_id, length).unwrap_or_default();
        self.unshown = self.unshown.saturating_sub(before) + length;
    }

    /// The provider came to an end.
    fn end(&mut self, end: StreamEnd) {
        self.events = None;
        let calls = end.captured_content.map(chat::MessageContent::into_tool_calls);
        let calls = calls.into_iter().flatten().map(request::call).map(Chunk::ToolCall);
        self.behind.extend(calls);
        let stop = end.captured_stop_reason.or_else(|| self.tail.reason());
        let usage = end.captured_usage.map_or_else(
            || self.tail.usage(),
            |usage| {
                let count =
                    |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
                let (input, output) = (usage.prompt_tokens, usage.completion_tokens);
                Usage {
                    input_tokens: count(input),
                    output_tokens: count(output),
                    first_delta: None,
                }
            },
        );
        let end = End { reason: reason(stop.as_ref()), usage: self.timed(usage) };
        self.behind.push_back(Chunk::End(end));
    }

    /// The connection is gone.
    fn cut(&self, error: ModelError) -> Item {
        let reason = match self.tail.reason() {
            // the calls are lost
            Some(stop) if self.calls.is_empty() => reason(Some(&stop)),
            _ if self.watch.has_begun() => Reason::Truncated,
            _ => return Err(error),
        };
        Ok(Chunk::End(End { reason, usage: self.timed(self.tail.usage()) }))
    }

    fn timed(&self, usage: Usage) -> Usage {
        self.watch.usage(usage.input_tokens, usage.output_tokens)
    }
}

fn reason(stop: Option<&StopReason>) -> Reason {
    match stop {
        Some(StopReason::MaxTokens(_)) => Reason::Limit,
        Some(StopReason::ContentFilter(_)) => Reason::Filtered,
        _ => Reason::Complete,
    }
}
