//! The generated docs of a prompt: its text in a fence, so that nothing in it is a doctest or a link.

use super::syntax::PromptSyntax;
use crate::names::plain;

/// Returns the docs of the function.
pub(super) fn function_docs(prompt: &PromptSyntax) -> String {
    let text = fenced(&shown(prompt));
    format!(
        "Asks a language model:\n\n{text}\n\nCall `.on(&model)`, and await or stream the answer."
    )
}

/// Returns the docs of the action.
pub(super) fn action_docs(prompt: &PromptSyntax) -> String {
    format!("Asks a language model:\n\n{}", fenced(&shown(prompt)))
}

/// Returns the prompt as it is sent, with its placeholders.
fn shown(prompt: &PromptSyntax) -> String {
    let mut text = prompt.template.text.clone();
    for (index, argument) in
        prompt.arguments.iter().filter(|argument| !argument.docs.is_empty()).enumerate()
    {
        text.push_str(if index == 0 { "\n\n" } else { "\n" });
        text.push_str(&described(&plain(&argument.name), &argument.docs));
    }
    text
}

/// Returns the line in the prompt that describes an argument.
pub(super) fn described(name: &str, docs: &str) -> String {
    format!("{name}: {}", docs.replace('\n', " "))
}

/// Returns the text in a fence that is longer than any in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}text\n{text}\n{fence}")
}
