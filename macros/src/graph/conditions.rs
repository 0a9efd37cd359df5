//! Rewriting of conditions: `state.field` becomes a place expression of the candidate state.
//!
//! It works on tokens instead of expressions, so that macro calls such as `matches!` are rewritten as well.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use crate::diagnostics::Diagnostics;
use crate::names;

/// A condition that reads the candidate state.
pub(crate) struct Rewritten {
    pub(crate) tokens: TokenStream,
    /// The fields that it reads, each once, with the span of the first use.
    pub(crate) fields: Vec<Ident>,
}

/// Replaces each `state.field` with the place expression `(*state_ident.field.__get())`.
pub(crate) fn rewrite(
    tokens: &TokenStream,
    state_ident: &Ident,
    diagnostics: &mut Diagnostics,
) -> Rewritten {
    let mut fields = Vec::new();
    let mut rewriter = Rewriter { state_ident, fields: &mut fields, diagnostics };
    let tokens = rewriter.stream(tokens.clone());
    Rewritten { tokens, fields }
}

/// Adds the fields that are not in the list yet.
pub(crate) fn add_fields(fields: &mut Vec<Ident>, more: impl IntoIterator<Item = Ident>) {
    for field in more {
        if !fields.iter().any(|known| names::plain(known) == names::plain(&field)) {
            fields.push(field);
        }
    }
}

struct Rewriter<'a> {
    state_ident: &'a Ident,
    fields: &'a mut Vec<Ident>,
    diagnostics: &'a mut Diagnostics,
}

impl Rewriter<'_> {
    fn stream(&mut self, tokens: TokenStream) -> TokenStream {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut output = TokenStream::new();
        let mut index = 0;
        while let Some(tree) = trees.get(index) {
            match tree {
                TokenTree::Group(group) => self.group(group).to_tokens(&mut output),
                TokenTree::Ident(word) if word == "state" && is_value(&trees, index) => {
                    if let Some(field) = self.field(word, &trees[index + 1..]) {
                        output.extend(self.place(field));
                        index += 3;
                        continue;
                    }
                    tree.to_tokens(&mut output);
                }
                _ => tree.to_tokens(&mut output),
            }
            index += 1;
        }
        output
    }

    fn group(&mut self, group: &Group) -> Group {
        let mut rewritten = Group::new(group.delimiter(), self.stream(group.stream()));
        rewritten.set_span(group.span());
        rewritten
    }

    /// Returns the field of a `.field` after `state`, if it is one.
    fn field<'t>(&mut self, state: &Ident, after: &'t [TokenTree]) -> Option<&'t Ident> {
        let [dot, TokenTree::Ident(field), rest @ ..] = after else {
            return self.report_bare_state(state);
        };
        if punct(dot) != Some('.') {
            return self.report_bare_state(state);
        }
        let called = matches!(rest.first(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
        let turbofish = rest.len() > 1 && rest[..2].iter().all(|tree| punct(tree) == Some(':'));
        if called || turbofish {
            self.diagnostics
                .error(field, "a condition cannot call a method of the state")
                .help("call a method on a field: `state.field.method()`");
            return None;
        }
        // rustc reports a keyword in the place of a field
        names::is_name(field).then_some(field)
    }

    /// Reports a use of `state` without a field. Always returns `None`.
    fn report_bare_state(&mut self, state: &Ident) -> Option<&'static Ident> {
        self.diagnostics
            .error(state, "`state` cannot be used as a value")
            .help("read one of its fields: `state.field`");
        None
    }

    fn place(&mut self, field: &Ident) -> TokenStream {
        add_fields(self.fields, [field.clone()]);
        // Located at the field for errors, but with the hygiene of the macro, so that lints for the user's code do
        // not apply.
        let span = Span::mixed_site().located_at(field.span());
        let mut state = self.state_ident.clone();
        state.set_span(state.span().located_at(field.span()));
        quote_spanned!(span=> (*#state.#field.__get()))
    }
}

/// Returns whether the word at `index` is a value, and not a field, a path segment, a name in a struct literal or
/// a macro.
fn is_value(trees: &[TokenTree], index: usize) -> bool {
    let at = |index: usize| trees.get(index).and_then(punct);
    let before = |steps: usize| index.checked_sub(steps).and_then(at);
    let joint_before = |c| before(1) == Some(c) && before(2) == Some(c);
    let selected = before(1) == Some('.') && !joint_before('.');
    let named = at(index + 1) == Some(':');
    let called =
        at(index + 1) == Some('!') && matches!(trees.get(index + 2), Some(TokenTree::Group(_)));
    !(selected || joint_before(':') || named || called)
}

fn punct(tree: &TokenTree) -> Option<char> {
    match tree {
        TokenTree::Punct(punct) => Some(punct.as_char()),
        _ => None,
    }
}
