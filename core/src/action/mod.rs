//! Actions, which read some fields of the state and return new values for others.
//!
//! `#[action]` and `#[streaming_action]` turn a function into an action. [`Action`] can also be
//! implemented by hand, and [`TwoStep`] separates producing items from converting them into writes.

pub(crate) mod args;
pub(crate) mod debug;
mod error;
mod extent;
mod failure;
pub(crate) mod mapped;
mod once;
pub(crate) mod thread;
mod transaction;
mod two_step;

pub use self::args::{Collect, HasInput, HasResource, Missing, NoReads, Scope};
pub(crate) use self::error::mark_terminal;
pub use self::error::{ActionError, Result};
pub use self::extent::WriteExtent;
pub(crate) use self::failure::chain;
pub use self::failure::{Failure, FailureCause};
pub use self::once::CallError;
pub(crate) use self::once::OpenCall;
pub use self::transaction::TransactionCall;
pub use self::two_step::TwoStep;
pub use crate::stream::Context;

use crate::{
    graph::ChildInfo,
    state::{FieldPatches, FieldSet, PatchFailed, State},
    stream::{Yielder, Yielding, Yields},
};

/// An action: the work of a node.
///
/// `#[action]` and `#[streaming_action]` implement it, and prove that the body accesses only the fields that it
/// declares. In a hand-written implementation, [`reads`](Action::reads) and [`Writes`] have to access only the
/// fields that [`INFO`](Action::INFO) declares:
///
/// ```
/// use burdock::{prelude::*, action::{Attempt, ActionInfo, Writes, UnsetSlot}, state::set_of, stream::NoItems};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(State, Clone, Default, Serialize, Deserialize)]
/// struct Counter {
///     count: u64,
/// }
///
/// /// Adds one.
/// struct Increment;
///
/// /// The writes of [`Increment`].
/// struct Count(u64);
///
/// impl Writes for Count {
///     type State = Counter;
///     type Undo = u64;
///
///     fn apply(self, state: &mut Counter) -> u64 {
///         std::mem::replace(&mut state.count, self.0)
///     }
///
///     fn undo(undo: u64, state: &mut Counter) {
///         state.count = undo;
///     }
///
///     fn of(state: &Counter) -> Self {
///         Count(state.count)
///     }
/// }
///
/// impl Action for Increment {
///     type State = Counter;
///     type Reads<'a> = u64;
///     type Args<'a> = ();
///     type Params = ();
///     type Writes = Count;
///     type Yields = NoItems;
///     const INFO: ActionInfo = ActionInfo::new("Increment")
///         .reads(set_of(Counter::FIELDS, &["count"]))
///         .writes(set_of(Counter::FIELDS, &["count"]));
///
///     fn reads(state: &Counter) -> Result<u64, UnsetSlot> {
///         Ok(state.count)
///     }
///
///     async fn run(attempt: Attempt<'_, Self>) -> Result<Count> {
///         Ok(Count(attempt.reads + 1))
///     }
/// }
///
/// graph! {
///     /// Counts to three.
///     Counting(Counter) {
///         nodes { increment: Increment }
///         start increment;
///         increment -> if state.count < 3 { increment } else { end };
///     }
/// }
/// # futures::executor::block_on(async {
/// let mut app = Counting::app().build().await?;
/// assert_eq!(app.run(CountingInputs {}).await?.state().count, 3);
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action",
    label = "not an action",
    note = "write `#[action(state = …)]` or `#[streaming_action(state = …)]` above a function, or implement `burdock::Action`"
)]
pub trait Action: Sized + 'static {
    /// The state.
    type State: State;
    /// The fields that the action reads, borrowed.
    type Reads<'a>: Send;
    /// The inputs and resources that the action needs; `()` for none. See [`Collect`].
    type Args<'a>: Send;
    /// The parameters that a graph binds where it names the node.
    type Params: Default + Send;
    /// New values for the fields that the action writes.
    type Writes: Writes<State = Self::State>;
    /// The items: [`Items<T>`](crate::stream::Items) or [`NoItems`](crate::stream::NoItems).
    type Yields: Yielding;
    /// The name and the declarations of the action.
    const INFO: ActionInfo;

    /// Borrows the fields that the action reads.
    ///
    /// # Errors
    /// Returns an error if a slot has no value.
    fn reads(state: &Self::State) -> std::result::Result<Self::Reads<'_>, UnsetSlot>;

    /// Executes one attempt.
    ///
    /// # Cancel safety
    /// Cancelling a run drops the future, and nothing is written.
    fn run(attempt: Attempt<'_, Self>) -> impl Future<Output = Result<Self::Writes>> + Send;
}

