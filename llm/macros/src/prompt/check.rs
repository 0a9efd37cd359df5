//! The rules that need only the prompt itself.

use super::{
    source::{Source, bare, is_borrowed},
    syntax::{Argument, MarkerKind, PromptSyntax},
};
use crate::{
    diagnostics::Diagnostics,
    names::{is_name, list, plain, reject_reserved, suggestion},
};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::Type;

/// Reports what a prompt may not be.
pub(super) fn check_prompt(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    reject_reserved(&prompt.signature.name, "prompt", diagnostics);
    check_text(prompt, diagnostics);
    check_output(prompt, diagnostics);
    check_placeholders(prompt, diagnostics);
    check_used(prompt, diagnostics);
    if prompt.settings.state.is_some() {
        check_action(prompt, diagnostics);
    } else {
        check_function(prompt, diagnostics);
    }
}

fn check_text(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    // docs that are not a literal were reported
    if prompt.template.text.is_empty() && diagnostics.is_empty() {
        let name = &prompt.signature.name;
        diagnostics
            .error(name, format!("prompt `{name}` has no text"))
            .help("its doc comment is the prompt: write one above the function");
    }
}

fn check_output(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let name = &prompt.signature.name;
    match prompt.signature.output.as_ref().map(bare) {
        None => {
            diagnostics
                .error(name, format!("prompt `{name}` has no return type"))
                .help("write the type of its answer: `-> String` is text");
        }
        Some(Type::Path(path))
            if path.path.segments.last().is_some_and(|last| last.ident == "Result") =>
        {
            diagnostics
                .error(path, "a prompt returns its answer, not a `Result`")
                .help("write the type inside; awaiting the call gives a `Result`");
        }
        Some(_) => {}
    }
}

fn check_placeholders(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let names: Vec<String> =
        prompt.arguments.iter().map(|argument| plain(&argument.name)).collect();
    // an argument that could not be read may be the one
    if prompt.arguments.len() < prompt.signature.types.len() {
        return;
    }
    let mut reported: Vec<&str> = Vec::new();
    for placeholder in prompt.templates().flat_map(super::template::Template::placeholders) {
        let name = placeholder.name.as_str();
        if names.iter().any(|known| known == name) || reported.contains(&name) {
            continue;
        }
        reported.push(name);
        let error = diagnostics
            .error_at(placeholder.span, format!("`{{{name}}}` names no argument of the prompt"));
        if let Some(help) = suggestion(name, "argument", &names) {
            error.help(help);
        }
        error.note(format!("`{{{{{name}}}}}` is the text `{{{name}}}`"));
    }
}

fn check_used(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    // a text that could not be read may use it
    if !diagnostics.is_empty() {
        return;
    }
    for (index, argument) in prompt.arguments.iter().enumerate() {
        let name = plain(&argument.name);
        if prompt.arguments[..index].iter().any(|other| other.name == argument.name) {
            diagnostics.error(&argument.name, format!("two arguments are called `{name}`"));
            continue;
        }
        let mut placeholders = prompt.templates().flat_map(super::template::Template::placeholders);
        // an expression may use any of them
        let in_settings =
            [&prompt.settings.system, &prompt.settings.options, &prompt.settings.retries]
                .into_iter()
                .flatten()
                .any(|expr| mentions(expr, &argument.name));
        if !placeholders.any(|placeholder| placeholder.name == name) && !in_settings {
            diagnostics
                .error(&argument.name, format!("the prompt does not use `{name}`"))
                .help(format!("write `{{{name}}}`, or `{{{name}:json}}`, where its value belongs"));
        }
    }
}

fn mentions(tokens: &impl ToTokens, name: &Ident) -> bool {
    fn any(tokens: proc_macro2::TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|tree| match tree {
            proc_macro2::TokenTree::Ident(ident) => ident == *name,
            proc_macro2::TokenTree::Group(group) => any(group.stream(), name),
            _ => false,
        })
    }
    any(tokens.to_token_stream(), name)
}

