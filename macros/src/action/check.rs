//! The rules that need only the action itself.

use super::{
    Kind,
    syntax::{ActionSyntax, Role, WriteKind, WriteSyntax},
};
use crate::{
    diagnostics::Diagnostics,
    names::{plain, reject_reserved},
};
use burdock_macros_shared::signature::reject_qualifiers;
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Generics, Signature};

/// Reports violations of the rules.
pub(super) fn check_action(action: &ActionSyntax, diagnostics: &mut Diagnostics) {
    check_arguments(action, diagnostics);
    check_name(action.name(), diagnostics);
    check_signature(action, diagnostics);
    check_roles(action, diagnostics);
    for field in action.arguments.fields() {
        check_field(field, diagnostics);
    }
    check_twice(&action.arguments.reads, "reads", diagnostics);
    check_writes(&action.arguments.writes, diagnostics);
}

fn check_arguments(action: &ActionSyntax, diagnostics: &mut Diagnostics) {
    // the missing argument may be one whose syntax error was reported
    if !diagnostics.is_empty() {
        return;
    }
    let name = action.name();
    if action.arguments.state.is_none() {
        diagnostics
            .error(name, format!("action `{name}` has no `state`"))
            .help("add `state = Type` to the attribute");
    }
    if action.kind == Kind::Streaming && action.arguments.yields.is_none() {
        diagnostics
            .error(name, format!("streaming action `{name}` has no `yields`"))
            .help("add `yields(Type)` to the attribute");
    }
}

/// Rejects the names of the structs that every action generates.
fn check_name(name: &Ident, diagnostics: &mut Diagnostics) {
    reject_reserved(name, "action", diagnostics);
    if name == "Reads" || name == "Writes" {
        diagnostics
            .error(name, format!("`{name}` is reserved and cannot be used as an action name"))
            .help("give the action another name");
    }
}

fn check_signature(action: &ActionSyntax, diagnostics: &mut Diagnostics) {
    let signature = &action.signature;
    let qualified = Signature { generics: Generics::default(), ..signature.clone() };
    let help = "use a plain `fn` or `async fn`";
    reject_qualifiers(&qualified, "an action", help, diagnostics);
    check_generics(&signature.generics, diagnostics);
    if let (Some(_), Some(blocking)) = (&signature.asyncness, &action.arguments.blocking) {
        diagnostics
            .error(blocking, "a blocking action cannot be `async`")
            .help("remove `async` or `blocking`");
    }
    if matches!(signature.output, syn::ReturnType::Default) {
        let name = action.name();
        diagnostics
            .error(name, format!("action `{name}` has no return type"))
            .help("return `Result<Writes>`");
    }
    if let syn::ReturnType::Type(_, ty) = &signature.output
        && is_not_result(ty)
    {
        diagnostics.error(ty, "an action must return a `Result`").help("return `Result<Writes>`");
    }
}

/// Rejects type parameters: the generated items, such as `Writes`, would need them as well.
fn check_generics(generics: &Generics, diagnostics: &mut Diagnostics) {
    let tokens = match &generics.where_clause {
        _ if !generics.params.is_empty() => generics.params.to_token_stream(),
        Some(clause) => clause.to_token_stream(),
        None => return,
    };
    diagnostics.error(&tokens, "an action cannot be generic").help(
        "name the type, or implement `Action` for a generic struct, which a graph names as `Say::<Type>`",
    );
}

/// Rejects a name that two arguments have, and `reads` that no argument takes.
fn check_roles(action: &ActionSyntax, diagnostics: &mut Diagnostics) {
    let mut seen: Vec<&Ident> = Vec::new();
    for name in action.roles.iter().filter_map(Role::name) {
        if seen.contains(&name) {
            diagnostics
                .error(name, format!("argument `{}` is given twice", plain(name)))
                .help("remove one, or give it another name");
        }
        seen.push(name);
    }
    if action.arguments.blocking.is_some() {
        for child in action.children() {
            diagnostics
                .error(&child.name, "a blocking action cannot run a graph")
                .help("remove `blocking`, and write an `async fn`");
        }
    }
    // the type may have an error of its own
    if !diagnostics.is_empty() {
        return;
    }
    let takes_reads = action.roles.iter().any(|role| matches!(role, Role::Reads));
    if let (Some(Role::Param(param)), false, Some(field)) =
        (action.roles.first(), takes_reads, action.arguments.reads.first())
    {
        diagnostics
            .error(&param.ty, format!("the action reads `{}`, but takes no `Reads`", plain(field)))
            .help("write `Reads<'_>` as the type of the first argument, or remove `reads`");
    }
}

/// Returns whether a type is not a `Result`, as far as its syntax shows it.
fn is_not_result(ty: &syn::Type) -> bool {
    const OTHERS: [&str; 6] = ["Writes", "Option", "Vec", "Box", "String", "bool"];
    match ty {
        syn::Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| OTHERS.iter().any(|other| last.ident == other)),
        syn::Type::Tuple(_) | syn::Type::Reference(_) | syn::Type::ImplTrait(_) => true,
        _ => false,
    }
}

/// Rejects keywords, which are not names of fields and do not match in the templates.
fn check_field(field: &Ident, diagnostics: &mut Diagnostics) {
    /// Keywords that cannot be raw identifiers.
    const NEVER: [&str; 5] = ["self", "Self", "super", "crate", "_"];
    if crate::names::is_name(field) {
        return;
    }
    let error = diagnostics.error(field, format!("`{field}` is a keyword, not a field"));
    if !NEVER.iter().any(|never| field == never) {
        error.help(format!("write `r#{field}`"));
    }
}

fn check_twice(fields: &[Ident], list: &str, diagnostics: &mut Diagnostics) {
    for (index, field) in fields.iter().enumerate() {
        if fields[..index].contains(field) {
            let name = plain(field);
            diagnostics
                .error(field, format!("field `{name}` is listed twice in `{list}`"))
                .help("remove one");
        }
    }
}

/// Rejects a field that is listed twice in `writes` or `appends`, or in both.
fn check_writes(writes: &[WriteSyntax], diagnostics: &mut Diagnostics) {
    let list = |write: &WriteSyntax| match write.kind {
        WriteKind::Always | WriteKind::Optional => "writes",
        WriteKind::Append => "appends",
    };
    for (index, write) in writes.iter().enumerate() {
        let Some(first) = writes[..index].iter().find(|first| first.field == write.field) else {
            continue;
        };
        let (name, first, second) = (plain(&write.field), list(first), list(write));
        if first == second {
            diagnostics
                .error(&write.field, format!("field `{name}` is listed twice in `{second}`"))
                .help("remove one");
        } else {
            diagnostics
                .error(
                    &write.field,
                    format!("field `{name}` is listed in `{first}` and in `{second}`"),
                )
                .help("`writes` returns the whole list, `appends` its new elements: remove one");
        }
    }
}
