//! A run of the calls of one answer.

use super::{
    Tools,
    call::{Running, Start, described},
    event::{ToolEvent, ToolResult, ToolStatus},
};
use crate::{Message, ToolCall, clock::Clock};
use burdock::{ActionError, Context as StepContext, Runtime};
use futures_core::Stream;
use futures_util::{StreamExt, future::BoxFuture};
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// The number of events after which the run lets other tasks run, among them the runtime's timers.
const EVENTS_PER_TURN: usize = 64;

/// The calls of one answer while they run: a stream of their [`ToolEvent`]s. Nothing runs before it is polled.
///
/// Several calls run at once, in one task. Each call that starts has a [`ToolEvent::Finished`], also if the run is stopped.
/// [`messages`](Self::messages) has one result for each call, in the order of the calls, at any time, so that the history
/// stays valid for a provider.
///
/// # Errors
/// A terminal error of a tool is the last item of the stream.
#[must_use = "nothing runs before the stream is polled"]
pub struct ToolRun<'t> {
    tools: &'t Tools<'t>,
    calls: Vec<Called>,
    /// The indices of the calls that have not started.
    waiting: VecDeque<usize>,
    /// The calls that have started, with their indices.
    running: VecDeque<(usize, Running<'t>)>,
    /// Events that are known already.
    events: VecDeque<Result<ToolEvent, ActionError>>,
    stop: Option<BoxFuture<'t, ()>>,
    clock: Clock,
    step: Option<&'t StepContext>,
    /// The number of events since the run last let other tasks run.
    turn: usize,
}

/// A call and its stage.
#[derive(Debug)]
struct Called {
    call: Arc<ToolCall>,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    Waiting,
    Running,
    Finished(ToolResult),
}

impl<'t> ToolRun<'t> {
    pub(super) fn new(tools: &'t Tools<'t>, calls: impl IntoIterator<Item = ToolCall>) -> Self {
        let mut known: Vec<Called> = Vec::new();
        for call in calls {
            if !known.iter().any(|other| other.call.id == call.id) {
                known.push(Called { call: Arc::new(call), stage: Stage::Waiting });
            }
        }
        Self {
            tools,
            waiting: (0..known.len()).collect(),
            calls: known,
            running: VecDeque::new(),
            events: VecDeque::new(),
            stop: None,
            clock: Clock::default(),
            step: None,
            turn: 0,
        }
    }

    /// Runs the calls in the step of an action: each is made once, a stop of the run [stops](Self::until) them, and the
    /// [runtime](Self::runtime) of the app times them.
    ///
    /// The result of a call is recorded before its [`ToolEvent::Finished`]: what the model reads, also of a call that failed,
    /// panicked or took too long. Another attempt at the step, after a retry, a crash or a resume, does not make the call
    /// again: it shows `Started` and `Finished` with the recorded result, without the progress. A call that was interrupted or
    /// had a terminal error has no recorded result, and is made again.
    ///
    /// A call is identified by its name, its id and its arguments; two such calls in one attempt, in runs of different answers,
    /// are an error. See [`Context::once`](burdock::Context::once) for what is guaranteed: a crash between the effect of a call
    /// and its record repeats the effect.
    ///
    /// ```
    /// use burdock::{Context, Retry, prelude::*};
    /// # use burdock_llm::{ToolCall, tool, tools};
    /// # use serde::{Deserialize, Serialize};
    /// # use serde_json::json;
    /// # use std::sync::atomic::{AtomicU32, Ordering};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Desk { calls: Vec<ToolCall>, results: Vec<String> }
    /// # static REFUNDS: AtomicU32 = AtomicU32::new(0);
    /// # static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    /// # fn busy() -> Result<()> {
    /// #     match ATTEMPTS.fetch_add(1, Ordering::Relaxed) {
    /// #         0 => Err(burdock::ActionError::msg("the archive is busy")),
    /// #         _ => Ok(()),
    /// #     }
    /// # }
    /// /// Refunds an order.
    /// #[tool]
    /// async fn refund(order: u64) -> burdock::Result<String> {
    ///     REFUNDS.fetch_add(1, Ordering::Relaxed);
    ///     Ok(format!("refunded {order}"))
    /// }
    ///
    /// #[action(state = Desk, reads(calls), writes(results))]
    /// async fn use_tools(desk: Reads<'_>, #[context] cx: &Context) -> Result<Writes> {
    ///     let results = tools![refund].run(desk.calls.clone()).in_step(cx).whole().await?;
    ///     busy()?; // fails the first time: the step is retried, and the refund is not repeated
    ///     Ok(Writes { results: results.into_iter().map(|result| result.text).collect() })
    /// }
    ///
    /// graph! {
    ///     Support(Desk) {
    ///         nodes {
    ///             #[retry(Retry::times(3))]
    ///             use_tools,
    ///         }
    ///         start use_tools;
    ///         use_tools -> end;
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let calls = vec![ToolCall::new("1", "refund", json!({ "order": 17 }))];
    /// let mut app = Support::app().state(Desk { calls, ..Desk::default() }).build().await?;
    /// let end = app.run(SupportInputs {}).await?;
    /// assert_eq!(end.state().results, ["refunded 17"]);
    /// assert_eq!(REFUNDS.load(Ordering::Relaxed), 1);
    /// # Ok(()) }
    /// ```
    pub fn in_step(mut self, cx: &'t StepContext) -> Self {
        self.step = Some(cx);
        self.until(cx.stopped()).runtime(cx.runtime())
    }

