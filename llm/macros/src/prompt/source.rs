//! Where the action takes an argument from.

use super::syntax::{Argument, Marker, PromptSyntax};
use quote::quote;
use syn::Type;

/// Where an argument of the action comes from.
pub(super) enum Source<'a> {
    /// A field of the state.
    Read,
    /// What its marker says.
    Marked(&'a Marker),
    /// The graph binds it.
    Param,
    /// A field of the state, and a marker says something else.
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

/// Whether an argument is a reference.
pub(super) fn is_borrowed(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(_))
}

/// The type without parentheses, and without the invisible ones around a fragment of a macro.
pub(super) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}

/// The type that a graph holds for it: `&String` for `&str`, `&Vec<T>` for `&[T]`.
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
