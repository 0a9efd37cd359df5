//! The starts of children: keys, states and inputs; and the resources that they have from their parents.

use crate::{
    action::{HasResource, Missing, Scope},
    graph::Graph,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{marker::PhantomData, sync::Arc};

/// The items of a child: they are read back from its log in another attempt.
#[diagnostic::on_unimplemented(
    message = "the items `{Self}` of a child cannot be recorded and read back",
    label = "the graph yields `{Self}`, which does not implement `Serialize` and `DeserializeOwned`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for the type after `yields`"
)]
pub trait ChildItem: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> ChildItem for T {}

/// The start of a child: `(key, inputs)` if its state implements `Default`, or `(key, state, inputs)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not start a child of `{G}`",
    label = "expected `(key, inputs)` or `(key, state, inputs)`",
    note = "`(key, inputs)` needs a state that implements `Default`"
)]
pub trait SubStart<G: Graph> {
    #[doc(hidden)]
    fn start(self) -> ChildStart<G>;
}

/// The key, the initial state and the inputs of a child.
#[doc(hidden)]
pub struct ChildStart<G: Graph> {
    pub(super) key: Arc<str>,
    pub(super) state: G::State,
    /// Whether the state was given: only then it belongs to the identity of the child.
    pub(super) given: bool,
    pub(super) inputs: G::Inputs,
}

impl<G: Graph> std::fmt::Debug for ChildStart<G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChildStart").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<G: Graph<State: Default>, K: AsRef<str>> SubStart<G> for (K, G::Inputs) {
    fn start(self) -> ChildStart<G> {
        let (key, inputs) = (self.0.as_ref().into(), self.1);
        ChildStart { key, state: G::State::default(), given: false, inputs }
    }
}

impl<G: Graph, K: AsRef<str>> SubStart<G> for (K, G::State, G::Inputs) {
    fn start(self) -> ChildStart<G> {
        ChildStart { key: self.0.as_ref().into(), state: self.1, given: true, inputs: self.2 }
    }
}

/// A graph whose resources a parent has: `graph!` implements it for each graph.
#[diagnostic::on_unimplemented(
    message = "the graph `{Self}` cannot be a child here",
    label = "the parent lacks a resource of `{Self}`, or it is not `Clone`"
)]
pub trait Within<S: Scope>: Scope {
    /// Clones the resources of the child out of those of its parent.
    ///
    /// # Errors
    /// Returns an error if a resource is missing, which is possible only in a test.
    fn resources_within(parent: &S::Resources) -> Result<Self::Resources, Missing>;
}

/// A scope with a resource that can be cloned.
#[doc(hidden)]
pub trait CloneResource<const HASH: u64, T>: Scope {
    fn clone_resource(resources: &Self::Resources, name: &'static str) -> Result<T, Missing>;
}

impl<const HASH: u64, T: Clone, S: HasResource<HASH, T>> CloneResource<HASH, T> for S {
    fn clone_resource(resources: &S::Resources, name: &'static str) -> Result<T, Missing> {
        S::resource(resources).cloned().ok_or(Missing(name))
    }
}

/// The resources of a child, as an argument of an action. The lifetime is that of the attempt.
#[doc(hidden)]
#[derive(Debug)]
pub struct ChildResources<'a, G: Scope> {
    pub(super) all: Arc<G::Resources>,
    attempt: PhantomData<&'a ()>,
}

impl<G: Scope> ChildResources<'_, G> {
    /// Clones the resources out of those of the parent.
    ///
    /// # Errors
    /// Returns an error if a resource is missing, which is possible only in a test.
    pub fn within<S: Scope>(parent: &S::Resources) -> Result<Self, Missing>
    where
        G: Within<S>,
    {
        let all = Arc::new(G::resources_within(parent)?);
        Ok(Self { all, attempt: PhantomData })
    }
}
