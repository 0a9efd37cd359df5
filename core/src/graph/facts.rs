//! Facts about an action for its graph, without follow-up errors if the action does not fit.
//!
//! rustc prefers an inherent item to one of a trait, and skips inherent impls whose bounds do not
//! hold. `ActionFacts::<A, S>::FACT` is therefore the declaration of `A` if `A` is an action over `S`,
//! and otherwise the harmless default of [`FallbackFacts`]. The only error comes from the check that
//! names the path.

use crate::{
    action::{Action, ActionInfo, Collect, FailureCause, WriteExtent, Writes as _},
    graph::{Graph, NodeRunner, Retry, StepResult, flow::Fact},
    message::Text,
    state::FieldSet,
    stream::{Convert, Items, Yielding},
};
use std::{future::Ready, marker::PhantomData, time::Duration};

/// The facts about `A` as an action over `S`.
#[derive(Debug)]
pub struct ActionFacts<A, S>(PhantomData<(A, S)>);

impl<A: Action<State = S>, S> ActionFacts<A, S> {
    /// The declaration of the action, and whether it yields items.
    pub const FACT: Fact =
        Fact { info: A::INFO, streams: <A::Yields as Yielding>::STREAMS, known: !A::INFO.refused };
}

impl<A: Action, S> ActionFacts<A, S> {
    /// The declaration of the action over any state.
    pub const INFO: ActionInfo = A::INFO;
}

/// Fallback of [`ActionFacts`] for a type that is not an action over `S`.
pub trait FallbackFacts {
    /// An action that writes every field, so that no later node is reported to read a slot too early.
    const FACT: Fact =
        Fact { info: ActionInfo::new("").writes(FieldSet::ALL), streams: false, known: false };
    /// Not an action.
    const INFO: ActionInfo = ActionInfo::new("").refused();
}

impl<A, S> FallbackFacts for ActionFacts<A, S> {}

/// The action `A` as a node of graph `G`: whether it fits, and how it runs.
#[derive(Debug)]
pub struct NodeAction<A, G>(PhantomData<(A, G)>);

impl<A, G> NodeAction<A, G>
where
    G: Graph,
    A: Action<State = G::State>,
    for<'a> A::Args<'a>: Collect<'a, G>,
    A::Yields: Convert<G::Item>,
{
    /// Makes one attempt with the parameters that `bind` sets, and commits it.
    #[inline]
    pub fn perform(
        runner: impl NodeRunner<G>,
        bind: impl FnOnce(&mut A::Params) + Send,
    ) -> impl Future<Output = StepResult> + Send {
        runner.run::<A>(bind)
    }

    /// Makes one attempt and commits it, with the defaults of all parameters.
    #[inline]
    pub fn perform_unbound(runner: impl NodeRunner<G>) -> impl Future<Output = StepResult> + Send {
        runner.run::<A>(|_| ())
    }

    /// Returns the first input that the action needs and that is missing.
    pub fn missing_input(inputs: &G::Inputs) -> Option<&'static str> {
        <A::Args<'_> as Collect<G>>::missing(inputs)
    }

    /// Copies what a step of the action wrote out of the state after it.
    pub fn writes(state: &G::State, extent: &WriteExtent) -> A::Writes {
        A::Writes::of_step(state, extent)
    }
}

/// Fallback of [`NodeAction`] for an action that does not fit the graph. Such a program does not
/// compile, so these functions never run.
pub trait FallbackRunner<G: Graph> {
    /// Never called.
    fn perform<R: NodeRunner<G>, P>(runner: R, bind: P) -> Ready<StepResult> {
        drop(bind);
        Self::perform_unbound(runner)
    }

    /// Never called.
    fn perform_unbound<R: NodeRunner<G>>(runner: R) -> Ready<StepResult> {
        let node = runner.node();
        let misfit = format!("the action of node `{node}` does not fit the graph");
        std::future::ready(Err(FailureCause::Panic(misfit).into()))
    }

    /// Never called.
    fn missing_input(_: &G::Inputs) -> Option<&'static str> {
        None
    }

    /// Never called.
    #[expect(clippy::unreachable, reason = "only compiled next to a compile error")]
    fn writes<W>(_: &G::State, _: &WriteExtent) -> W {
        unreachable!()
    }
}

impl<A, G: Graph> FallbackRunner<G> for NodeAction<A, G> {}

impl<A: Action, G: Graph<State = A::State>> NodeAction<A, G> {
    /// Whether the graph has the action's state.
    pub const OVER: bool = true;
}

impl<A: Action, G: Graph> NodeAction<A, G>
where
    for<'a> A::Args<'a>: Collect<'a, G>,
{
    /// Whether the graph has the inputs and resources that the action needs.
    pub const FITS: bool = true;
}

impl<A: Action<Yields = Items<I>>, G: Graph, I: Into<G::Item>> NodeAction<A, G> {
    /// Whether the items of the action convert into those of the graph.
    pub const CONVERTS: bool = true;
}

/// Fallback of the checks of [`NodeAction`] that fail. For a type that is not an action, another check
/// reports the error.
pub trait FallbackFit {
    /// The graph has another state.
    const OVER: bool = false;
    /// The graph lacks an input or a resource.
    const FITS: bool = false;
    /// The items of the action do not convert, or there are none.
    const CONVERTS: bool = false;
}

impl<A, G> FallbackFit for NodeAction<A, G> {}

/// Returns whether there are several actions, and all have another state than the graph. `infos` has the declarations
/// of the actions over any state.
pub const fn all_differ(facts: &[Fact], infos: &[ActionInfo]) -> bool {
    let mut index = 0;
    while index < facts.len() {
        if facts[index].known || infos[index].refused {
            return false;
        }
        index += 1;
    }
    facts.len() > 1
}

/// Rejects a graph whose state is that of none of its actions.
///
/// # Panics
/// Panics if `all_differ`, in constant evaluation.
#[track_caller]
#[expect(clippy::panic, reason = "a panic in constant evaluation is a compile error")]
pub const fn check_state(all_differ: bool, state: &str) {
    if all_differ {
        let mut text = Text::new();
        text.push("no action of the graph uses its state `");
        text.push(state);
        text.push("`\nhelp: write the state of the actions after the name of the graph");
        panic!("{}", text.as_str());
    }
}

/// Converts the argument of `#[timeout(…)]`.
pub const fn timeout(after: Duration) -> Option<Duration> {
    Some(after)
}

/// Converts the argument of `#[retry(…)]`.
pub fn retry(policy: impl Into<Retry>) -> Option<Retry> {
    Some(policy.into())
}

/// Sets a parameter to the value that the graph binds.
pub fn bind<T>(parameter: &mut Option<T>, value: T) {
    *parameter = Some(value);
}
