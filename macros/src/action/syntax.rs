//! The syntax tree of an action.

use super::Kind;
use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Block, Expr, Path, Signature, Type, Visibility};

/// An action as written.
pub(super) struct ActionSyntax {
    pub(super) kind: Kind,
    pub(super) arguments: Arguments,
    /// Docs, `cfg` and `deprecated`, for the type.
    pub(super) outer: Vec<Attribute>,
    /// The other attributes, for the function.
    pub(super) inner: Vec<Attribute>,
    pub(super) vis: Visibility,
    /// As written, without the markers on its arguments.
    pub(super) signature: Signature,
    pub(super) roles: Vec<Role>,
    pub(super) body: Block,
    /// Whether the body does not parse, so that `body` is empty.
    pub(super) unparsed: bool,
    /// Whether it is in an `impl`, which cannot contain a type.
    pub(super) method: bool,
}

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) state: Option<Path>,
    pub(super) reads: Vec<Ident>,
    pub(super) writes: Vec<Ident>,
    pub(super) yields: Option<Type>,
    pub(super) blocking: Option<Ident>,
    pub(super) burdock: Option<Path>,
}

/// The role of an argument of the function.
pub(super) enum Role {
    Reads,
    Input(Needed),
    Resource(Needed),
    /// A graph that runs as a child.
    Graph(Child),
    Context,
    Failure(Ident),
    Param(Param),
}

impl Role {
    /// Returns the name of the argument, if a graph or a caller uses it.
    pub(super) fn name(&self) -> Option<&Ident> {
        match self {
            Self::Input(needed) | Self::Resource(needed) => Some(&needed.name),
            Self::Graph(child) => Some(&child.name),
            Self::Param(param) => Some(&param.name),
            Self::Failure(name) => Some(name),
            Self::Reads | Self::Context => None,
        }
    }
}

/// An input or a resource.
pub(super) struct Needed {
    pub(super) name: Ident,
    /// The type without the reference.
    pub(super) ty: Type,
    pub(super) taken: Taken,
}

/// A graph that runs as a child.
pub(super) struct Child {
    pub(super) name: Ident,
    /// The type of the graph: the `G` of `Sub<'_, G>`.
    pub(super) graph: Type,
    /// The alias of the graph, an error type if it is not one.
    pub(super) alias: Ident,
}

/// How an argument takes its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Owned,
    Borrowed,
}

/// A parameter.
pub(super) struct Param {
    pub(super) name: Ident,
    pub(super) ty: Type,
    pub(super) default: Option<Expr>,
}

impl ActionSyntax {
    pub(super) fn name(&self) -> &Ident {
        &self.signature.ident
    }

    pub(super) fn burdock(&self) -> TokenStream {
        crate::runtime::burdock(self.arguments.burdock.as_ref())
    }

    pub(super) fn inputs(&self) -> impl Iterator<Item = &Needed> {
        self.roles.iter().filter_map(|role| match role {
            Role::Input(needed) => Some(needed),
            _ => None,
        })
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = &Needed> {
        self.roles.iter().filter_map(|role| match role {
            Role::Resource(needed) => Some(needed),
            _ => None,
        })
    }

    pub(super) fn children(&self) -> impl Iterator<Item = &Child> {
        self.roles.iter().filter_map(|role| match role {
            Role::Graph(child) => Some(child),
            _ => None,
        })
    }

    pub(super) fn params(&self) -> impl Iterator<Item = &Param> {
        self.roles.iter().filter_map(|role| match role {
            Role::Param(param) => Some(param),
            _ => None,
        })
    }

    /// Returns whether the action has arguments that are collected from its graph.
    pub(super) fn has_args(&self) -> bool {
        let collected =
            |role: &Role| matches!(role, Role::Input(_) | Role::Resource(_) | Role::Graph(_));
        self.roles.iter().any(collected)
    }

    pub(super) fn wants_failure(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Failure(_)))
    }

    /// Returns whether collecting the arguments can fail.
    pub(super) fn is_fallible(&self) -> bool {
        self.arguments.blocking.is_some()
            || self.wants_failure()
            || self.params().any(|param| param.default.is_none())
    }
}
