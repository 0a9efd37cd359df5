//! A test of a single action, without a graph.

use crate::{
    action::{
        Action, ActionError, Attempt, Collect, Context, Failure, FailureCause, HasInput,
        HasResource, Missing, Result, Scope, UnsetSlot,
    },
    graph::name_hash,
    log::CallRecord,
    panics::Caught,
    runtime::{Runtime, Sleep, default_runtime},
    stream::{Control, Emit, Flow, GRACE_PERIOD, Home, Threads, Wait, Yielder, Yields},
};
use serde_json::Value;
use std::{
    any::{Any, type_name},
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as Task, Poll},
    time::Duration,
};

/// The scope of an action under test, with the inputs and resources that the test sets.
#[derive(Debug)]
pub enum TestScope {}

/// The inputs or resources that a test sets, by name.
#[derive(Clone, Default)]
pub struct TestValues(Vec<(u64, Arc<dyn Any + Send + Sync>)>);

impl TestValues {
    fn get<T: 'static>(&self, hash: u64) -> Option<&T> {
        self.0
            .iter()
            .rev()
            .filter(|(name, _)| *name == hash)
            .find_map(|(_, value)| value.downcast_ref())
    }
}

impl fmt::Debug for TestValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.0.len())
    }
}

impl crate::sealed::Sealed for TestScope {}

impl Scope for TestScope {
    type Inputs = TestValues;
    type Resources = TestValues;
}

impl<const HASH: u64, T: 'static> HasInput<HASH, T> for TestScope {
    fn input(inputs: &TestValues) -> Option<&T> {
        inputs.get(HASH)
    }
}

impl<const HASH: u64, T: 'static> HasResource<HASH, T> for TestScope {
    fn resource(resources: &TestValues) -> Option<&T> {
        resources.get(HASH)
    }
}

/// Runs an action in a test, without a graph. Every action implements it; the trait is in the prelude.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// let (items, writes) = brew::test(&Bill { cups: 1, paid: 0 }).input("cups", 2_u32).await;
/// assert_eq!(items, ["cup 1", "cup 2"]);
/// assert_eq!(writes?.cups, 3);
///
/// let (_, writes) = brew::test(&Bill::default()).input("cups", 100_u32).await;
/// assert_eq!(writes.err().unwrap().to_string(), "out of beans");
/// # Ok(()) }
/// ```
pub trait TestAction: Action {
    /// Starts a test of the action on a state.
    fn test(state: &Self::State) -> ActionTest<'_, Self> {
        ActionTest::new(state)
    }
}

impl<A: Action> TestAction for A {}

/// A test of one action on a state, as returned by [`TestAction::test`].
///
/// Awaiting it runs the action and returns the yielded items and the writes. The state is not changed.
///
/// ```
/// # use burdock::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # pub struct Chat { pub prompt: Slot<String> }
/// #[action(state = Chat, writes(prompt))]
/// async fn take_prompt(#[input] prompt: String) -> Result<Writes> {
///     Ok(Writes { prompt })
/// }
///
/// # futures::executor::block_on(async {
/// let (items, writes) = take_prompt::test(&Chat::default())
///     .input("prompt", "hello".to_owned())
///     .await;
/// assert!(items.is_empty());
/// assert_eq!(writes.unwrap().prompt, "hello");
/// # });
/// ```
#[must_use = "an action runs when the test is awaited"]
pub struct ActionTest<'a, A: Action> {
    state: &'a A::State,
    inputs: TestValues,
    resources: TestValues,
    params: A::Params,
    failure: Option<Failure>,
    calls: BTreeMap<String, CallRecord>,
    stop_after: Option<usize>,
    runtime: Option<Arc<dyn Runtime>>,
    location: Location,
    on_failure: OnFailure,
}

