//! Answers as they arrive.

use super::{
    Call, PromptError, Response,
    answer_type::{DeserializeError, DynGrown, Kind},
    call::{AfterShown, BorrowedModel, Policy, Stop},
    reader::{Reader, mismatch_error},
    request::{Question, SchemaPlacement},
    shape::Shape,
};
use crate::{
    Answer, Change, Chunk, End, Grown, Partial, Reason, Usage,
    clock::{Clock, Stopwatch},
};
use burdock_json::Change as Untyped;
use futures_core::Stream;
use futures_util::StreamExt;
use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

/// An answer as it arrives: a stream of the changes that build its value.
///
/// Each change is applied to [`partial`](Self::partial) before it is yielded. The stream ends when the
/// value is complete, or with the error that [`finish`](Self::finish) also returns. Dropping it drops
/// the answer, which closes the provider's connection.
///
/// ```
/// use burdock_llm::{Script, Scripted, prompt};
///
/// /// List tags for: {text}
/// #[prompt]
/// async fn tags(text: &str) -> Vec<String>;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let llm = Scripted::new([Script::new().say(r#"["ru"#).say(r#"st", "traits"]"#)]);
/// let mut answer = tags("Traits in Rust").on(&llm).stream();
/// let mut shown = Vec::new();
/// while let Some(change) = answer.next().await {
///     change?;
///     shown.push(answer.partial().join(" "));
/// }
/// assert!(shown.contains(&"ru".to_owned()));
/// assert_eq!(answer.finish().await?, ["rust", "traits"]);
/// # Ok(()) }
/// ```
pub struct PromptStream<'m, T> {
    model: Box<dyn BorrowedModel + 'm>,
    question: Question,
    kind: Kind<T>,
    policy: Policy,
    stop: Option<Stop<'m>>,
    clock: Clock,
    /// Whether `stop` ended the answer.
    stopped: bool,
    shape: Option<(Arc<Shape>, SchemaPlacement)>,
    attempt: Option<Attempt>,
    /// Changes that were not yielded yet.
    changes: VecDeque<Untyped>,
    shown: Shown,
    grown: Option<Box<dyn DynGrown<T>>>,
    /// The value that [`partial`](Self::partial) returns before the first change.
    empty: OnceLock<Box<dyn Any + Send + Sync>>,
    response: Response,
    /// How much of [`Policy::at_most`] this attempt has used: its bytes, and one for each empty chunk,
    /// so that an answer without text ends as well.
    used: usize,
    ended: Option<Result<String, PromptError>>,
    /// Whether the error was yielded.
    reported: bool,
}

/// An attempt in progress.
struct Attempt {
    answer: Answer,
    reader: Reader,
    watch: Stopwatch,
}

impl Attempt {
    /// Returns the usage of an answer that is closed before its end. Items that have already arrived
    /// are still read, without waiting: the usage may be in the same packet as the last text.
    fn close(&mut self, cx: &mut Context<'_>) -> Usage {
        const MOST: usize = 64;
        for _ in 0..MOST {
            match self.answer.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(Chunk::End(End { usage, .. })))) => {
                    return self.complete(usage);
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) | Poll::Pending => break,
            }
        }
        self.complete(Usage::default())
    }

    fn complete(&self, mut usage: Usage) -> Usage {
        self.watch.complete(&mut usage);
        usage
    }
}

/// Whether the consumer has received a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    No,
    Yes,
}

impl<'m, T> PromptStream<'m, T> {
    pub(super) fn new(call: Call<'m, T>) -> Self {
        let Call { prompt, model, stop, clock } = call;
        let (question, ended) = match prompt.question {
            Ok(question) => (question, None),
            Err(error) => (Question::default(), Some(Err(error))),
        };
        Self {
            model,
            question,
            kind: prompt.kind,
            policy: prompt.policy,
            stop,
            clock,
            stopped: false,
            shape: None,
            attempt: None,
            changes: VecDeque::new(),
            shown: Shown::No,
            grown: prompt.kind.grown.map(|grown| grown()),
            empty: OnceLock::new(),
            response: Response::default(),
            used: 0,
            ended,
            reported: false,
        }
    }

