//! Unsized types, as far as their syntax shows them.

use crate::text;
use syn::Type;

/// An unsized type.
pub(crate) struct Unsized<'a> {
    /// The type without parentheses.
    pub(crate) ty: &'a Type,
    pub(crate) written: String,
    /// The sized type to write instead.
    pub(crate) instead: String,
}

/// Returns the type if it is unsized.
pub(crate) fn unsized_type(ty: &Type) -> Option<Unsized<'_>> {
    let ty = unwrapped(ty);
    let written = text::written(ty);
    let instead = match ty {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", text::written(&slice.elem)),
        Type::TraitObject(_) => format!("Box<{written}>"),
        _ => return None,
    };
    Some(Unsized { ty, written, instead })
}

/// Returns a type without its parentheses.
fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => unwrapped(&paren.elem),
        Type::Group(group) => unwrapped(&group.elem),
        ty => ty,
    }
}