/// The location in a session that the action sees in its [`Context`].
#[derive(Clone, Debug)]
pub(super) struct Location {
    pub(super) session: Arc<str>,
    pub(super) run: u64,
    pub(super) step: u64,
    pub(super) attempt: u32,
    pub(super) names: &'static [&'static str],
    pub(super) node: usize,
}

/// How panics and timeouts of the action are handled.
#[derive(Clone, Copy, Debug)]
enum OnFailure {
    /// A panic unwinds through the test, and there is no timeout.
    Unwind,
    /// Panics and timeouts are failures, as in a run.
    Catch { timeout: Option<Duration> },
}

impl<'a, A: Action> ActionTest<'a, A> {
    fn new(state: &'a A::State) -> Self {
        Self {
            state,
            inputs: TestValues::default(),
            resources: TestValues::default(),
            params: A::Params::default(),
            failure: None,
            calls: BTreeMap::new(),
            stop_after: None,
            runtime: default_runtime(),
            location: Location {
                session: "test".into(),
                run: 1,
                step: 0,
                attempt: 1,
                names: const { &[A::INFO.name] },
                node: 0,
            },
            on_failure: OnFailure::Unwind,
        }
    }

    /// Sets an input. Its type has to be exactly the one that the action declares.
    pub fn input<T: Send + Sync + 'static>(mut self, name: &str, value: T) -> Self {
        self.inputs.0.push((name_hash(name), Arc::new(value)));
        self
    }

    /// Sets an input that the graph declares as `Option<T>`: for an action that takes an `Option<T>` and, if there is
    /// a value, for one that takes a `T`.
    pub fn optional_input<T: Clone + Send + Sync + 'static>(
        self,
        name: &str,
        value: Option<T>,
    ) -> Self {
        match &value {
            Some(inner) => {
                let inner = inner.clone();
                self.input(name, inner).input(name, value)
            }
            None => self.input(name, value),
        }
    }

    /// Sets a resource. Its type has to be exactly the one that the action declares.
    ///
    /// ```
    /// # use burdock::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { cups: u32, total: u32 }
    /// struct Prices {
    ///     cup: u32,
    /// }
    ///
    /// #[action(state = Bill, reads(cups), writes(total))]
    /// async fn sum_up(bill: Reads<'_>, #[resource] prices: &Prices) -> Result<Writes> {
    ///     Ok(Writes { total: bill.cups * prices.cup })
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// let bill = Bill { cups: 2, total: 0 };
    /// let (_, writes) = sum_up::test(&bill).resource("prices", Prices { cup: 3 }).await;
    /// assert_eq!(writes?.total, 6);
    /// # Ok::<_, burdock::ActionError>(()) }).unwrap();
    /// ```
    pub fn resource<T: Send + Sync + 'static>(mut self, name: &str, value: T) -> Self {
        self.resources.0.push((name_hash(name), Arc::new(value)));
        self
    }

    /// Sets parameters: `.params(|p| p.preamble = Some("…".into()))`.
    pub fn params(mut self, bind: impl FnOnce(&mut A::Params)) -> Self {
        bind(&mut self.params);
        self
    }

    /// Sets the failure that an `on error` edge would pass on.
    pub fn failure(mut self, node: &'static str, error: impl Into<ActionError>) -> Self {
        self.failure = Some(Failure::new(node, 1, FailureCause::Error(error.into())));
        self
    }

    /// Sets the result that an earlier attempt has recorded for a [call](Context::once): the call is not made.
    ///
    /// ```
    /// use burdock::{Context, prelude::*};
    /// use serde_json::json;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { receipt: String }
    /// # async fn charge() -> Result<String> { Err(burdock::ActionError::msg("never called")) }
    ///
    /// #[action(state = Bill, writes(receipt))]
    /// async fn pay(#[context] cx: &Context) -> Result<Writes> {
    ///     Ok(Writes { receipt: cx.once("charge", charge()).await? })
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// let (_, writes) = pay::test(&Bill::default()).recorded_call("charge", json!("paid")).await;
    /// assert_eq!(writes?.receipt, "paid");
    /// # Ok::<_, burdock::ActionError>(()) }).unwrap();
    /// ```
    pub fn recorded_call(mut self, key: &str, result: Value) -> Self {
        self.calls.insert(key.to_owned(), CallRecord::Once(result));
        self
    }

    /// Sets the recorded result of a transaction of a log, for example of `SqliteLog::transaction`, as after a crash. The
    /// transaction is not made, and needs no log.
    pub fn recorded_transaction(mut self, key: &str, result: Value) -> Self {
        self.calls.insert(key.to_owned(), CallRecord::Transaction(result));
        self
    }

    /// Requests a stop after this number of items.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// let (items, writes) = brew::test(&Bill::default()).input("cups", 5_u32).stop_after(2).await;
    /// assert_eq!(items, ["cup 1", "cup 2"]);
    /// assert_eq!(writes?.cups, 2); // the action keeps what it has
    /// # Ok(()) }
    /// ```
    pub fn stop_after(mut self, items: usize) -> Self {
        self.stop_after = Some(items);
        self
    }

    /// Sets the [`Runtime`] for sleep and threads.
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = Some(Arc::new(runtime));
        self
    }

    /// Sets the location and the conditions of a recorded attempt. Values that the test has set itself are kept.
    pub(super) fn replaying(
        mut self,
        location: Location,
        failure: Option<&Failure>,
        calls: &BTreeMap<String, CallRecord>,
        stop_after: Option<usize>,
        timeout: Option<Duration>,
    ) -> Self {
        for (key, result) in calls {
            self.calls.entry(key.clone()).or_insert_with(|| result.clone());
        }
        self.failure = self.failure.or_else(|| failure.cloned());
        self.stop_after = self.stop_after.or(stop_after);
        Self { location, on_failure: OnFailure::Catch { timeout }, ..self }
    }

    async fn run(self) -> (Vec<Yields<A::Yields>>, Result<A::Writes>)
    where
        for<'c> A::Args<'c>: Collect<'c, TestScope>,
    {
        let (items, writes) = self.attempt().await;
        (items, writes.map_err(|cause| describe::<A>(*cause)))
    }

    /// Runs the action and returns the cause of a failure.
    pub(super) async fn attempt(
        self,
    ) -> (Vec<Yields<A::Yields>>, std::result::Result<A::Writes, Box<FailureCause>>)
    where
        for<'c> A::Args<'c>: Collect<'c, TestScope>,
    {
        let mut sink = Collected {
            items: Vec::new(),
            stop_after: self.stop_after,
            control: crate::sync::Arc::new(Control::default()),
        };
        let Some(runtime) = self.runtime else {
            let error = ActionError::msg("the test has no runtime: set one with `.runtime(…)`");
            return (Vec::new(), Err(FailureCause::Error(error).into()));
        };
        let Location { session, run, step, attempt, names, node } = self.location;
        let context = Context {
            session,
            generation: 1,
            run,
            step,
            attempt,
            serial: 1,
            names,
            node,
            control: crate::sync::Arc::clone(&sink.control),
            threads: crate::sync::Arc::new(Threads::default()),
            runtime,
            home: Arc::new(Home::new(None)),
        };
        sink.control.set_grace_period(GRACE_PERIOD);
        sink.control.start_recorded(context.serial, self.calls);
        if self.stop_after == Some(0) {
            sink.control.stop(1);
        }
        let resources = Arc::new(self.resources);
        let work = async {
            let reads =
                A::reads(self.state).map_err(|UnsetSlot(name)| FailureCause::UnsetSlot(name))?;
            let args = Collect::<TestScope>::collect(&self.inputs, &resources)
                .map_err(|Missing(name)| FailureCause::MissingInput(name))?;
            let attempt = Attempt {
                reads,
                args,
                params: self.params,
                context: &context,
                failure: self.failure.as_ref(),
                yielder: Yielder::of_run(&mut sink, &context),
            };
            A::run(attempt).await.map_err(|error| FailureCause::Error(error).into())
        };
        let work = until_abandoned(&context, work);
        let writes = match self.on_failure {
            OnFailure::Unwind => work.await,
            OnFailure::Catch { timeout } => {
                let timeout = timeout.map(|after| (after, context.sleep(after)));
                with_timeout(timeout, Caught(pin!(work))).await
            }
        };
        (sink.items, writes)
    }
}

