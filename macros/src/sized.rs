//! Unsized types, as far as their syntax shows them.

use crate::text;
use syn::Type;

/// Returns an unsized type as written, and the sized one to write instead. Returns `None` for other types.
pub(crate) fn unsized_type(ty: &Type) -> Option<(String, String)> {
    let ty = unwrapped(ty);
    let written = text::written(ty);
    let instead = match ty {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", text::written(&slice.elem)),
        Type::TraitObject(_) => format!("Box<{written}>"),
        _ => return None,
    };
    Some((written, instead))
}

/// Returns a type without its parentheses.
fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => unwrapped(&paren.elem),
        Type::Group(group) => unwrapped(&group.elem),
        ty => ty,
    }
}
