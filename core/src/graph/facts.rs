//! What a graph learns about an action, without a second error when the action does not fit.
//!
//! rustc picks an inherent item before one of a trait, and passes over inherent impls whose bounds
//! do not hold. So `Facts::<A, S>::FACT` is the action's own when `A` is an action over `S`, and
//! harmless otherwise: the one error comes from the probe that names the path.

use crate::{
    action::{Action, ActionInfo, Collect, Writes as _},
    graph::{Fact, Graph},
    run::{Retry, StepResult, StepRun},
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
        Fact { info: A::INFO, streams: <A::Yields as Yielding>::STREAMS, known: true };
}

/// What stands for the facts of something that is no action over `S`.
pub trait NoFacts {
    /// Writes everything, so that no later node seems to read before a write.
    const FACT: Fact =
        Fact { info: ActionInfo::new("").writes(FieldSet::ALL), streams: false, known: false };
}

impl<A, S> NoFacts for Facts<A, S> {}

/// Runs an action as a node of a graph.
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
        step: StepRun<'_, G>,
        bind: impl FnOnce(&mut A::Params) + Send,
    ) -> impl Future<Output = StepResult> + Send {
        crate::run::perform::<A, G>(step, bind)
    }

    /// Makes one attempt at an action whose parameters all have defaults.
    #[inline]
    pub fn perform_unbound(step: StepRun<'_, G>) -> impl Future<Output = StepResult> + Send {
        crate::run::perform::<A, G>(step, |_| ())
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
    fn perform<P>(step: StepRun<'_, G>, bind: P) -> Ready<StepResult> {
        drop(bind);
        std::future::ready(Err(step.misfit().into()))
    }

    /// Is never called.
    fn perform_unbound(step: StepRun<'_, G>) -> Ready<StepResult> {
        std::future::ready(Err(step.misfit().into()))
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

/// Says that an item of an action becomes one of the graph.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not convert into `{T}`, the type that the graph yields",
    label = "an action yields `{Self}`",
    note = "implement `From<{Self}>` for `{T}`, or let the graph yield another type"
)]
pub trait ItemOf<T> {}

#[diagnostic::do_not_recommend]
impl<I: Into<T>, T> ItemOf<T> for I {}

/// Where rustc says that an action does not fit a graph.
#[derive(Debug)]
pub struct Probe<A, G>(PhantomData<(A, G)>);

impl<A: Action, G: Graph> Probe<A, G> {
    /// Compiles when the graph has the action's state and everything that it needs.
    pub fn fits()
    where
        G: Over<A::State>,
        for<'a> A::Args<'a>: Collect<'a, G>,
    {
    }
}

impl<A: Action<Yields = Items<I>>, G: Graph, I> Probe<A, G> {
    /// Compiles when the items of the action convert.
    pub fn converts()
    where
        I: ItemOf<G::Item>,
    {
    }
}

/// What [`Probe`] falls back to: that something is no action is said elsewhere.
pub trait NoProbe {
    /// Always compiles.
    fn fits() {}

    /// Always compiles.
    fn converts() {}
}

impl<A, G> NoProbe for Probe<A, G> {}

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