/// Runs an attempt until it ends, or abandons its step after a stop: a run would be cancelled then.
async fn until_abandoned<T>(
    context: &Context,
    attempt: impl Future<Output = std::result::Result<T, Box<FailureCause>>>,
) -> std::result::Result<T, Box<FailureCause>> {
    let (mut attempt, mut abandoned) = (pin!(attempt), false);
    poll_fn(|cx| {
        let polled = attempt.as_mut().poll(cx);
        if polled.is_ready() || context.control.waiting_for() != Wait::Abandoned {
            abandoned = false;
            return polled;
        }
        if abandoned {
            let error = ActionError::msg("the action has abandoned its step after the stop");
            return Poll::Ready(Err(FailureCause::Error(error.terminal()).into()));
        }
        // the action may have dropped the future that has abandoned the step; the next poll shows whether it did
        abandoned = true;
        context.control.confirm_abandoned();
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Runs an attempt under a timeout.
async fn with_timeout<T>(
    mut timeout: Option<(Duration, Sleep)>,
    attempt: impl Future<Output = std::result::Result<T, Box<FailureCause>>>,
) -> std::result::Result<T, Box<FailureCause>> {
    let mut attempt = pin!(attempt);
    poll_fn(|cx| match (attempt.as_mut().poll(cx), &mut timeout) {
        (Poll::Pending, Some((after, sleep))) => {
            sleep.as_mut().poll(cx).map(|()| Err(FailureCause::Timeout(*after).into()))
        }
        (polled, _) => polled,
    })
    .await
}

/// Returns the error that a test reports for a failure.
pub(super) fn describe<A: Action>(cause: FailureCause) -> ActionError {
    match cause {
        FailureCause::Error(error) => error,
        FailureCause::UnsetSlot(name) => unset_slot::<A>(name),
        FailureCause::MissingInput(name) => not_set::<A>(name),
        other => ActionError::msg(Failure::new(A::INFO.name, 1, other).to_string()),
    }
}

fn unset_slot<A: Action>(slot: &str) -> ActionError {
    ActionError::msg(format!(
        "`{}` reads the slot `{slot}`, which has no value in the state of the test",
        A::INFO.name
    ))
}

fn not_set<A: Action>(name: &str) -> ActionError {
    ActionError::msg(format!(
        "the test of `{}` sets no `{name}` of the type that the action declares",
        A::INFO.name
    ))
}

impl<'a, A: Action> IntoFuture for ActionTest<'a, A>
where
    for<'c> A::Args<'c>: Collect<'c, TestScope>,
{
    type Output = (Vec<Yields<A::Yields>>, Result<A::Writes>);
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<A: Action> fmt::Debug for ActionTest<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "test of `{}` on {}", A::INFO.name, type_name::<A::State>())
    }
}

struct Collected<T> {
    items: Vec<T>,
    stop_after: Option<usize>,
    control: crate::sync::Arc<Control>,
}

impl<T> Emit<T> for Collected<T> {
    fn poll_emit(&mut self, item: &mut Option<T>, _: &mut Task<'_>) -> Poll<Flow> {
        self.items.extend(item.take());
        if self.stop_after.is_some_and(|count| self.items.len() >= count) {
            self.control.stop(1);
            return Poll::Ready(Flow::Stop);
        }
        Poll::Ready(Flow::Continue)
    }
}