/// Checks that settings of the action come with a `state`.
fn check_function(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let settings = &prompt.settings;
    let fields = [&settings.reads, &settings.writes].into_iter().flatten();
    let names = fields.map(|(name, _)| name).chain(&settings.resource).chain(&settings.resetting);
    for name in names {
        if *name == "resetting" {
            continue;
        }
        diagnostics
            .error(name, format!("`{name}` belongs to an action, and this prompt is none"))
            .help("add `state = Type`");
    }
    for argument in &prompt.arguments {
        if let Some(marker) = &argument.marker {
            diagnostics
                .error(marker.attr.path(), "a marker belongs to an action, and this prompt is none")
                .help("add `state = Type` to the attribute");
        }
    }
}

fn check_action(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let name = &prompt.signature.name;
    match prompt.settings.writes.as_ref().map(|(token, fields)| (token, fields.as_slice())) {
        None => {
            diagnostics
                .error(name, format!("action `{name}` does not say where its answer goes"))
                .help("add `writes(field)` to the attribute");
        }
        Some((token, [])) => {
            diagnostics.error(token, "a prompt writes one field").help("name it: `writes(field)`");
        }
        Some((_, [field])) => check_field(field, diagnostics),
        Some((_, [_, second, ..])) => {
            diagnostics
                .error(second, "a prompt writes one field")
                .help("the whole answer is its value; an `#[action]` can take it apart");
        }
    }
    for (index, field) in prompt.reads().iter().enumerate() {
        check_read(prompt, index, field, diagnostics);
    }
    for argument in &prompt.arguments {
        check_source(prompt, argument, diagnostics);
    }
}

/// Refuses a keyword: no field is called that.
fn check_field(field: &Ident, diagnostics: &mut Diagnostics) {
    if !is_name(field) {
        diagnostics
            .error(field, format!("`{field}` is a keyword, not a field"))
            .help("the name of a field that is a keyword starts with `r#`");
    }
}

/// Each field that is read is an argument.
fn check_read(prompt: &PromptSyntax, index: usize, field: &Ident, diagnostics: &mut Diagnostics) {
    let name = plain(field);
    if prompt.reads()[..index].contains(field) {
        diagnostics.error(field, format!("field `{name}` is read twice")).help("name it once");
    } else if !prompt.arguments.iter().any(|argument| argument.name == *field) {
        let names: Vec<String> =
            prompt.arguments.iter().map(|argument| plain(&argument.name)).collect();
        let error = diagnostics.error(field, format!("no argument takes the field `{name}`"));
        if let Some(help) = suggestion(&name, "argument", &names) {
            error.help(help);
        } else if !names.is_empty() {
            error.help(format!("the arguments are {}", list(&names)));
        }
    }
}

fn check_source(prompt: &PromptSyntax, argument: &Argument, diagnostics: &mut Diagnostics) {
    let name = plain(&argument.name);
    let model = prompt.settings.resource.as_ref().map_or_else(|| "llm".to_owned(), plain);
    match Source::of(prompt, argument) {
        Source::Twice(marker) => {
            diagnostics
                .error(marker.attr.path(), format!("`{name}` is read from the state already"))
                .help("remove the marker, or remove it from `reads(…)`");
        }
        Source::Param if is_borrowed(&argument.ty) => {
            diagnostics
                .error(&argument.name, format!("nothing gives the action its `{name}`"))
                .help(format!(
                    "add `{name}` to `reads(…)`, or mark it `#[input]` or `#[resource]`; a parameter that the graph binds is owned"
                ));
        }
        Source::Marked(marker) if marker.kind != MarkerKind::Param && name == model => {
            diagnostics
                .error(&argument.name, format!("`{name}` is the resource of the model"))
                .help("give the argument another name, or the model: `resource = name`");
        }
        Source::Read | Source::Marked(_) | Source::Param => {}
    }
}