/// The arguments of one attempt at an action.
pub struct Attempt<'a, A: Action> {
    /// The fields that the action reads.
    pub reads: A::Reads<'a>,
    /// The inputs and resources of the action.
    pub args: A::Args<'a>,
    /// The parameters of the action.
    pub params: A::Params,
    /// The context of the attempt.
    pub context: &'a Context,
    /// The failure that an `on error` edge passed.
    pub failure: Option<&'a Failure>,
    /// Sends the items to the consumer.
    pub yielder: Yielder<'a, Yields<A::Yields>>,
}

impl<A: Action> std::fmt::Debug for Attempt<'_, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt")
            .field("action", &A::INFO.name)
            .field("context", self.context)
            .finish_non_exhaustive()
    }
}

/// New values for some fields of a state.
///
/// A commit swaps them in, and out again if the log does not store it.
pub trait Writes: Sized + Send {
    /// The state.
    type State;
    /// The old values.
    type Undo: Send;

    /// Swaps the values into the state and returns the old ones.
    fn apply(self, state: &mut Self::State) -> Self::Undo;

    /// Restores the old values.
    fn undo(undo: Self::Undo, state: &mut Self::State);

    /// Returns the patches of a commit that was applied, for the log: one for each written field that changed,
    /// by its name in JSON.
    ///
    /// Returns `None` by default: the log then records all fields that the action declares.
    ///
    /// # Errors
    /// Returns an error if a value cannot be represented in JSON.
    fn patches(
        undo: &Self::Undo,
        state: &Self::State,
    ) -> Option<Result<FieldPatches, PatchFailed>> {
        let _ = (undo, state);
        None
    }

    /// Copies the written fields from a state in which they are set.
    ///
    /// `Writes` that `#[action]` generates have neither optional writes nor appended elements then, because a state
    /// does not show them; [`of_step`](Self::of_step) does.
    fn of(state: &Self::State) -> Self;

    /// Copies what a step wrote from the state after it. `extent` is that of the step.
    ///
    /// Defaults to [`of`](Self::of).
    fn of_step(state: &Self::State, extent: &WriteExtent) -> Self {
        let _ = extent;
        Self::of(state)
    }

    /// Returns the part of the writes that the state after the step does not show. `undo` is the result of
    /// [`apply`](Self::apply).
    ///
    /// Defaults to an empty extent.
    fn extent(undo: &Self::Undo) -> WriteExtent {
        let _ = undo;
        WriteExtent::new()
    }
}

/// The declarations of an action.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ActionInfo {
    /// The name of the action.
    pub name: &'static str,
    /// The documentation of the action.
    pub docs: &'static str,
    /// The type of the state, as written; empty if it is not known.
    pub state: &'static str,
    /// The fields that the action reads.
    pub reads: FieldSet,
    /// The fields that the action writes, including those in [`optional_writes`](Self::optional_writes).
    pub writes: FieldSet,
    /// The fields that the action writes on some paths only: `writes(field?)`.
    pub optional_writes: FieldSet,
    /// The inputs and resources that the action needs.
    pub needs: &'static [NeedInfo],
    /// The graphs that the action runs as children.
    pub graphs: &'static [ChildInfo],
    /// The type of the items, as written; empty if it is not known.
    pub yields: &'static str,
    /// The parameters of the action.
    pub params: &'static [ParamInfo],
    /// Whether the action takes the failure that an `on error` edge passes.
    pub failure: bool,
    /// Whether the action did not compile, so that its declarations are incomplete.
    #[doc(hidden)]
    pub refused: bool,
}

