//! The sources of the action's arguments.

use super::syntax::{Argument, Marker, PromptSyntax};
use quote::quote;
use syn::Type;

/// The source of an argument of the action.
pub(super) enum Source<'a> {
    /// A field of the state.
    Read,
    /// Set by its marker.
    Marked(&'a Marker),
    /// A parameter, which the graph binds.
    Param,
    /// An error: a field of the state that also has a marker.
    Twice(&'a Marker),
}

impl<'a> Source<'a> {
    pub(super) fn of(prompt: &PromptSyntax, argument: &'a Argument) -> Self {
        let read = prompt.reads().contains(&argument.name);
        match (&argument.marker, read) {
            (None, true) => Self::Read,
            (Some(marker), true) => Self::Twice(marker),
            (Some(marker), false) => Self::Marked(marker),
            (None, false) => Self::Param,
        }
    }
}

/// Returns whether an argument is a reference.
pub(super) fn is_borrowed(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(_))
}

/// Returns the type without parentheses, and without the invisible group around a macro fragment.
pub(super) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}

/// Returns the type that the action takes: `&String` for `&str`, `&Vec<T>` for `&[T]`.
pub(super) fn held(ty: &Type) -> Type {
    let Type::Reference(reference) = bare(ty) else { return ty.clone() };
    match bare(&reference.elem) {
        Type::Path(path) if path.path.is_ident("str") => {
            Type::Verbatim(quote!(&::std::string::String))
        }
        Type::Slice(slice) => {
            let item = &slice.elem;
            Type::Verbatim(quote!(&::std::vec::Vec<#item>))
        }
        _ => ty.clone(),
    }
}
