//! `#[prompt]`: a function without a body becomes a call of a language model, and optionally an action.
//!
//! ```text
//! tokens ─parse→ PromptSyntax ─check→ expand→ fn, and with a state struct + #[streaming_action]
//! ```

mod action;
mod check;
mod docs;
mod expand;
mod fallback;
mod parse;
mod settings;
mod source;
mod syntax;
mod template;

use crate::{diagnostics::Diagnostics, kept};
use proc_macro2::TokenStream;

/// Expands the attribute.
pub(crate) fn prompt(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some(prompt) = parse::parse_prompt(arguments, item.clone(), &mut diagnostics) else {
        let mut tokens = kept(item);
        tokens.extend(diagnostics.into_compile_errors());
        return tokens;
    };
    check::check_prompt(&prompt, &mut diagnostics);
    if diagnostics.is_empty() {
        return expand::expand_prompt(&prompt);
    }
    let mut tokens = fallback::expand_fallback(&prompt);
    tokens.extend(diagnostics.into_compile_errors());
    tokens
}

#[cfg(test)]
mod tests {
    use super::{check::check_prompt, parse::parse_prompt};
    use crate::diagnostics::Diagnostics;
    use proc_macro2::TokenStream;
    use quote::quote;

    /// Returns the errors of a prompt.
    fn check(arguments: TokenStream, item: TokenStream) -> Vec<String> {
        let mut diagnostics = Diagnostics::new();
        if let Some(prompt) = parse_prompt(arguments, item, &mut diagnostics) {
            check_prompt(&prompt, &mut diagnostics);
        }
        let errors = diagnostics.render();
        errors.iter().map(|error| error.lines().next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn independent_errors_are_reported_together_without_follow_up_errors() {
        let several = quote!(
            /// Write about {subjet}.
            fn write(subject: &str);
        );
        let unparsed = quote!(
            /// Write about {subject}.
            async fn write((subject, _): (&str, u8)) -> String;
        );
        let textless = quote!(
            async fn write(subject: &str) -> String;
        );
        let valid = quote!(
            /// Write about {subject}.
            async fn write(subject: &str) -> String;
        );
        let expected: [(TokenStream, TokenStream, &[&str]); 4] = [
            (
                quote!(retrys = 1),
                several,
                &[
                    "unknown argument `retrys`",
                    "a prompt must be an `async fn`",
                    "prompt `write` has no return type",
                    "`{subjet}` is not an argument of the prompt",
                ],
            ),
            (quote!(), unparsed, &["an argument of a prompt must be an identifier"]),
            (quote!(), textless, &["prompt `write` has no text"]),
            (quote!(system = "You are {subject}.", retries = 2), valid, &[]),
        ];
        for (arguments, item, expected) in expected {
            assert_eq!(check(arguments, item), expected);
        }
    }
}
