//! One call, with its limits.

use super::{
    Tools,
    arguments::InvalidArguments,
    event::{ToolResult, ToolStatus},
    progress::Queue,
};
use crate::{ToolCall, clock::Clock};
use burdock::{ActionError, Context as StepContext, graph::name_hash};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Either, select},
};
use serde_json::Value;
use std::{
    error::Error,
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tracing::{Instrument, Span, field};

/// The result of a call, or a terminal error.
pub(super) type Outcome = Result<ToolResult, ActionError>;

/// A call before it starts.
pub(super) struct Start<'t> {
    pub(super) tools: &'t Tools<'t>,
    pub(super) call: Arc<ToolCall>,
    pub(super) clock: Clock,
    /// The step in which the call is made once.
    pub(super) step: Option<&'t StepContext>,
}

/// A call that has started.
pub(super) struct Running<'t> {
    call: BoxFuture<'t, Outcome>,
    progress: Queue,
    /// The outcome, while items of the call are still waiting.
    outcome: Option<Outcome>,
    unrecorded: Unrecorded,
}

/// The result of a call that has ended, while the log does not have it yet.
#[derive(Clone, Default)]
struct Unrecorded(Arc<Mutex<Option<ToolResult>>>);

impl Unrecorded {
    fn set(&self, result: &ToolResult) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.clone());
    }

    fn take(&self) -> Option<ToolResult> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<'t> Start<'t> {
    pub(super) fn run(self) -> Running<'t> {
        let (progress, unrecorded) = (Queue::default(), Unrecorded::default());
        let call = match self.step {
            Some(step) => once(step, self, progress.clone(), unrecorded.clone()).boxed(),
            None => traced(self, progress.clone()).boxed(),
        };
        Running { call, progress, outcome: None, unrecorded }
    }
}

/// Makes a call, unless an earlier attempt at the step has recorded its result.
async fn once(
    step: &StepContext,
    start: Start<'_>,
    progress: Queue,
    unrecorded: Unrecorded,
) -> Outcome {
    let key = key(&start.call);
    let made = async {
        let result = traced(start, progress).await?;
        unrecorded.set(&result);
        Ok::<_, ActionError>(result)
    };
    step.once(key, made).await
}

/// Returns the key of a call in its step.
///
/// It contains the arguments: an action that asks the model and runs the calls in one step may get another answer in another
/// attempt, with the same ids.
fn key(ToolCall { id, name, arguments, .. }: &ToolCall) -> String {
    let mut arguments = arguments.clone();
    // the feature `preserve_order` of `serde_json` keeps another order
    arguments.sort_all_objects();
    format!("tool/{name}/{id}/{:016x}", name_hash(&arguments.to_string()))
}

impl Running<'_> {
    /// Returns the next item of its progress, or its outcome.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Value, Outcome>> {
        let mut item = self.progress.pop();
        if item.is_none() && self.outcome.is_none() {
            if let Poll::Ready(outcome) = self.call.poll_unpin(cx) {
                self.outcome = Some(outcome);
            }
            item = self.progress.pop();
        }
        match item {
            Some(item) => Poll::Ready(Ok(item)),
            None => self.outcome.take().map_or(Poll::Pending, |outcome| Poll::Ready(Err(outcome))),
        }
    }

    /// Polls the call a last time, and returns its outcome, without the items before it. Returns `None` if it has not ended.
    pub(super) fn last_outcome(mut self, cx: &mut Context<'_>) -> Option<Outcome> {
        let outcome = match self.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => self.call.poll_unpin(cx),
        };
        match outcome {
            Poll::Ready(outcome) => Some(outcome),
            // the commit of the step records it as well
            Poll::Pending => self.unrecorded.take().map(Ok),
        }
    }
}

/// A future of a tool. A panic in its destructor does not reach the run.
struct Guarded<'c>(Option<BoxFuture<'c, Result<String, ActionError>>>);

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        let future = AssertUnwindSafe(self.0.take());
        if catch_unwind(move || drop(future)).is_err() {
            tracing::error!("a tool panicked while it was dropped");
        }
    }
}

/// Returns the span of a call, with the fields of the OpenTelemetry semantic conventions.
fn span(ToolCall { id, name, .. }: &ToolCall) -> Span {
    tracing::info_span!(
        "execute_tool",
        otel.name = format!("execute_tool {name}"),
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = name,
        gen_ai.tool.call.id = id,
        error.r#type = field::Empty,
    )
}

/// Makes a call in a span, which has how it failed.
async fn traced(start: Start<'_>, progress: Queue) -> Outcome {
    let span = span(&start.call);
    let outcome = call(start, progress).instrument(span.clone()).await;
    let error = match &outcome {
        Ok(ToolResult { status: ToolStatus::Succeeded, .. }) => None,
        Ok(ToolResult { status, .. }) => Some(format!("{status:?}").to_lowercase()),
        Err(_) => Some("terminal".to_owned()),
    };
    span.record("error.type", error);
    outcome
}

async fn call(Start { tools, call, clock, .. }: Start<'_>, progress: Queue) -> Outcome {
    let name = &call.name;
    let Some(tool) = tools.find(name) else {
        let names = tools.definitions().map(|tool| format!("`{}`", tool.name)).collect::<Vec<_>>();
        let text = match &*names {
            [] => format!("error: unknown tool `{name}`"),
            names => {
                format!("error: unknown tool `{name}`; the tools are {}", names.join(", "))
            }
        };
        return Ok(ToolResult::new(ToolStatus::Unknown, text));
    };
    let limit = tool.timeout().unwrap_or(tools.limits.timeout);
    // a tool may panic before it returns its future
    let created = catch_unwind(AssertUnwindSafe(|| tool.call(&call, progress.progress())));
    let outcome = match created {
        Err(panic) => Err(panic),
        Ok(future) => {
            let mut guarded = Guarded(Some(future));
            let running = AssertUnwindSafe(async {
                match &mut guarded.0 {
                    Some(future) => progress.run(future).await,
                    None => std::future::pending().await,
                }
            });
            // the timer first: a tool that is always ready may use up the budget of the task
            match select(clock.sleep(limit), Box::pin(running.catch_unwind())).await {
                Either::Right((outcome, _)) => outcome,
                Either::Left(_) => {
                    let text = format!("error: the call took longer than {limit:?}");
                    return Ok(ToolResult::new(ToolStatus::TimedOut, text));
                }
            }
        }
    };
    let (status, text) = match outcome {
        Ok(Ok(text)) => (ToolStatus::Succeeded, text),
        Ok(Err(error)) if !error.is_retryable() => return Err(error),
        Ok(Err(error)) if error.downcast_ref::<InvalidArguments>().is_some() => {
            (ToolStatus::Invalid, format!("error: {error}"))
        }
        Ok(Err(error)) => (ToolStatus::Failed, described(&error)),
        Err(_) => (ToolStatus::Panicked, "error: the tool failed".to_owned()),
    };
    Ok(ToolResult::new(status, cut(text, tools.limits.result)))
}

/// Returns the text of an error and of its sources.
pub(super) fn described(error: &ActionError) -> String {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        // writing to memory does not fail
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}

/// Cuts a text after `limit` bytes, and adds both lengths.
fn cut(text: String, limit: usize) -> String {
    let length = text.len();
    if length <= limit {
        return text;
    }
    let end = text.floor_char_boundary(limit);
    format!("{}\n… (cut: {end} of {length} bytes)", &text[..end])
}
