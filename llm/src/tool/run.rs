//! A run of the calls of one answer.

use super::{
    Tools,
    call::{Outcome, call},
    event::{ToolEvent, ToolResult, ToolStatus},
    progress::Queue,
};
use crate::{Message, ToolCall, clock::Clock};
use burdock::{ActionError, Runtime};
use futures_core::Stream;
use futures_util::{StreamExt, future::BoxFuture};
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// The calls of one answer while they run: a stream of their [`ToolEvent`]s. Nothing runs before it is polled.
///
/// Several calls run at once, in one task. Whatever happens to the run, [`messages`](Self::messages) has one result
/// for each call, in the order of the calls, so that the history stays valid for a provider.
///
/// # Errors
/// A terminal error of a tool ends the stream.
#[must_use = "nothing runs before the stream is polled"]
pub struct ToolRun<'t> {
    tools: &'t Tools<'t>,
    calls: Vec<(ToolCall, Option<ToolResult>)>,
    /// The indices of the calls that have not started.
    waiting: VecDeque<usize>,
    running: VecDeque<Running<'t>>,
    stop: Option<BoxFuture<'t, ()>>,
    clock: Clock,
}

/// A call that has started.
struct Running<'t> {
    /// The index of the call.
    index: usize,
    call: BoxFuture<'t, Outcome>,
    progress: Queue,
}

impl<'t> ToolRun<'t> {
    pub(super) fn new(tools: &'t Tools<'t>, calls: impl IntoIterator<Item = ToolCall>) -> Self {
        let mut known: Vec<(ToolCall, Option<ToolResult>)> = Vec::new();
        for call in calls {
            if !known.iter().any(|(other, _)| other.id == call.id) {
                known.push((call, None));
            }
        }
        let waiting = (0..known.len()).collect();
        let (running, clock) = (VecDeque::new(), Clock::default());
        Self { tools, calls: known, waiting, running, stop: None, clock }
    }

    /// Stops the run when `stop` completes: `.until(cx.stopped())` in an action. The calls that have not ended are
    /// dropped, and have the result [`ToolStatus::Interrupted`].
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 't) -> Self {
        self.stop = Some(Box::pin(stop));
        self
    }

    /// Sets the runtime that times the calls: `.runtime(cx.runtime())` in an action. Defaults to
    /// [`TokioRuntime`](burdock::runtime::TokioRuntime).
    pub fn runtime(mut self, runtime: &Arc<dyn Runtime>) -> Self {
        self.clock = Clock::of(runtime);
        self
    }

    /// Returns one message for each call, in the order of the calls. A call that has not ended has the result
    /// [`ToolStatus::Interrupted`].
    pub fn messages(&self) -> Vec<Message> {
        self.results().map(|(call, result)| result.message(call)).collect()
    }

    /// Returns the calls and their results, in the order of the calls.
    pub fn results(&self) -> impl Iterator<Item = (&ToolCall, ToolResult)> {
        self.calls.iter().map(|(call, result)| {
            let interrupted =
                || ToolResult::new(ToolStatus::Interrupted, "error: the call was interrupted");
            (call, result.clone().unwrap_or_else(interrupted))
        })
    }

    /// Returns the next event, or `None` at the end.
    ///
    /// # Errors
    /// Returns the terminal error of a tool. No event follows it.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<ToolEvent, ActionError>> {
        StreamExt::next(self).await
    }

    /// Runs all calls, and returns the messages of their results.
    ///
    /// # Errors
    /// Returns the terminal error of a tool.
    ///
    /// # Cancel safety
    /// Dropping the future drops the calls.
    pub async fn whole(mut self) -> Result<Vec<Message>, ActionError> {
        while let Some(event) = self.next().await {
            event?;
        }
        Ok(self.messages())
    }

    /// Starts the next call.
    fn start(&mut self, index: usize) -> ToolEvent {
        let started = self.calls[index].0.clone();
        let progress = Queue::default();
        let future = call(self.tools, started.clone(), progress.progress(), self.clock.clone());
        self.running.push_back(Running { index, call: Box::pin(future), progress });
        ToolEvent::Started(started)
    }

    /// Records the end of a call.
    fn finish(&mut self, index: usize, outcome: Outcome) -> Result<ToolEvent, ActionError> {
        let (call, known) = &mut self.calls[index];
        let result = match outcome {
            Ok(result) => result,
            Err(error) => {
                *known = Some(ToolResult::new(ToolStatus::Failed, format!("error: {error}")));
                self.end();
                return Err(error);
            }
        };
        *known = Some(result.clone());
        Ok(ToolEvent::Finished { id: call.id.clone(), result })
    }

    /// Drops the calls that have not ended.
    fn end(&mut self) {
        self.waiting.clear();
        self.running.clear();
        self.stop = None;
    }

    /// Polls each running call once, and returns the first event. The call that has it is the last one of the next
    /// time, so that none can keep the others waiting.
    fn poll_running(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<ToolEvent, ActionError>>> {
        for _ in 0..self.running.len() {
            let Some(mut running) = self.running.pop_front() else { break };
            let mut item = running.progress.pop();
            if item.is_none() {
                if let Poll::Ready(outcome) = running.call.as_mut().poll(cx) {
                    // what it yielded and did not wait for
                    item = running.progress.pop();
                    if item.is_none() {
                        return Poll::Ready(Some(self.finish(running.index, outcome)));
                    }
                    running.call = Box::pin(std::future::ready(outcome));
                } else {
                    item = running.progress.pop();
                }
            }
            match item {
                Some(Ok(item)) => {
                    let id = self.calls[running.index].0.id.clone();
                    self.running.push_back(running);
                    return Poll::Ready(Some(Ok(ToolEvent::Progress { id, item })));
                }
                Some(Err(reason)) => {
                    let text = format!("error: the progress cannot be serialized: {reason}");
                    let result = ToolResult::new(ToolStatus::Failed, text);
                    return Poll::Ready(Some(self.finish(running.index, Ok(result))));
                }
                None => self.running.push_back(running),
            }
        }
        if self.running.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    }
}

impl Stream for ToolRun<'_> {
    type Item = Result<ToolEvent, ActionError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(stop) = &mut this.stop
            && stop.as_mut().poll(cx).is_ready()
        {
            this.end();
        }
        if this.running.len() < this.tools.limits.at_once
            && let Some(index) = this.waiting.pop_front()
        {
            return Poll::Ready(Some(Ok(this.start(index))));
        }
        this.poll_running(cx)
    }
}

impl fmt::Debug for ToolRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolRun")
            .field("calls", &self.calls)
            .field("waiting", &self.waiting.len())
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}