    /// Returns the next change, or `None` at the end. An error is the last item.
    ///
    /// # Cancel safety
    /// No change is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Change<T>, PromptError>> {
        poll_fn(|cx| self.poll_change(cx)).await
    }

    /// Waits for the whole value. It can be called at any time, and repeatedly: it returns the same
    /// value or the same error.
    ///
    /// # Errors
    /// Returns an error if the answer is not a value of the type.
    ///
    /// # Cancel safety
    /// No change is lost if the future is dropped.
    pub async fn finish(&mut self) -> Result<T, PromptError> {
        poll_fn(|cx| self.poll_finish(cx)).await
    }

    /// Returns information about the answer: its text, end, usage, attempts and repairs. Before the
    /// end, it describes the answer so far, without repairs.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// Returns the value so far, which is empty before the first change.
    pub fn partial(&self) -> &T::Partial
    where
        T: Partial + 'static,
        T::Partial: Default + Send + Sync + 'static,
    {
        if let Some(partial) = self.try_partial() {
            return partial;
        }
        let empty = self.empty.get_or_init(|| Box::new(T::Partial::default()));
        // the partial form of a stream has only one type
        empty.downcast_ref().unwrap_or_else(|| unreachable!())
    }

    /// Returns the value so far, or `None` before the first change.
    pub fn try_partial(&self) -> Option<&T::Partial>
    where
        T: Partial + 'static,
        T::Partial: 'static,
    {
        self.grown.as_ref()?.as_any().downcast_ref::<Grown<T>>()?.partial()
    }

    /// Returns whether the stop of [`Call::until`] ended the answer.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    fn poll_change(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Change<T>, PromptError>>> {
        loop {
            if let Some(change) = self.take_change() {
                self.shown = Shown::Yes;
                return Poll::Ready(Some(Ok(change)));
            }
            match &self.ended {
                Some(Err(error)) if !self.reported => {
                    self.reported = true;
                    return Poll::Ready(Some(Err(error.clone())));
                }
                Some(_) => return Poll::Ready(None),
                None => ready!(self.poll_advance(cx)),
            }
        }
    }

    /// Changes stay queued until the end, because the caller may drop the future and request the next
    /// change.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, PromptError>> {
        while self.ended.is_none() {
            ready!(self.poll_advance(cx));
        }
        while self.take_change().is_some() {}
        Poll::Ready(self.result())
    }

    /// Returns the whole value without keeping the changes, for a caller that does not see them.
    pub(super) fn poll_whole(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, PromptError>> {
        while self.ended.is_none() {
            ready!(self.poll_advance(cx));
            self.changes.clear();
        }
        Poll::Ready(self.result())
    }

    /// Returns the value or the error of an answer that has ended.
    fn result(&mut self) -> Result<T, PromptError> {
        match &self.ended {
            Some(Ok(json)) => (self.kind.read)(json).map_err(|error| self.refused(error)),
            Some(Err(error)) => {
                self.reported = true;
                Err(error.clone())
            }
            None => unreachable!("it has ended"),
        }
    }

    /// Takes the next change and applies it.
    fn take_change(&mut self) -> Option<Change<T>> {
        let change = Change::new(self.changes.pop_front()?);
        if let Some(grown) = &mut self.grown
            && let Err(error) = grown.apply(&change)
        {
            // tests check that both agree; the final value does not depend on it
            tracing::error!(%error, "a change does not fit the partial value");
        }
        Some(change)
    }

    /// Reads one item, or starts an attempt. Ready after any progress.
    fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(stop) = &mut self.stop
            && stop.as_mut().poll(cx).is_ready()
        {
            self.stop = None;
            self.stopped = true;
            let usage = self.attempt.as_mut().map(|attempt| attempt.close(cx));
            self.meter(usage);
            self.end_attempt(Reason::Cancelled, |error| error);
            return Poll::Ready(());
        }
        let Some(attempt) = &mut self.attempt else {
            self.start(None);
            return Poll::Ready(());
        };
        match ready!(attempt.answer.poll_next_unpin(cx)) {
            Some(Ok(Chunk::Delta(text))) => {
                attempt.watch.delta();
                self.read(&text, cx);
            }
            // a prompt offers no tools
            Some(Ok(Chunk::ToolCallDelta(_) | Chunk::ToolCall(_))) => self.read("", cx),
            Some(Ok(Chunk::End(End { reason, usage }))) => {
                let usage = attempt.complete(usage);
                self.meter(Some(usage));
                self.end_attempt(reason, |error| error);
            }
            None => {
                let usage = attempt.complete(Usage::default());
                self.meter(Some(usage));
                self.end_attempt(Reason::Truncated, |error| error);
            }
            Some(Err(error)) => {
                let usage = attempt.complete(Usage::default());
                self.meter(Some(usage));
                self.response.reason = Reason::Failed;
                self.end(Err(error.into()));
            }
        }
        Poll::Ready(())
    }

    /// Starts an attempt. `wrong` is the previous answer and the correction.
    fn start(&mut self, wrong: Option<&(String, String)>) {
        if self.shape.is_none()
            && let Some(shape) = self.kind.shape
        {
            match shape() {
                Ok(shape) => {
                    let structured = self.model.accepts_schema(&self.question.schema(&shape));
                    let placement = if structured {
                        SchemaPlacement::Structured
                    } else {
                        SchemaPlacement::Prompted
                    };
                    self.shape = Some((shape, placement));
                }
                Err(error) => return self.end(Err(error)),
            }
        }
        let shape = self.shape.as_ref().map(|(shape, placement)| (&**shape, *placement));
        let request = self.question.request(shape, wrong, &self.clock);
        let reader = Reader::new(shape);
        let answer = self.model.chat(request).or_clock(&self.clock).recorded();
        let watch = answer.clock().stopwatch();
        self.attempt = Some(Attempt { answer, reader, watch });
        self.used = 0;
        self.response.text.clear();
        self.response.repairs.clear();
        self.response.reason = Reason::Cancelled;
        self.response.attempts += 1;
    }

    /// Adds the usage of an attempt, if there was one.
    fn meter(&mut self, usage: Option<Usage>) {
        let Some(usage) = usage else { return };
        let is_known = usage.input_tokens.or(usage.output_tokens).is_some();
        self.response.unmetered += u32::from(!is_known);
        self.response.usage += usage;
    }

    fn read(&mut self, text: &str, cx: &mut Context<'_>) {
        let Some(attempt) = &mut self.attempt else { return };
        let left = self.policy.at_most.saturating_sub(self.used);
        let within = text.get(..text.floor_char_boundary(left)).unwrap_or_default();
        self.used = self.used.saturating_add(text.len().max(1));
        let limit = (self.used > self.policy.at_most).then_some(self.policy.at_most);
        let text = within;
        self.response.text.push_str(text);
        if let Err(mismatch) = attempt.reader.feed(text, &mut self.changes) {
            self.response.reason = Reason::Cancelled;
            let usage = attempt.close(cx);
            self.meter(Some(usage));
            self.retry_or_end(mismatch_error(mismatch, &self.response.text));
        } else if let Some(limit) = limit {
            let usage = attempt.close(cx);
            self.meter(Some(usage));
            self.end_attempt(Reason::Limit, |_| PromptError::TooLong { limit });
        }
    }

    /// Ends an attempt: deserializes its value, or reports its error, which `explain` may replace.
    fn end_attempt(&mut self, reason: Reason, explain: impl FnOnce(PromptError) -> PromptError) {
        self.response.reason = reason;
        // close the connection first
        let reader = self.attempt.take().map(|attempt| attempt.reader);
        let Some(reader) = reader else {
            let text = self.response.text.clone();
            return self.end(Err(explain(PromptError::Incomplete { reason, text })));
        };
        match reader.finish(reason, &self.response.text, &mut self.changes) {
            Ok(read) => {
                self.response.repairs = read.repairs;
                match (self.kind.read)(&read.json) {
                    Ok(_) => self.end(Ok(read.json)),
                    Err(error) => self.retry_or_end(self.refused(error)),
                }
            }
            Err(error) => self.retry_or_end(explain(error)),
        }
    }

    /// Retries after an answer that does not fit, or ends.
    fn retry_or_end(&mut self, error: PromptError) {
        self.attempt = None;
        let may_repeat = self.response.attempts <= self.policy.retries
            && (self.shown == Shown::No || self.policy.after_shown == AfterShown::Reset);
        match error.correction().filter(|_| may_repeat) {
            None => self.end(Err(error)),
            Some(correction) => {
                tracing::debug!(
                    prompt = self.question.name,
                    attempt = i64::from(self.response.attempts),
                    %error,
                    "retrying the prompt"
                );
                self.changes.clear();
                if let Some(grown) = &mut self.grown {
                    grown.reset();
                }
                let wrong = (self.response.text.clone(), correction);
                self.start(Some(&wrong));
            }
        }
    }

    fn end(&mut self, result: Result<String, PromptError>) {
        self.attempt = None;
        self.stop = None;
        let repairs = i64::try_from(self.response.repairs.len()).unwrap_or(i64::MAX);
        tracing::info!(
            prompt = self.question.name,
            attempts = i64::from(self.response.attempts),
            repairs,
            error = result.as_ref().err().map(tracing::field::display),
            "prompt answered"
        );
        self.ended = Some(result);
    }

    fn refused(&self, error: DeserializeError) -> PromptError {
        let DeserializeError { path, reason } = error;
        PromptError::Refused { path, reason, text: self.response.text.clone() }
    }
}

impl<T> Stream for PromptStream<'_, T> {
    type Item = Result<Change<T>, PromptError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(cx)
    }
}

impl<T> fmt::Debug for PromptStream<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptStream")
            .field("question", &self.question)
            .field("policy", &self.policy)
            .field("response", &self.response)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
