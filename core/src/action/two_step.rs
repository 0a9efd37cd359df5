//! Actions in two steps: produce items, then turn the result into writes.

use super::{Action, ActionInfo, Attempt, Result, UnsetSlot, Writes};
use crate::{
    state::State,
    stream::{Yielder, Yielding, Yields},
};

/// An action by hand that keeps streaming apart from updating: [`produce`](TwoStep::produce)
/// yields items and ends with a result, [`update`](TwoStep::update) turns the result into writes.
///
/// Whatever implements it is an [`Action`]. The idea is Burr's, whose streaming actions have `run`
/// and `update`; here an error after the first item is an error, not half a result.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action",
    label = "not an action",
    note = "write `#[action(state = …)]` or `#[streaming_action(state = …)]` above a function, or implement `burdock::Action`"
)]
pub trait TwoStep: Sized + 'static {
    /// The state it works on.
    type State: State;
    /// The fields it reads, borrowed.
    type Reads<'a>: Clone + Send + Sync;
    /// New values for the fields it writes.
    type Writes: Writes<State = Self::State>;
    /// What it yields.
    type Yields: Yielding;
    /// What producing ends with.
    type Output: Send;
    /// Its name and what it declares.
    const INFO: ActionInfo;

    /// Borrows the fields that it reads.
    ///
    /// # Errors
    /// A slot that has no value.
    fn reads(state: &Self::State) -> std::result::Result<Self::Reads<'_>, UnsetSlot>;

    /// Yields items and ends with a result.
    fn produce<'a>(
        reads: Self::Reads<'a>,
        yielder: Yielder<'a, Yields<Self::Yields>>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Turns the result into writes.
    ///
    /// # Errors
    /// Whatever makes the result unfit for the state.
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
