//! From tokens to [`ActionSyntax`].

use super::{
    Kind,
    arguments::parse_arguments,
    syntax::{ActionSyntax, Needed, Param, Role, Taken},
};
use crate::{diagnostics::Diagnostics, names::refuse_reserved, text};
use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Expr, FnArg, ItemFn, Pat, PatType, Token, Type, parse::ParseStream};

/// Reads an action; `None` when it is no function.
pub(super) fn parse_action(
    kind: Kind,
    arguments: TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<ActionSyntax> {
    let arguments = parse_arguments(kind, arguments, diagnostics);
    let mut item: ItemFn = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => {
            diagnostics.syntax_error(error);
            return None;
        }
    };
    let mut roles = Vec::new();
    for (index, argument) in item.sig.inputs.iter_mut().enumerate() {
        match argument {
            FnArg::Receiver(receiver) => {
                diagnostics.error(&receiver.self_token, "an action has no `self`").help(
                    "it is a function; what it needs comes as inputs, resources and parameters",
                );
            }
            FnArg::Typed(argument) => roles.extend(parse_role(index, argument, diagnostics)),
        }
    }
    let method = item.sig.receiver().is_some();
    let (outer, inner) = item.attrs.into_iter().partition(is_outer);
    Some(ActionSyntax {
        kind,
        arguments,
        outer,
        inner,
        vis: item.vis,
        signature: item.sig,
        roles,
        body: *item.block,
        method,
    })
}

fn is_outer(attr: &Attribute) -> bool {
    let path = attr.path();
    ["doc", "deprecated"].iter().any(|name| path.is_ident(name)) || text::is_cfg(attr)
}

/// Finds out what an argument is, and takes its marker away.
fn parse_role(index: usize, argument: &mut PatType, diagnostics: &mut Diagnostics) -> Option<Role> {
    refuse_cfg(argument, diagnostics);
    if index == 0 && argument.attrs.iter().all(is_lint) && is_reads(&argument.ty) {
        return Some(Role::Reads);
    }
    if is_reads(&argument.ty) {
        diagnostics
            .error(&argument.pat, "`Reads` is the first argument, and has no marker")
            .help("move it to the front: `name: Reads<'_>`");
        return None;
    }
    let name = match &*argument.pat {
        Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
            pattern.ident.clone()
        }
        pattern => {
            diagnostics
                .error(pattern, "an argument of an action has a plain name")
                .help("the graph finds it by that name; take it apart in the body");
            return None;
        }
    };
    refuse_reserved(&name, "argument", diagnostics);
    let mut said = Marked::No;
    let attrs = std::mem::take(&mut argument.attrs);
    for attr in attrs {
        let Some(marker) = attr.path().get_ident().cloned() else {
            argument.attrs.push(attr);
            continue;
        };
        match (parse_marker(&marker, &attr, &name, &argument.ty, diagnostics), &said) {
            (Marked::No, _) => argument.attrs.push(attr),
            (found, Marked::No) => said = found,
            _ => {
                diagnostics.error(&marker, "an argument has one marker").help("take two arguments");
            }
        }
    }
    match said {
        Marked::As(role) => Some(*role),
        Marked::Wrongly => None,
        Marked::No => Some(parameter(&name, &argument.ty, None, diagnostics)),
    }
}

/// What an attribute says about an argument.
enum Marked {
    /// Nothing: it is no marker.
    No,
    As(Box<Role>),
    /// It is a marker, and the error is reported.
    Wrongly,
}

/// The role that a marker gives.
fn parse_marker(
    marker: &Ident,
    attr: &Attribute,
    name: &Ident,
    ty: &Type,
    diagnostics: &mut Diagnostics,
) -> Marked {
    let role = match marker.to_string().as_str() {
        "input" | "resource" if refuse_unsized(&borrowed(ty).0, diagnostics) => {
            return Marked::Wrongly;
        }
        "input" => {
            let (ty, taken) = borrowed(ty);
            Role::Input(Needed { name: name.clone(), ty, taken })
        }
        "resource" => {
            let (ty, Taken::Borrowed) = borrowed(ty) else {
                diagnostics
                    .error(ty, "a resource is taken by reference")
                    .help("it belongs to the app and outlives the step: write `&` before the type");
                return Marked::Wrongly;
            };
            Role::Resource(Needed { name: name.clone(), ty, taken: Taken::Borrowed })
        }
        "context" | "error" => {
            if borrowed(ty).1 == Taken::Owned {
                diagnostics
                    .error(ty, format!("`#[{marker}]` gives a reference"))
                    .help("write `&` before the type");
                return Marked::Wrongly;
            }
            if marker == "context" { Role::Context } else { Role::Failure(name.clone()) }
        }
        "param" => {
            let default = match attr.parse_args_with(parse_default) {
                Ok(default) => default,
                Err(error) => {
                    diagnostics.syntax_error(error);
                    return Marked::Wrongly;
                }
            };
            parameter(name, ty, Some(default), diagnostics)
        }
        _ => return Marked::No,
    };
    Marked::As(Box::new(role))
}

fn parameter(
    name: &Ident,
    ty: &Type,
    default: Option<Expr>,
    diagnostics: &mut Diagnostics,
) -> Role {
    if borrowed(ty).1 == Taken::Borrowed {
        diagnostics
            .error(name, format!("parameter `{name}` is owned"))
            .help("a graph binds parameters by value; mark `#[input]`, `#[resource]`, `#[context]` or `#[error]` what is not one");
    }
    Role::Param(Param { name: name.clone(), ty: ty.clone(), default })
}

/// `default = expr`
fn parse_default(input: ParseStream<'_>) -> syn::Result<Expr> {
    let word: Ident = input.parse()?;
    if word != "default" {
        return Err(syn::Error::new(word.span(), "unknown argument, expected `default = value`"));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Refuses `cfg`: graphs and tests find an argument by its name, so it is there or not for all of them.
fn refuse_cfg(argument: &mut PatType, diagnostics: &mut Diagnostics) {
    argument.attrs.retain(|attr| {
        let refused = text::is_cfg(attr);
        if refused {
            diagnostics
                .error(attr.path(), "an argument of an action does not take `cfg`")
                .help("put it on the action: one function with the argument, one without");
        }
        !refused
    });
}

/// Whether an attribute only sets how loud a lint is.
fn is_lint(attr: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"].iter().any(|name| attr.path().is_ident(name))
}

/// Refuses a type that no graph can hold, as far as it is written so.
fn refuse_unsized(ty: &Type, diagnostics: &mut Diagnostics) -> bool {
    let ty = unwrapped(ty);
    let written = text::written(ty);
    let instead = match ty {
        Type::Path(path) if path.path.is_ident("str") => "&String".to_owned(),
        Type::Slice(slice) => format!("&Vec<{}>", text::written(&slice.elem)),
        Type::TraitObject(_) => format!("&Box<{written}>"),
        _ => return false,
    };
    diagnostics
        .error(ty, format!("`{written}` has no size, so a graph cannot hold it"))
        .help(format!("write `{instead}`, here and in the graph"));
    true
}

/// A type without parentheses around it.
fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => unwrapped(&paren.elem),
        Type::Group(group) => unwrapped(&group.elem),
        ty => ty,
    }
}

fn is_reads(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Reads"))
}

fn borrowed(ty: &Type) -> (Type, Taken) {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => {
            ((*reference.elem).clone(), Taken::Borrowed)
        }
        ty => (ty.clone(), Taken::Owned),
    }
}