/// An input or a resource of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NeedInfo {
    /// Whether it is an input or a resource.
    pub kind: NeedKind,
    /// The name.
    pub name: &'static str,
    /// The type as written, without a reference; for messages.
    pub ty: &'static str,
}

impl NeedInfo {
    /// Returns an input of this name and type.
    pub const fn input(name: &'static str, ty: &'static str) -> Self {
        Self { kind: NeedKind::Input, name, ty }
    }

    /// Returns a resource of this name and type.
    pub const fn resource(name: &'static str, ty: &'static str) -> Self {
        Self { kind: NeedKind::Resource, name, ty }
    }
}

/// The kind of a [`NeedInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NeedKind {
    /// An input, which each run takes.
    Input,
    /// A resource, which the app takes once.
    Resource,
}

impl NeedKind {
    /// Returns `input` or `resource`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Resource => "resource",
        }
    }
}

/// A parameter of an action.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ParamInfo {
    /// The name of the parameter.
    pub name: &'static str,
    /// The hash of the name.
    pub hash: u64,
    /// Whether the parameter has a default.
    pub optional: bool,
}

impl ParamInfo {
    /// Returns a parameter that has to be bound; `hash` is the [`name_hash`](crate::graph::name_hash) of its name.
    pub const fn required(name: &'static str, hash: u64) -> Self {
        Self { name, hash, optional: false }
    }

    /// Returns a parameter that has a default.
    pub const fn optional(name: &'static str, hash: u64) -> Self {
        Self { name, hash, optional: true }
    }
}

impl ActionInfo {
    /// Returns an action of this name without reads, writes and needs.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            docs: "",
            state: "",
            reads: FieldSet::EMPTY,
            writes: FieldSet::EMPTY,
            optional_writes: FieldSet::EMPTY,
            needs: &[],
            graphs: &[],
            yields: "",
            params: &[],
            failure: false,
            refused: false,
        }
    }

    /// Sets the documentation.
    #[must_use]
    pub const fn docs(self, docs: &'static str) -> Self {
        Self { docs, ..self }
    }

    /// Sets the type of the state, as written; for messages.
    #[must_use]
    pub const fn state(self, state: &'static str) -> Self {
        Self { state, ..self }
    }

    /// Sets the state and the fields, for expansions.
    #[doc(hidden)]
    #[must_use]
    pub const fn over(self, state: &'static str, reads: FieldSet, writes: FieldSet) -> Self {
        Self { state, reads, writes, ..self }
    }

    /// Declares the fields that the action reads.
    #[must_use]
    pub const fn reads(self, reads: FieldSet) -> Self {
        Self { reads, ..self }
    }

    /// Declares the fields that the action writes.
    #[must_use]
    pub const fn writes(self, writes: FieldSet) -> Self {
        Self { writes, ..self }
    }

    /// Declares which of the written fields the action writes on some paths only. They do not count as written where
    /// a graph reads a slot.
    #[must_use]
    pub const fn optional_writes(self, optional_writes: FieldSet) -> Self {
        Self { optional_writes, ..self }
    }

    /// Declares the inputs and resources that the action needs.
    #[must_use]
    pub const fn needs(self, needs: &'static [NeedInfo]) -> Self {
        Self { needs, ..self }
    }

    /// Declares the graphs that the action runs as children.
    #[must_use]
    pub const fn graphs(self, graphs: &'static [ChildInfo]) -> Self {
        Self { graphs, ..self }
    }

    /// Declares the name of the item type.
    #[must_use]
    pub const fn yields(self, yields: &'static str) -> Self {
        Self { yields, ..self }
    }

    /// Declares the parameters.
    #[must_use]
    pub const fn params(self, params: &'static [ParamInfo]) -> Self {
        Self { params, ..self }
    }

    /// Declares that the action takes a failure.
    #[must_use]
    pub const fn failure(self) -> Self {
        Self { failure: true, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn refused(self) -> Self {
        Self { refused: true, ..self }
    }
}

/// The error of reading a slot that has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsetSlot(
    /// The name of the field.
    pub &'static str,
);
