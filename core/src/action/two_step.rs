//! Actions in two steps: produce items, then convert the result into writes.

use super::{Action, ActionInfo, Attempt, Result, UnsetSlot, Writes};
use crate::{
    state::State,
    stream::{Yielder, Yielding, Yields},
};

/// A hand-written action that separates streaming from updating: [`produce`](TwoStep::produce) yields items and
/// returns an output, [`update`](TwoStep::update) converts the output into writes.
///
/// Every implementor is an [`Action`]. The idea comes from Burr, whose streaming actions have `run` and
/// `update`; here, an error after the first item is an error and not a partial result.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action",
    label = "not an action",
    note = "write `#[action(state = …)]` or `#[streaming_action(state = …)]` above a function, or implement `burdock::Action`"
)]
pub trait TwoStep: Sized + 'static {
    /// The state.
    type State: State;
    /// The fields that the action reads, borrowed.
    type Reads<'a>: Clone + Send + Sync;
    /// New values for the fields that the action writes.
    type Writes: Writes<State = Self::State>;
    /// The items: [`Items<T>`](crate::stream::Items) or [`NoItems`](crate::stream::NoItems).
    type Yields: Yielding;
    /// The output of [`produce`](Self::produce).
    type Output: Send;
    /// The name and the declarations of the action.
    const INFO: ActionInfo;

    /// Borrows the fields that the action reads.
    ///
    /// # Errors
    /// Returns an error if a slot has no value.
    fn reads(state: &Self::State) -> std::result::Result<Self::Reads<'_>, UnsetSlot>;

    /// Yields items and returns an output.
    fn produce<'a>(
        reads: Self::Reads<'a>,
        yielder: Yielder<'a, Yields<Self::Yields>>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Converts the output into writes.
    ///
    /// # Errors
    /// Returns an error if the output cannot be stored in the state.
    fn update(reads: Self::Reads<'_>, output: Self::Output) -> Result<Self::Writes>;
}

impl<A: TwoStep> Action for A {
    type State = A::State;
    type Reads<'a> = A::Reads<'a>;
    type Args<'a> = ();
    type Params = ();
    type Writes = A::Writes;
    type Yields = A::Yields;
    const INFO: ActionInfo = A::INFO;

    fn reads(state: &Self::State) -> std::result::Result<Self::Reads<'_>, UnsetSlot> {
        A::reads(state)
    }

    async fn run(attempt: Attempt<'_, Self>) -> Result<Self::Writes> {
        let output = A::produce(attempt.reads.clone(), attempt.yielder).await?;
        A::update(attempt.reads, output)
    }
}
