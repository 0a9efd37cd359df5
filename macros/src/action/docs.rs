//! The generated docs of an action: what it declares.
//!
//! Everything is in code spans, in which rustdoc does not look for links. An action without docs has these on
//! its `impl`, so that `missing_docs` still reports it.

use super::syntax::{ActionSyntax, Needed, Param, WriteKind};
use crate::{names::plain, text};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// Returns the generated docs, either for the type of the action or for its `impl`.
pub(super) fn expand_docs(action: &ActionSyntax) -> (Option<TokenStream>, Option<TokenStream>) {
    let docs = declared(action);
    if text::docs(&action.outer).is_empty() {
        return (None, Some(quote!(#[doc = #docs])));
    }
    // the empty line ends the paragraph of the user's docs
    (Some(quote!(#[doc = ""] #[doc = #docs])), None)
}

/// Returns one paragraph.
fn declared(action: &ActionSyntax) -> String {
    let arguments = &action.arguments;
    let needed = |Needed { name, ty, .. }: &Needed| typed(name, ty);
    let params = action.params().map(|Param { name, ty, default }| match default {
        Some(value) => format!("{} = {}", typed(name, ty), text::written(value)),
        None => typed(name, ty),
    });
    let graphs = action.children().map(|child| typed(&child.name, &child.graph));
    let written = arguments.writes.iter().filter_map(|write| match write.kind {
        WriteKind::Always => Some(plain(&write.field)),
        WriteKind::Optional => Some(format!("{}?", plain(&write.field))),
        WriteKind::Append => None,
    });
    let parts: [(&str, Vec<String>); 8] = [
        ("reads", arguments.reads.iter().map(plain).collect()),
        ("writes", written.collect()),
        ("appends to", arguments.written(WriteKind::Append).map(plain).collect()),
        ("inputs", action.inputs().map(needed).collect()),
        ("resources", action.resources().map(needed).collect()),
        ("graphs", graphs.collect()),
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

/// Returns a code span whose fence is longer than any run of backticks in the text.
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

    /// Returns the docs of the type, of the `impl` and of `INFO`.
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
    fn generated_docs_follow_the_users_docs_on_the_type() {
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
        assert_eq!(info, r#""Answers.\n\n- in words""#, "diagrams show only the user's docs");
    }

    #[test]
    fn generated_docs_are_on_the_impl_of_an_action_without_docs() {
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
