//! The work of a node: it reads some fields of the state and returns new values for others.
//!
//! `#[action]` and `#[streaming_action]` make a type from a function; [`Action`] can also be
//! implemented by hand, and [`TwoStep`] keeps producing items apart from turning them into writes.

pub(crate) mod args;
mod error;
mod failure;
pub(crate) mod mapped;
pub(crate) mod shown;
pub(crate) mod thread;
mod two_step;

pub use self::args::{Collect, HasInput, HasResource, Missing, NoReads, Scope};
pub use self::error::{ActionError, Result};
pub(crate) use self::failure::chain;
pub use self::failure::{Failure, FailureCause};
pub use self::two_step::TwoStep;
pub use crate::stream::Context;

use crate::{
    state::{FieldPatches, FieldSet, PatchFailed, State},
    stream::{Yielder, Yielding, Yields},
};

/// The work of a node.
///
/// `#[action]` and `#[streaming_action]` implement it, and prove that the body keeps to what it
/// declares. By hand, [`INFO`](Action::INFO) is a promise that [`reads`](Action::reads) and
/// [`Writes`] have to keep:
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
/// /// What it writes.
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
    /// The state it works on.
    type State: State;
    /// The fields it reads, borrowed.
    type Reads<'a>: Send;
    /// The inputs and resources it needs; `()` for none. See [`Collect`] for how they are collected.
    type Args<'a>: Send;
    /// The parameters that a graph binds where it names the node.
    type Params: Default + Send;
    /// New values for the fields it writes.
    type Writes: Writes<State = Self::State>;
    /// [`Items<T>`](crate::stream::Items) or [`NoItems`](crate::stream::NoItems).
    type Yields: Yielding;
    /// Its name and what it declares.
    const INFO: ActionInfo;

    /// Borrows the fields that it reads.
    ///
    /// # Errors
    /// A slot that has no value.
    fn reads(state: &Self::State) -> std::result::Result<Self::Reads<'_>, UnsetSlot>;

    /// Does the work.
    ///
    /// # Cancel safety
    /// A run that is cancelled drops the future; nothing is written then.
    fn run(attempt: Attempt<'_, Self>) -> impl Future<Output = Result<Self::Writes>> + Send;
}

/// Everything that one attempt at an action is given.
pub struct Attempt<'a, A: Action> {
    /// The fields it reads.
    pub reads: A::Reads<'a>,
    /// Its inputs and resources.
    pub args: A::Args<'a>,
    /// Its parameters.
    pub params: A::Params,
    /// Where in the run it is.
    pub context: &'a Context,
    /// What an `on error` edge passed on.
    pub failure: Option<&'a Failure>,
    /// Takes its items.
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
/// A commit swaps them in, and out again if it cannot be made durable.
pub trait Writes: Sized + Send {
    /// The state.
    type State;
    /// The old values.
    type Undo: Send;

    /// Puts the values into the state and returns the old ones.
    fn apply(self, state: &mut Self::State) -> Self::Undo;

    /// Puts the old values back.
    fn undo(undo: Self::Undo, state: &mut Self::State);

    /// Says what a log is told about a commit that was applied: a patch for each written field that
    /// changed, by its name in JSON.
    ///
    /// `None` for writes that leave it to the log to write down all fields that the action declares.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    fn patches(
        undo: &Self::Undo,
        state: &Self::State,
    ) -> Option<Result<FieldPatches, PatchFailed>> {
        let _ = (undo, state);
        None
    }

    /// Copies the written fields out of a state that has them.
    fn of(state: &Self::State) -> Self;
}

/// What an action declares.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ActionInfo {
    /// Its name.
    pub name: &'static str,
    /// Its documentation.
    pub docs: &'static str,
    /// The fields that it reads.
    pub reads: FieldSet,
    /// The fields that it writes.
    pub writes: FieldSet,
    /// The inputs and resources that it needs.
    pub needs: &'static [NeedInfo],
    /// The type of its items as written; empty when it is not known.
    pub yields: &'static str,
    /// Its parameters.
    pub params: &'static [ParamInfo],
    /// Whether it asks for the failure that an `on error` edge passes on.
    pub failure: bool,
    /// Whether it stands for an action that has errors, of which little is known.
    #[doc(hidden)]
    pub refused: bool,
}

/// An input or a resource of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NeedInfo {
    /// Which of the two it is.
    pub kind: NeedKind,
    /// Its name.
    pub name: &'static str,
    /// Its type as written, without a reference; for messages.
    pub ty: &'static str,
}

impl NeedInfo {
    /// An input of this name and type.
    pub const fn input(name: &'static str, ty: &'static str) -> Self {
        Self { kind: NeedKind::Input, name, ty }
    }

    /// A resource of this name and type.
    pub const fn resource(name: &'static str, ty: &'static str) -> Self {
        Self { kind: NeedKind::Resource, name, ty }
    }
}

/// What an action needs from its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NeedKind {
    /// Given per run.
    Input,
    /// Given once per app.
    Resource,
}

impl NeedKind {
    /// `input` or `resource`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Resource => "resource",
        }
    }
}

/// One parameter of an action.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ParamInfo {
    /// Its name.
    pub name: &'static str,
    /// The hash of its name.
    pub hash: u64,
    /// Whether it may be left out.
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
    /// An action of this name that reads, writes and needs nothing.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            docs: "",
            reads: FieldSet::EMPTY,
            writes: FieldSet::EMPTY,
            needs: &[],
            yields: "",
            params: &[],
            failure: false,
            refused: false,
        }
    }

    /// Declares what it is for.
    #[must_use]
    pub const fn docs(self, docs: &'static str) -> Self {
        Self { docs, ..self }
    }

    /// Declares the fields that it reads.
    #[must_use]
    pub const fn reads(self, reads: FieldSet) -> Self {
        Self { reads, ..self }
    }

    /// Declares the fields that it writes.
    #[must_use]
    pub const fn writes(self, writes: FieldSet) -> Self {
        Self { writes, ..self }
    }

    /// Declares the inputs and resources that it needs.
    #[must_use]
    pub const fn needs(self, needs: &'static [NeedInfo]) -> Self {
        Self { needs, ..self }
    }

    /// Declares how the type of its items is called.
    #[must_use]
    pub const fn yields(self, yields: &'static str) -> Self {
        Self { yields, ..self }
    }

    /// Declares its parameters.
    #[must_use]
    pub const fn params(self, params: &'static [ParamInfo]) -> Self {
        Self { params, ..self }
    }

    /// Declares that it asks for the failure.
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

/// A slot that was read has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsetSlot(
    /// The name of the field.
    pub &'static str,
);
