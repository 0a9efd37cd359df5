//! What rustdoc shows of an action beside the user's own words: what it declares.
//!
//! Everything is in code spans, where rustdoc looks for no links. An action without docs has these on
//! its `impl`, so that `missing_docs` still sees that it has none.

use super::syntax::{ActionSyntax, Needed, Param};
use crate::{names::plain, text};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The generated docs of an action, for its type and for its `impl`: one of them has them.
pub(super) fn expand_docs(action: &ActionSyntax) -> (Option<TokenStream>, Option<TokenStream>) {
    let docs = declared(action);
    if text::docs(&action.outer).is_empty() {
        return (None, Some(quote!(#[doc = #docs])));
    }
    // after an empty line, which ends what the user wrote
    (Some(quote!(#[doc = ""] #[doc = #docs])), None)
}

/// One paragraph.
fn declared(action: &ActionSyntax) -> String {
    let arguments = &action.arguments;
    let fields = |fields: &[Ident]| fields.iter().map(plain).collect();
    let needed = |Needed { name, ty, .. }: &Needed| typed(name, ty);
    let params = action.params().map(|Param { name, ty, default }| match default {
        Some(value) => format!("{} = {}", typed(name, ty), text::written(value)),
        None => typed(name, ty),
    });
    let parts: [(&str, Vec<String>); 6] = [
        ("reads", fields(&arguments.reads)),
        ("writes", fields(&arguments.writes)),
        ("inputs", action.inputs().map(needed).collect()),
        ("resources", action.resources().map(needed).collect()),
        ("parameters", params.collect()),
        ("yields", arguments.yields.iter().map(text::written).collect()),
    ];
    let named =
        parts.into_iter().filter(|(_, entries)| !entries.is_empty()).map(|(title, entries)| {
            let entries: Vec<String> = entries.iter().map(|entry| code(entry)).collect();
            format!("{title} {}", entries.join(", "))
        });
    let failure =
        action.wants_failure().then(|| "takes the failure of an `on error` edge".to_owned());
    let blocking = arguments.blocking.as_ref().map(|_| "blocking".to_owned());
    let parts: Vec<String> = named.chain(failure).chain(blocking).collect();
    let state = code(&arguments.state.iter().map(text::written).collect::<String>());
    if parts.is_empty() {
        return format!("Action over {state}.");
    }
    format!("Action over {state}: {}.", parts.join("; "))
}

fn typed(name: &Ident, ty: &impl quote::ToTokens) -> String {
    format!("{}: {}", plain(name), text::written(ty))
}

/// A code span, whatever is in it: its fence is longer than any run of backticks inside.
fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or_default();
    if longest == 0 {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use crate::action::{Kind, action};
    use proc_macro2::TokenStream;
    use quote::quote;
    use syn::{Attribute, Item};

    /// The docs of the type, those of the `impl`, and what `INFO` has.
    fn docs(kind: Kind, arguments: TokenStream, item: TokenStream) -> [String; 3] {
        let tokens = action(kind, arguments, item);
        let file: syn::File = syn::parse2(tokens.clone()).unwrap();
        let mut found = [String::new(), String::new(), String::new()];
        let text = |attrs: &[Attribute]| crate::text::docs(attrs);
        let mut find = |item: &Item| match item {
            Item::Struct(item) => found[0] = text(&item.attrs),
            Item::Impl(item) => found[1] = text(&item.attrs),
            _ => {}
        };
        for item in &file.items {
            find(item);
            if let Item::Const(constant) = item
                && let syn::Expr::Block(block) = &*constant.expr
            {
                block.block.stmts.iter().for_each(|stmt| {
                    if let syn::Stmt::Item(item) = stmt {
                        find(item);
                    }
                });
            }
        }
        let tokens = tokens.to_string();
        let info = tokens.split(". docs (").nth(1).and_then(|rest| rest.split(')').next());
        found[2] = info.unwrap_or_default().trim().to_owned();
        found
    }

    #[test]
    fn a_type_shows_what_its_action_declares_after_the_users_docs() {
        let [shown, on_impl, info] = docs(
            Kind::Streaming,
            quote!(
                state = crate::Chat,
                reads(turns, r#type),
                writes(reply),
                yields(Vec<[u8; 3]>),
                blocking
            ),
            quote!(
                /// Answers.
                ///
                /// - in words
                fn respond(
                    chat: Reads<'_>,
                    #[input] prompt: &String,
                    #[resource] llm: &Arc<dyn Llm>,
                    #[error] failure: &Failure,
                    preamble: String,
                    #[param(default = "`".into())] tick: String,
                ) -> Result<Writes> {
                    yield_!(Vec::new());
                }
            ),
        );
        let expected = "Answers.\n\n- in words\n\n\
            Action over `crate::Chat`: reads `turns`, `type`; writes `reply`; inputs `prompt: String`; \
            resources `llm: Arc<dyn Llm>`; \
            parameters `preamble: String`, `` tick: String = \"`\".into() ``; \
            yields `Vec<[u8; 3]>`; takes the failure of an `on error` edge; blocking.";
        assert_eq!(shown, expected);
        assert_eq!(on_impl, "");
        assert_eq!(info, r#""Answers.\n\n- in words""#, "pictures show the user's words alone");
    }

    #[test]
    fn an_action_without_docs_stays_without_and_its_impl_shows_what_it_declares() {
        let [shown, on_impl, info] = docs(
            Kind::Plain,
            quote!(state = Chat),
            quote!(
                async fn rest() -> Result<Writes> {}
            ),
        );
        assert_eq!(shown, "");
        assert_eq!(on_impl, "Action over `Chat`.");
        assert_eq!(info, "");
    }
}