    /// Stops the run when `stop` completes. Calls that have not ended are dropped, and have the result
    /// [`ToolStatus::Interrupted`]; those that have not started, [`ToolStatus::NotStarted`].
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 't) -> Self {
        self.stop = Some(Box::pin(stop));
        self
    }

    /// Sets the runtime that times the calls. Defaults to [`TokioRuntime`](burdock::runtime::TokioRuntime).
    pub fn runtime(mut self, runtime: &Arc<dyn Runtime>) -> Self {
        self.clock = Clock::of(runtime);
        self
    }

    /// Returns one message for each call, in the order of the calls: see [`results`](Self::results).
    pub fn messages(&self) -> Vec<Message> {
        self.results().map(|(call, result)| result.message(call)).collect()
    }

    /// Returns the calls and their results, in the order of the calls. A call that has not ended has the result
    /// of a stop at this moment.
    pub fn results(&self) -> impl Iterator<Item = (&ToolCall, ToolResult)> {
        self.calls.iter().map(|Called { call, stage }| {
            let result = match stage {
                Stage::Waiting => ToolResult::not_started(),
                Stage::Running => ToolResult::interrupted(),
                Stage::Finished(result) => result.clone(),
            };
            (&**call, result)
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

    fn start(&mut self, index: usize) -> ToolEvent {
        let Called { call, stage } = &mut self.calls[index];
        *stage = Stage::Running;
        // the signatures are for the provider, and readers of events need not have them
        let event = ToolEvent::Started(ToolCall { signatures: Vec::new(), ..(**call).clone() });
        let (call, clock) = (Arc::clone(call), self.clock.clone());
        let start = Start { tools: self.tools, call, clock, step: self.step };
        self.running.push_back((index, start.run()));
        event
    }

    fn finish(&mut self, index: usize, result: ToolResult) -> ToolEvent {
        let Called { call, stage } = &mut self.calls[index];
        *stage = Stage::Finished(result.clone());
        ToolEvent::Finished { id: call.id.clone(), result }
    }

    /// Records the end of a call. A terminal error ends the run.
    fn end_call(
        &mut self,
        index: usize,
        outcome: Result<ToolResult, ActionError>,
        cx: &mut Context<'_>,
    ) {
        match outcome {
            Ok(result) => {
                let event = self.finish(index, result);
                self.events.push_back(Ok(event));
            }
            Err(error) => {
                let result = ToolResult::new(ToolStatus::Failed, described(&error));
                let event = self.finish(index, result);
                self.events.push_back(Ok(event));
                self.end(cx);
                self.events.push_back(Err(error));
            }
        }
    }

    /// Ends the run. Calls whose results are ready are polled a last time, and the others are dropped.
    fn end(&mut self, cx: &mut Context<'_>) {
        self.stop = None;
        self.waiting.clear();
        for (index, running) in std::mem::take(&mut self.running) {
            let result = match running.last_outcome(cx) {
                Some(Ok(result)) => result,
                Some(Err(error)) => ToolResult::new(ToolStatus::Failed, described(&error)),
                None => ToolResult::interrupted(),
            };
            let event = self.finish(index, result);
            self.events.push_back(Ok(event));
        }
    }

    /// Polls each running call once, up to the first event. That call moves to the back of the queue, so that no call
    /// can starve the others.
    fn poll_running(&mut self, cx: &mut Context<'_>) {
        for _ in 0..self.running.len() {
            let Some((index, mut running)) = self.running.pop_front() else { return };
            match running.poll_next(cx) {
                Poll::Pending => self.running.push_back((index, running)),
                Poll::Ready(Ok(item)) => {
                    let id = self.calls[index].call.id.clone();
                    self.running.push_back((index, running));
                    self.events.push_back(Ok(ToolEvent::Progress { id, item }));
                    return;
                }
                Poll::Ready(Err(outcome)) => {
                    drop(running);
                    return self.end_call(index, outcome, cx);
                }
            }
        }
    }
}

/// Nothing in it is pinned, although an `ActionError` is not `Unpin`.
impl Unpin for ToolRun<'_> {}

impl Stream for ToolRun<'_> {
    type Item = Result<ToolEvent, ActionError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // a tool that is always ready must not keep the task from its timers
        if this.turn >= EVENTS_PER_TURN {
            this.turn = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(stop) = &mut this.stop
            && stop.as_mut().poll(cx).is_ready()
        {
            this.end(cx);
        }
        if this.events.is_empty() {
            if this.running.len() < this.tools.limits.at_once
                && let Some(index) = this.waiting.pop_front()
            {
                let event = this.start(index);
                this.events.push_back(Ok(event));
            } else {
                this.poll_running(cx);
            }
        }
        match this.events.pop_front() {
            Some(event) => {
                this.turn += 1;
                Poll::Ready(Some(event))
            }
            None if this.running.is_empty() && this.waiting.is_empty() => Poll::Ready(None),
            None => {
                this.turn = 0;
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for ToolRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolRun").field("calls", &self.calls).finish_non_exhaustive()
    }
}
