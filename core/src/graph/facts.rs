//! What a graph learns about an action, without a second error when the action does not fit.
//!
//! rustc picks an inherent item before one of a trait, and passes over inherent impls whose bounds
//! do not hold. So `Facts::<A, S>::FACT` is the action's own when `A` is an action over `S`, and
//! harmless otherwise: the one error comes from the check that names the path.

use crate::{
    action::{Action, ActionInfo, Collect, FailureCause, Writes as _},
    graph::{Graph, NodeRunner, Retry, StepResult, flow::Fact},
    state::FieldSet,
    stream::{Convert, Items, Yielding},
};
use std::{future::Ready, marker::PhantomData, time::Duration};

/// What `A` declares, as an action over `S`.
#[derive(Debug)]
pub struct Facts<A, S>(PhantomData<(A, S)>);

impl<A: Action<State = S>, S> Facts<A, S> {
    /// What it declares, and whether it yields items.
    pub const FACT: Fact =
        Fact { info: A::INFO, streams: <A::Yields as Yielding>::STREAMS, known: !A::INFO.refused };
}

/// What stands for the facts of something that is no action over `S`.
pub trait NoFacts {
    /// Writes everything, so that no later node seems to read before a write.
    const FACT: Fact =
        Fact { info: ActionInfo::new("").writes(FieldSet::ALL), streams: false, known: false };
}

impl<A, S> NoFacts for Facts<A, S> {}

/// An action as a node of a graph: whether it fits, and how it runs.
#[derive(Debug)]
pub struct Visit<A, G>(PhantomData<(A, G)>);

impl<A, G> Visit<A, G>
where
    G: Graph,
    A: Action<State = G::State>,
    for<'a> A::Args<'a>: Collect<'a, G>,
    A::Yields: Convert<G::Item>,
{
    /// Makes one attempt and commits it.
    #[inline]
    pub fn perform(
        runner: impl NodeRunner<G>,
        bind: impl FnOnce(&mut A::Params) + Send,
    ) -> impl Future<Output = StepResult> + Send {
        runner.run::<A>(bind)
    }

    /// Makes one attempt at an action whose parameters all have defaults.
    #[inline]
    pub fn perform_unbound(runner: impl NodeRunner<G>) -> impl Future<Output = StepResult> + Send {
        runner.run::<A>(|_| ())
    }

    /// The first input that it needs and that was not given.
    pub fn missing_input(inputs: &G::Inputs) -> Option<&'static str> {
        <A::Args<'_> as Collect<G>>::missing(inputs)
    }

    /// Copies what it wrote out of the state.
    pub fn writes(state: &G::State) -> A::Writes {
        A::Writes::of(state)
    }
}

/// What stands for [`Visit`] when the action does not fit the graph; it is never run.
pub trait Unvisitable<G: Graph> {
    /// Is never called.
    fn perform<R: NodeRunner<G>, P>(runner: R, bind: P) -> Ready<StepResult> {
        drop(bind);
        Self::perform_unbound(runner)
    }

    /// Is never called.
    fn perform_unbound<R: NodeRunner<G>>(runner: R) -> Ready<StepResult> {
        let node = runner.node();
        let misfit = format!("the action of node `{node}` does not fit the graph");
        std::future::ready(Err(FailureCause::Panic(misfit).into()))
    }

    /// Is never called.
    fn missing_input(_: &G::Inputs) -> Option<&'static str> {
        None
    }

    /// Is never called.
    #[expect(clippy::unreachable, reason = "stands only beside a compile error")]
    fn writes<W>(_: &G::State) -> W {
        unreachable!()
    }
}

impl<A, G: Graph> Unvisitable<G> for Visit<A, G> {}

/// Says that a graph is over this state; `graph!` implements it.
#[diagnostic::on_unimplemented(
    message = "this action works on another state than the graph",
    label = "works on `{S}`",
    note = "a graph has one state, in parentheses after its name"
)]
pub trait Over<S> {}

impl<A: Action, G: Graph> Visit<A, G> {
    /// Compiles when the graph has the action's state.
    pub fn over()
    where
        G: Over<A::State>,
    {
    }
}

impl<A: Action, G: Graph> Visit<A, G>
where
    for<'a> A::Args<'a>: Collect<'a, G>,
{
    /// The graph has the inputs and resources that the action needs.
    pub const FITS: bool = true;
}

impl<A: Action<Yields = Items<I>>, G: Graph, I: Into<G::Item>> Visit<A, G> {
    /// The items of the action convert.
    pub const CONVERTS: bool = true;
}

/// Fallback of [`Visit`] for a type that is not an action, which another check reports.
pub trait Unfit {
    /// The graph lacks an input or a resource.
    const FITS: bool = false;
    /// The items of the action do not convert, or there are none.
    const CONVERTS: bool = false;

    /// Always compiles.
    fn over() {}
}

impl<A, G> Unfit for Visit<A, G> {}

/// The argument of `#[timeout(…)]`.
pub const fn timeout(after: Duration) -> Option<Duration> {
    Some(after)
}

/// The argument of `#[retry(…)]`.
pub fn retry(policy: impl Into<Retry>) -> Option<Retry> {
    Some(policy.into())
}

/// Binds a parameter.
pub fn bind<T>(parameter: &mut Option<T>, value: T) {
    *parameter = Some(value);
}
