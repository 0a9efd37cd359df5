//! The base of the parser: single items, lists, errors and recovery.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseBuffer, ParseStream};
use syn::{Ident, Token, braced, parenthesized, token};

use super::editor::Places;
use super::syntax::Unparsed;
use crate::diagnostics::Diagnostics;

/// Proof that an error is in the diagnostics.
pub(super) struct Reported;

/// The result of a parser, whose error is already reported.
pub(super) type PResult<T> = Result<T, Reported>;

/// Whether the next entry of a list needs a comma before it.
#[derive(PartialEq)]
pub(super) enum Comma {
    Needed,
    Optional,
}

pub(super) struct Parser<'d> {
    pub(super) diagnostics: &'d mut Diagnostics,
    pub(super) unparsed: Unparsed,
    pub(super) places: Places,
    /// The sections seen so far.
    pub(super) sections: Vec<String>,
}

impl Parser<'_> {
    /// Parses entries that are separated by commas. After an invalid entry, continues after the next comma.
    ///
    /// Returns whether no comma is missing. If one is missing, the tokens after it are not necessarily an entry.
    pub(super) fn list(
        &mut self,
        input: ParseStream<'_>,
        mut entry: impl FnMut(&mut Self, ParseStream<'_>) -> PResult<Comma>,
    ) -> bool {
        let mut separated = true;
        while !input.is_empty() {
            let parsed = entry(self, input);
            if input.is_empty() || input.peek(Token![,]) {
                skip(input);
                continue;
            }
            match parsed {
                Ok(Comma::Optional) => continue,
                Ok(Comma::Needed) => {
                    self.expected(input, "expected `,`");
                    separated = false;
                    if starts_entry(input) {
                        continue;
                    }
                }
                Err(Reported) => {}
            }
            while !input.is_empty() && !input.peek(Token![,]) {
                skip(input);
            }
            skip(input);
        }
        separated
    }

    pub(super) fn skip_statement(&mut self, input: ParseStream<'_>) {
        while !input.is_empty() && !starts_statement(input) {
            // Skipping an arrow skips a transition.
            self.unparsed.statements |= input.peek(Token![->]);
            let (closes, brace) = (input.peek(Token![;]), input.peek(token::Brace));
            skip(input);
            if closes || brace && input.peek(Ident) {
                return;
            }
        }
    }

    pub(super) fn parse<T: Parse>(&mut self, input: ParseStream<'_>) -> PResult<T> {
        self.reported(input.parse())
    }

    /// Parses the name of a node.
    pub(super) fn node_name(&mut self, input: ParseStream<'_>) -> PResult<Ident> {
        let name = self.expect(input, "a node");
        self.places.node(name.as_ref().ok());
        name
    }

    /// Parses one item. If its first token does not match, the error is `expected {thing}`.
    pub(super) fn expect<T: Parse>(&mut self, input: ParseStream<'_>, thing: &str) -> PResult<T> {
        let before = input.cursor();
        match input.parse() {
            Err(_) if input.cursor() == before => {
                Err(self.expected(input, &format!("expected {thing}")))
            }
            result => self.reported(result),
        }
    }

    /// Reports the error of a result.
    pub(super) fn reported<T>(&mut self, result: syn::Result<T>) -> PResult<T> {
        result.map_err(|error| {
            self.diagnostics.syntax_error(error);
            Reported
        })
    }

    /// Reports an error at the next token, or at the closing brace if there is none.
    pub(super) fn expected(&mut self, input: ParseStream<'_>, message: &str) -> Reported {
        match input.cursor().token_tree() {
            Some((TokenTree::Group(group), _)) => {
                self.diagnostics.error_at(group.span_open(), message)
            }
            Some((tree, _)) => self.diagnostics.error(&tree, message),
            None => self.diagnostics.error_at(input.span(), message),
        };
        Reported
    }
}

/// Returns whether the next tokens look like an entry of a list, regardless of the tokens before them.
pub(super) fn starts_entry(input: ParseStream<'_>) -> bool {
    let after = input.cursor().ident().map(|(_, after)| after);
    let named = after.is_some_and(|after| after.eof() || input.peek2(token::Brace))
        || input.peek2(Token![:])
        || input.peek2(Token![=>])
        || input.peek2(Token![,]);
    input.peek(Token![#]) || input.peek(Ident) && named
}

/// Returns whether the next tokens start a statement, regardless of the tokens before them.
pub(super) fn starts_statement(input: ParseStream<'_>) -> bool {
    let Some((word, _)) = input.cursor().ident() else {
        return false;
    };
    match word.to_string().as_str() {
        _ if input.peek2(Token![->]) || input.peek2(Token![|]) => true,
        "inputs" | "resources" | "nodes" => input.peek2(token::Brace),
        "yields" | "start" | "on" => input.peek2(Ident),
        _ => false,
    }
}

pub(super) fn braces<'a>(input: &ParseBuffer<'a>) -> syn::Result<(token::Brace, ParseBuffer<'a>)> {
    let body;
    let brace = braced!(body in input);
    Ok((brace, body))
}

pub(super) fn parentheses<'a>(input: &ParseBuffer<'a>) -> syn::Result<ParseBuffer<'a>> {
    let inside;
    parenthesized!(inside in input);
    Ok(inside)
}

/// Skips one token. An arrow consists of two.
pub(super) fn skip(input: ParseStream<'_>) {
    let _ = input.parse::<TokenTree>();
}

/// Skips the rest.
pub(super) fn drain(input: ParseStream<'_>) {
    let _ = input.parse::<TokenStream>();
}
