//! The rules that need only the action itself.

use super::{Kind, syntax::ActionSyntax};
use crate::{
    diagnostics::Diagnostics,
    names::{plain, refuse_reserved},
};
use proc_macro2::Ident;
use quote::ToTokens;

/// Reports what an action may not be.
pub(super) fn check_action(action: &ActionSyntax, diagnostics: &mut Diagnostics) {
    check_arguments(action, diagnostics);
    check_name(action.name(), diagnostics);
    check_signature(action, diagnostics);
    for field in action.arguments.reads.iter().chain(&action.arguments.writes) {
        check_field(field, diagnostics);
    }
    check_twice(&action.arguments.reads, "read", diagnostics);
    check_twice(&action.arguments.writes, "written", diagnostics);
}

fn check_arguments(action: &ActionSyntax, diagnostics: &mut Diagnostics) {
    // an argument that could not be read was reported, and may have been the missing one
    if !diagnostics.is_empty() {
        return;
    }
    let name = action.name();
    if action.arguments.state.is_none() {
        diagnostics
            .error(name, format!("action `{name}` names no state"))
            .help("add `state = Type` to the attribute");
    }
    if action.kind == Kind::Streaming && action.arguments.yields.is_none() {
        diagnostics
            .error(name, format!("streaming action `{name}` does not say what it yields"))
            .help("add `yields(Type)` to the attribute");
    }
}

/// The names that every action has beside its own.
fn check_name(name: &Ident, diagnostics: &mut Diagnostics) {
    refuse_reserved(name, "action", diagnostics);
    if name == "Reads" || name == "Writes" {
        diagnostics
            .error(name, format!("`{name}` is what every action calls its own struct"))
            .help("give the action another name");
    }
}

fn check_signature(action: &ActionSyntax, diagnostics: &mut Diagnostics) {
    let signature = &action.signature;
    let mut refuse = |token: &dyn ToTokens, what: &str| {
        let tokens = token.to_token_stream();
        diagnostics
            .error(&tokens, format!("an action is not {what}"))
            .help("it is a plain `fn` or `async fn`");
    };
    if let Some(token) = &signature.constness {
        refuse(token, "`const`");
    }
    if !matches!(signature.safety, syn::Safety::Default) {
        refuse(&signature.safety, "`unsafe`");
    }
    if let Some(abi) = &signature.abi {
        refuse(abi, "`extern`");
    }
    if !signature.generics.params.is_empty() {
        refuse(&signature.generics.params, "generic");
    }
    if let Some(token) = &signature.variadic {
        refuse(token, "variadic");
    }
    if let (Some(_), Some(blocking)) = (&signature.asyncness, &action.arguments.blocking) {
        diagnostics
            .error(blocking, "a blocking action is no `async fn`")
            .help("remove `async`, or remove `blocking`");
    }
    if matches!(signature.output, syn::ReturnType::Default) {
        let name = action.name();
        diagnostics
            .error(name, format!("action `{name}` returns nothing"))
            .help("return `Result<Writes>`");
    }
}

/// Refuses a keyword: no field is called so, and the templates take it for none.
fn check_field(field: &Ident, diagnostics: &mut Diagnostics) {
    /// Keywords that `r#` does not make a name.
    const NEVER: [&str; 5] = ["self", "Self", "super", "crate", "_"];
    if crate::names::is_name(field) {
        return;
    }
    let error = diagnostics.error(field, format!("`{field}` is a keyword, not a field"));
    if !NEVER.iter().any(|never| field == never) {
        error.help(format!("write `r#{field}`"));
    }
}

fn check_twice(fields: &[Ident], how: &str, diagnostics: &mut Diagnostics) {
    for (index, field) in fields.iter().enumerate() {
        if fields[..index].contains(field) {
            let name = plain(field);
            diagnostics.error(field, format!("field `{name}` is {how} twice")).help("name it once");
        }
    }
}
