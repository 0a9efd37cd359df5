//! What every part of the parser uses: reading one thing, lists, errors, and where to go on after one.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseBuffer, ParseStream};
use syn::{Ident, Token, braced, parenthesized, token};

use super::syntax::Unread;
use crate::diagnostics::Diagnostics;

/// An error that is already in the diagnostics.
pub(super) struct Reported;

pub(super) type Read<T> = Result<T, Reported>;

/// Whether the next entry of a list needs a comma before it.
#[derive(PartialEq)]
pub(super) enum Comma {
    Needed,
    Optional,
}

pub(super) struct Parser<'d> {
    pub(super) diagnostics: &'d mut Diagnostics,
    pub(super) unread: Unread,
    /// The sections seen so far.
    pub(super) sections: Vec<String>,
}

impl Parser<'_> {
    /// Reads entries with commas between them; one that cannot be read costs what lies before the next comma.
    ///
    /// Says whether every comma was there; where one is missing, what follows may be no entry.
    pub(super) fn list(
        &mut self,
        input: ParseStream<'_>,
        mut entry: impl FnMut(&mut Self, ParseStream<'_>) -> Read<Comma>,
    ) -> bool {
        let mut separated = true;
        while !input.is_empty() {
            let read = entry(self, input);
            if input.is_empty() || input.peek(Token![,]) {
                skip(input);
                continue;
            }
            match read {
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
            // What follows an arrow is lost, and so is what it belongs to.
            self.unread.statements |= input.peek(Token![->]);
            let (closes, brace) = (input.peek(Token![;]), input.peek(token::Brace));
            skip(input);
            if closes || brace && input.peek(Ident) {
                return;
            }
        }
    }

    pub(super) fn parse<T: Parse>(&mut self, input: ParseStream<'_>) -> Read<T> {
        self.read(input.parse())
    }

    /// Reads one thing; when not even its first token fits, the error says `expected` this `thing`.
    pub(super) fn expect<T: Parse>(&mut self, input: ParseStream<'_>, thing: &str) -> Read<T> {
        let before = input.cursor();
        match input.parse() {
            Err(_) if input.cursor() == before => {
                Err(self.expected(input, &format!("expected {thing}")))
            }
            result => self.read(result),
        }
    }

    pub(super) fn read<T>(&mut self, result: syn::Result<T>) -> Read<T> {
        result.map_err(|error| {
            self.diagnostics.syntax_error(error);
            Reported
        })
    }

    /// Reports an error at the next token, or at the closing brace when there is none.
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

/// Whether the next tokens look like an entry of a list whatever came before them.
pub(super) fn starts_entry(input: ParseStream<'_>) -> bool {
    let after = input.cursor().ident().map(|(_, after)| after);
    let named = after.is_some_and(|after| after.eof() || input.peek2(token::Brace))
        || input.peek2(Token![:])
        || input.peek2(Token![=>])
        || input.peek2(Token![,]);
    input.peek(Token![#]) || input.peek(Ident) && named
}

/// Whether the next tokens begin a statement whatever came before them.
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

/// Leaves one token out, an arrow being two.
pub(super) fn skip(input: ParseStream<'_>) {
    let _ = input.parse::<TokenTree>();
}

/// Leaves the rest out.
pub(super) fn drain(input: ParseStream<'_>) {
    let _ = input.parse::<TokenStream>();
}
