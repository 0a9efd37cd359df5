//! Passing inputs and resources from a graph to an action.

use super::{ActionError, Failure, UnsetSlot};
use crate::{graph::BindingInfo, sealed::Sealed};
use std::{marker::PhantomData, sync::Arc};

/// A source of inputs and resources for actions: a graph, or a test of one action.
///
/// The trait is sealed: `graph!` implements it.
pub trait Scope: Sealed + Sized + 'static {
    /// The inputs, which each run takes.
    type Inputs: Clone + Send + Sync + 'static;
    /// The resources, which the app takes once.
    type Resources: Send + Sync + 'static;
    /// The names and the types of the resources.
    #[doc(hidden)]
    const RESOURCES: &'static [BindingInfo] = &[];
}

/// A graph that has an input of this name and type; `graph!` implements it.
pub trait HasInput<const HASH: u64, T>: Scope {
    /// Returns the input; `None` if it is optional and was not given.
    fn input(inputs: &Self::Inputs) -> Option<&T>;
}

/// A graph that has a resource of this name and type; `graph!` implements it.
pub trait HasResource<const HASH: u64, T>: Scope {
    /// Returns the resource; `None` only in a test that did not set it.
    fn resource(resources: &Self::Resources) -> Option<&T>;
}

/// The result of [`Action::reads`](super::Action::reads), for expansions.
#[doc(hidden)]
pub type ReadsResult<R> = Result<R, UnsetSlot>;

/// Collects the inputs and resources that an action needs from a scope.
///
/// `#[action]` implements it for the arguments of a function. Implement it for the
/// [`Args`](super::Action::Args) of an action without macros that has inputs or resources:
///
/// ```
/// use burdock::{
///     action::{ActionInfo, Attempt, Collect, HasInput, Missing, NeedInfo, UnsetSlot, Writes},
///     graph::name_hash,
///     prelude::*,
///     state::set_of,
///     stream::NoItems,
/// };
/// # use serde::{Deserialize, Serialize};
/// use std::sync::Arc;
///
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter {
/// #     count: u64,
/// # }
/// # struct Count(u64);
/// # impl Writes for Count {
/// #     type State = Counter;
/// #     type Undo = u64;
/// #     fn apply(self, state: &mut Counter) -> u64 {
/// #         std::mem::replace(&mut state.count, self.0)
/// #     }
/// #     fn undo(undo: u64, state: &mut Counter) {
/// #         state.count = undo;
/// #     }
/// #     fn of(state: &Counter) -> Self {
/// #         Count(state.count)
/// #     }
/// # }
/// /// Adds the input `step` to the count.
/// struct Add;
///
/// /// The inputs of [`Add`].
/// struct AddArgs<'a> {
///     step: &'a u64,
/// }
///
/// impl<'a, S: HasInput<{ name_hash("step") }, u64>> Collect<'a, S> for AddArgs<'a> {
///     fn collect(inputs: &'a S::Inputs, _: &'a Arc<S::Resources>) -> Result<Self, Missing> {
///         let step = S::input(inputs).ok_or(Missing("step"))?;
///         Ok(AddArgs { step })
///     }
///
///     fn missing(inputs: &S::Inputs) -> Option<&'static str> {
///         S::input(inputs).is_none().then_some("step")
///     }
/// }
///
/// impl Action for Add {
///     type State = Counter;
///     type Reads<'a> = u64;
///     type Args<'a> = AddArgs<'a>;
///     type Params = ();
///     type Writes = Count;
///     type Yields = NoItems;
///     const INFO: ActionInfo = ActionInfo::new("Add")
///         .needs(&[NeedInfo::input("step", "u64")])
///         .reads(set_of(Counter::FIELDS, &["count"]))
///         .writes(set_of(Counter::FIELDS, &["count"]));
///
///     fn reads(state: &Counter) -> Result<u64, UnsetSlot> {
///         Ok(state.count)
///     }
///
///     async fn run(attempt: Attempt<'_, Self>) -> Result<Count> {
///         Ok(Count(attempt.reads + attempt.args.step))
///     }
/// }
///
/// graph! {
///     /// Adds once.
///     Adding(Counter) {
///         inputs { step: u64 }
///         nodes { add: Add }
///         start add;
///         add -> end;
///     }
/// }
/// # futures::executor::block_on(async {
/// let mut app = Adding::app().build().await?;
/// assert_eq!(app.run(AddingInputs { step: 3 }).await?.state().count, 3);
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub trait Collect<'a, S: Scope>: Sized {
    /// Collects the arguments of one attempt.
    ///
    /// # Errors
    /// Returns an error if an optional input was not given.
    fn collect(inputs: &'a S::Inputs, resources: &'a Arc<S::Resources>) -> Result<Self, Missing>;

    /// Returns the first input that the action needs and that was not given.
    fn missing(inputs: &S::Inputs) -> Option<&'static str>;
}

/// The `Reads` of an action that declares no reads.
#[derive(Clone, Copy, Debug)]
pub struct NoReads<'a>(PhantomData<&'a ()>);

impl<'a> NoReads<'a> {
    #[doc(hidden)]
    pub fn __of<S>(_state: &'a S) -> Result<Self, UnsetSlot> {
        Ok(Self(PhantomData))
    }

    #[doc(hidden)]
    pub fn __none() -> Self {
        Self(PhantomData)
    }
}

/// The error of [`Collect::collect`]: an input, or in a test also a resource, was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing(
    /// Its name.
    pub &'static str,
);

impl<S: Scope> Collect<'_, S> for () {
    fn collect(_: &S::Inputs, _: &Arc<S::Resources>) -> Result<Self, Missing> {
        Ok(())
    }

    fn missing(_: &S::Inputs) -> Option<&'static str> {
        None
    }
}

/// A resource that a thread may own. It keeps all resources of the app alive.
pub type OwnedResource<T> = Box<dyn AsResource<T> + Send>;

/// The trait of [`OwnedResource`].
pub trait AsResource<T> {
    /// The resource.
    fn as_resource(&self) -> Option<&T>;
}

/// Creates an [`OwnedResource`].
pub fn own_resource<const HASH: u64, T, S>(resources: &Arc<S::Resources>) -> OwnedResource<T>
where
    S: HasResource<HASH, T>,
    T: 'static,
{
    struct All<const HASH: u64, S: Scope>(Arc<S::Resources>);

    impl<const HASH: u64, T, S: HasResource<HASH, T>> AsResource<T> for All<HASH, S> {
        fn as_resource(&self) -> Option<&T> {
            S::resource(&self.0)
        }
    }

    Box::new(All::<HASH, S>(Arc::clone(resources)))
}

/// Returns the value of a parameter.
///
/// # Errors
/// Returns an error if the parameter is not bound, which is possible only in a test.
#[doc(hidden)]
pub fn bound<T>(value: Option<T>, name: &str) -> Result<T, ActionError> {
    value.ok_or_else(|| ActionError::msg(format!("the parameter `{name}` is not bound")).terminal())
}

/// Returns the failure that an `on error` edge passed.
///
/// # Errors
/// Returns an error if there is none, which is possible only in a test.
#[doc(hidden)]
pub fn given<'a>(failure: Option<&'a Failure>, name: &str) -> Result<&'a Failure, ActionError> {
    failure.ok_or_else(|| {
        ActionError::msg(format!("`{name}` needs a failure, but none was given")).terminal()
    })
}
