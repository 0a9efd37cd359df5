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

/// Reports violations of the rules.
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
    // docs that are not a literal are already reported
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
                .help("write the inner type: awaiting the call returns a `Result`");
        }
        Some(_) => {}
    }
}

fn check_placeholders(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let names: Vec<String> =
        prompt.arguments.iter().map(|argument| plain(&argument.name)).collect();
    // a placeholder may name an argument that could not be parsed
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
            .error_at(placeholder.span, format!("`{{{name}}}` is not an argument of the prompt"));
        if let Some(help) = suggestion(name, "argument", &names) {
            error.help(help);
        }
        error.note(format!("write `{{{{{name}}}}}` for the text `{{{name}}}`"));
    }
}

fn check_used(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    // an argument may be used in a part that could not be parsed
    if !diagnostics.is_empty() {
        return;
    }
    for (index, argument) in prompt.arguments.iter().enumerate() {
        let name = plain(&argument.name);
        if prompt.arguments[..index].iter().any(|other| other.name == argument.name) {
            diagnostics.error(&argument.name, format!("duplicate argument `{name}`"));
            continue;
        }
        let mut placeholders = prompt.templates().flat_map(super::template::Template::placeholders);
        // an expression may use any argument
        let in_settings =
            [&prompt.settings.system, &prompt.settings.options, &prompt.settings.retries]
                .into_iter()
                .flatten()
                .any(|expr| mentions(expr, &argument.name));
        if !placeholders.any(|placeholder| placeholder.name == name) && !in_settings {
            diagnostics
                .error(&argument.name, format!("argument `{name}` is not used in the prompt"))
                .help(format!("write `{{{name}}}`, or `{{{name}:json}}`, in the doc comment"));
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

/// Rejects settings of an action without a `state`.
fn check_function(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let settings = &prompt.settings;
    let fields = [&settings.reads, &settings.writes].into_iter().flatten();
    let usage = settings.usage.as_ref().map(|(name, _)| name);
    let names = fields.map(|(name, _)| name).chain(usage);
    let names = names.chain(&settings.resource).chain(&settings.resetting);
    for name in names {
        if *name == "resetting" {
            continue;
        }
        diagnostics
            .error(name, format!("`{name}` requires a prompt with a `state`"))
            .help("add `state = Type`, or remove the setting");
    }
    for argument in &prompt.arguments {
        if let Some(marker) = &argument.marker {
            diagnostics
                .error(marker.attr.path(), "markers require a prompt with a `state`")
                .help("add `state = Type` to the attribute, or remove the marker");
        }
    }
}

fn check_action(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let name = &prompt.signature.name;
    match prompt.settings.writes.as_ref().map(|(token, fields)| (token, fields.as_slice())) {
        None => {
            diagnostics
                .error(name, format!("action `{name}` has no `writes`"))
                .help("name the field for the answer: add `writes(field)` to the attribute");
        }
        Some((token, [])) => {
            diagnostics
                .error(token, "a prompt writes exactly one field")
                .help("name it: `writes(field)`");
        }
        Some((_, [field])) => check_field(field, diagnostics),
        Some((_, [_, second, ..])) => {
            diagnostics
                .error(second, "a prompt writes exactly one field")
                .help("the field gets the whole answer: split it in an `#[action]`");
        }
    }
    check_usage(prompt, diagnostics);
    for (index, field) in prompt.reads().iter().enumerate() {
        check_read(prompt, index, field, diagnostics);
    }
    for argument in &prompt.arguments {
        check_source(prompt, argument, diagnostics);
    }
}

/// Checks the field to which the usage is added.
fn check_usage(prompt: &PromptSyntax, diagnostics: &mut Diagnostics) {
    let Some(field) = prompt.usage() else { return };
    check_field(field, diagnostics);
    let written = prompt.settings.writes.iter().flat_map(|(_, fields)| fields);
    if written.into_iter().any(|written| written == field) {
        diagnostics
            .error(field, format!("field `{}` is already written by the answer", plain(field)))
            .help("name another field of the state, of the type `Usage`");
    }
}

/// Rejects keywords, which are not names of fields.
fn check_field(field: &Ident, diagnostics: &mut Diagnostics) {
    if !is_name(field) {
        diagnostics
            .error(field, format!("`{field}` is a keyword, not a field"))
            .help("write it as a raw identifier, with `r#`");
    }
}

/// Checks that a field in `reads` is an argument.
fn check_read(prompt: &PromptSyntax, index: usize, field: &Ident, diagnostics: &mut Diagnostics) {
    let name = plain(field);
    if prompt.reads()[..index].contains(field) {
        diagnostics
            .error(field, format!("field `{name}` is listed twice in `reads`"))
            .help("remove one");
    } else if !prompt.arguments.iter().any(|argument| argument.name == *field) {
        let names: Vec<String> =
            prompt.arguments.iter().map(|argument| plain(&argument.name)).collect();
        let error = diagnostics
            .error(field, format!("field `{name}` in `reads` is not an argument of the prompt"));
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
                .error(marker.attr.path(), format!("`{name}` is already read from the state"))
                .help("remove the marker, or remove it from `reads(…)`");
        }
        Source::Param if is_borrowed(&argument.ty) => {
            diagnostics
                .error(&argument.name, format!("parameter `{name}` cannot be a reference"))
                .help(format!(
                    "add `{name}` to `reads(…)`, mark it `#[input]` or `#[resource]`, or use an owned type, which the graph binds by value"
                ));
        }
        Source::Marked(marker) if marker.kind != MarkerKind::Param && name == model => {
            diagnostics
                .error(
                    &argument.name,
                    format!("`{name}` is already the name of the model's resource"),
                )
                .help("rename the argument, or the resource of the model: `resource = name`");
        }
        Source::Read | Source::Marked(_) | Source::Param => {}
    }
}
