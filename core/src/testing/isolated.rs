//! One action alone, in a test.

use crate::{
    action::{
        Action, ActionError, Call, Collect, Context, Failure, FailureCause, HasInput, HasResource,
        Missing, Result, Scope, UnsetSlot,
    },
    graph::name_hash,
    panics::Caught,
    runtime::{Runtime, Sleep, default_runtime},
    stream::{Control, Emit, Flow, Threads, Yielder, Yields},
};
use std::{
    any::{Any, type_name},
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as Task, Poll},
    time::Duration,
};

/// The scope of an action that runs alone: it has whatever the test gives.
#[derive(Debug)]
pub enum TestScope {}

/// Inputs or resources that a test gave, by name.
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

/// Runs an action alone, without a graph. The prelude has it for every action.
pub trait TestAction: Action {
    /// Starts a test of the action on a state.
    fn test(state: &Self::State) -> ActionTest<'_, Self> {
        ActionTest::new(state)
    }
}

impl<A: Action> TestAction for A {}

/// A test of one action on a state; made by [`TestAction::test`].
///
/// Awaiting it gives the items that were yielded and the writes. The state is not changed.
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
    stop_after: Option<usize>,
    runtime: Option<Arc<dyn Runtime>>,
    place: Place,
    watch: Watch,
}

/// Where in a session the action is told that it is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) session: Arc<str>,
    pub(super) run: u64,
    pub(super) step: u64,
    pub(super) attempt: u32,
    pub(super) names: &'static [&'static str],
    pub(super) node: usize,
}

/// What becomes of an action that goes astray.
#[derive(Clone, Copy, Debug)]
enum Watch {
    /// A panic is the test's.
    Nothing,
    /// A panic is a failure, and so is a timeout, as in a run.
    Failures { timeout: Option<Duration> },
}

impl<'a, A: Action> ActionTest<'a, A> {
    fn new(state: &'a A::State) -> Self {
        Self {
            state,
            inputs: TestValues::default(),
            resources: TestValues::default(),
            params: A::Params::default(),
            failure: None,
            stop_after: None,
            runtime: default_runtime(),
            place: Place {
                session: "test".into(),
                run: 1,
                step: 0,
                attempt: 1,
                names: const { &[A::INFO.name] },
                node: 0,
            },
            watch: Watch::Nothing,
        }
    }

    /// Gives an input; its type is exactly the one that the action asks for.
    pub fn input<T: Send + Sync + 'static>(mut self, name: &str, value: T) -> Self {
        self.inputs.0.push((name_hash(name), Arc::new(value)));
        self
    }

    /// Gives an input that a graph declares as `Option<T>`: to an action that asks for that, and,
    /// when there is a value, to one that asks for `T`.
    pub fn optional_input<T: Clone + Send + Sync + 'static>(
        self,
        name: &str,
        value: Option<T>,
    ) -> Self {
        match &value {
            Some(given) => {
                let given = given.clone();
                self.input(name, given).input(name, value)
            }
            None => self.input(name, value),
        }
    }

    /// Gives a resource; its type is exactly the one that the action asks for.
    pub fn resource<T: Send + Sync + 'static>(mut self, name: &str, value: T) -> Self {
        self.resources.0.push((name_hash(name), Arc::new(value)));
        self
    }

    /// Binds parameters: `.params(|p| p.preamble = Some("…".into()))`.
    pub fn params(mut self, bind: impl FnOnce(&mut A::Params)) -> Self {
        bind(&mut self.params);
        self
    }

    /// Gives the failure that an `on error` edge would pass on.
    pub fn failure(mut self, node: &'static str, error: impl Into<ActionError>) -> Self {
        self.failure = Some(Failure::new(node, 1, FailureCause::Error(error.into())));
        self
    }

    /// Asks for a stop once so many items were yielded.
    pub fn stop_after(mut self, items: usize) -> Self {
        self.stop_after = Some(items);
        self
    }

    /// Uses this [`Runtime`] for sleep and threads.
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = Some(Arc::new(runtime));
        self
    }

    /// Puts the action where a session was; what the test gave itself stays.
    pub(super) fn placed(
        mut self,
        place: Place,
        failure: Option<&Failure>,
        stop_after: Option<usize>,
        timeout: Option<Duration>,
    ) -> Self {
        self.failure = self.failure.or_else(|| failure.cloned());
        self.stop_after = self.stop_after.or(stop_after);
        Self { place, watch: Watch::Failures { timeout }, ..self }
    }

    async fn run(self) -> (Vec<Yields<A::Yields>>, Result<A::Writes>)
    where
        for<'c> A::Args<'c>: Collect<'c, TestScope>,
    {
        let (items, writes) = self.attempt().await;
        (items, writes.map_err(|cause| describe::<A>(*cause)))
    }

    /// Makes the attempt, and tells failures apart.
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
            let error = ActionError::msg("the test has no runtime: give one with `.runtime(…)`");
            return (Vec::new(), Err(FailureCause::Error(error).into()));
        };
        let Place { session, run, step, attempt, names, node } = self.place;
        let context = Context {
            session,
            turn: 1,
            run,
            step,
            attempt,
            names,
            node,
            control: crate::sync::Arc::clone(&sink.control),
            threads: crate::sync::Arc::new(Threads::default()),
            runtime,
        };
        if self.stop_after == Some(0) {
            sink.control.stop(1);
        }
        let resources = Arc::new(self.resources);
        let work = async {
            let reads =
                A::reads(self.state).map_err(|UnsetSlot(name)| FailureCause::UnsetSlot(name))?;
            let args = Collect::<TestScope>::collect(&self.inputs, &resources)
                .map_err(|Missing(name)| FailureCause::MissingInput(name))?;
            let call = Call {
                reads,
                args,
                params: self.params,
                context: &context,
                failure: self.failure.as_ref(),
                yielder: Yielder::new(&mut sink),
            };
            A::run(call).await.map_err(|error| FailureCause::Error(error).into())
        };
        let writes = match self.watch {
            Watch::Nothing => work.await,
            Watch::Failures { timeout } => {
                let timeout = timeout.map(|after| (after, context.sleep(after)));
                within(timeout, Caught(pin!(work))).await
            }
        };
        (sink.items, writes)
    }
}

/// Waits for an attempt, and for no longer than it may take.
async fn within<T>(
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

/// What a test says of a failure.
pub(super) fn describe<A: Action>(cause: FailureCause) -> ActionError {
    match cause {
        FailureCause::Error(error) => error,
        FailureCause::UnsetSlot(name) => unset::<A>(name),
        FailureCause::MissingInput(name) => not_given::<A>(name),
        other => ActionError::msg(Failure::new(A::INFO.name, 1, other).to_string()),
    }
}

fn unset<A: Action>(slot: &str) -> ActionError {
    ActionError::msg(format!(
        "`{}` reads the slot `{slot}`, which has no value in the state of the test",
        A::INFO.name
    ))
}

fn not_given<A: Action>(name: &str) -> ActionError {
    ActionError::msg(format!(
        "the test of `{}` gives no `{name}` of the type that the action asks for",
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
