//! The rules that need only the tool itself.

use super::syntax::ToolSyntax;
use crate::{
    diagnostics::Diagnostics,
    names::{plain, reject_reserved},
};
use burdock_macros_shared::signature::reject_qualifiers;
use proc_macro2::Ident;
use syn::{ReturnType, Type};

/// Reports violations of the rules.
pub(super) fn check_tool(tool: &ToolSyntax, diagnostics: &mut Diagnostics) {
    reject_reserved(tool.name(), "tool", diagnostics);
    check_signature(tool, diagnostics);
    let mut seen: Vec<&Ident> = Vec::new();
    for argument in &tool.arguments {
        if seen.contains(&&argument.name) {
            let name = plain(&argument.name);
            diagnostics
                .error(&argument.name, format!("argument `{name}` is given twice"))
                .help("remove one, or give it another name");
        }
        seen.push(&argument.name);
    }
    if tool.description.is_empty() && diagnostics.is_empty() {
        let name = tool.name();
        diagnostics
            .error(name, format!("tool `{name}` has no description"))
            .help("its doc comment describes it to the model: write one above the function");
    }
}

fn check_signature(tool: &ToolSyntax, diagnostics: &mut Diagnostics) {
    let signature = &tool.signature;
    reject_qualifiers(signature, "a tool", "use a plain `async fn`", diagnostics);
    if signature.asyncness.is_none() {
        diagnostics
            .error(&signature.fn_token, "a tool must be an `async fn`")
            .help("calls run at the same time: write `async` before `fn`");
    }
    match &signature.output {
        ReturnType::Default => {
            let name = tool.name();
            diagnostics
                .error(name, format!("tool `{name}` has no return type"))
                .help("return a `Result`, whose value the model reads");
        }
        ReturnType::Type(_, ty) if is_not_result(ty) => {
            diagnostics
                .error(ty, "a tool must return a `Result`")
                .help("an error is a result that the model reads: return `burdock::Result<…>`");
        }
        ReturnType::Type(..) => {}
    }
}

/// Returns whether a type is not a `Result`, as far as its syntax shows it.
fn is_not_result(ty: &Type) -> bool {
    const OTHERS: [&str; 7] = ["String", "Option", "Vec", "Box", "bool", "Value", "Json"];
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| OTHERS.iter().any(|other| last.ident == other)),
        Type::Tuple(_) | Type::Reference(_) | Type::ImplTrait(_) => true,
        _ => false,
    }
}
