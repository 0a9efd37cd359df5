//! The parser of the targets of transitions: a node, `pause`, `end`, `if` and `match`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Pat, Token, token};

use super::parser::{
    Comma, PResult, Parser, Reported, braces, drain, skip, starts_entry, starts_statement,
};
use super::syntax::{
    ArmSyntax, GuardSyntax, IfSyntax, MatchSyntax, PauseSyntax, TargetSyntax, unparsed,
};
use crate::names;

impl Parser<'_> {
    pub(super) fn target(&mut self, input: ParseStream<'_>) -> PResult<TargetSyntax> {
        // not `pause` and `end`, but a node may be typed before them
        let node = input.fork().parse::<Ident>().ok();
        self.places.node(node.as_ref().filter(|word| *word != "pause" && *word != "end"));
        if input.peek(Token![if]) {
            return self.if_target(input);
        }
        if input.peek(Token![match]) {
            return self.match_target(input);
        }
        let message = "expected a target: a node, `pause`, `end`, `if` or `match`";
        let Ok(word) = input.parse::<Ident>() else {
            return Err(self.expected(input, message));
        };
        if word == "state" {
            self.diagnostics
                .error(&word, message)
                .help("branch on a field: `if state.field { … } else { … }`");
            return Err(Reported);
        }
        if word == "end" {
            return Ok(TargetSyntax::End(word));
        }
        if word != "pause" {
            let words = ["pause", "if", "match"].map(String::from);
            let meant = names::closest(&word.to_string(), &words).filter(|_| !ends_target(input));
            let Some(meant) = meant else { return Ok(TargetSyntax::Node(word)) };
            self.diagnostics.error(&word, message).help(format!("did you mean `{meant}`"));
            return Err(Reported);
        }
        let named = input.peek(Ident::peek_any) && !starts_statement(input);
        let node = if named {
            Some(self.node_name(input)?)
        } else {
            self.places.node(None);
            None
        };
        Ok(TargetSyntax::Pause(PauseSyntax { keyword: word, node }))
    }

    fn if_target(&mut self, input: ParseStream<'_>) -> PResult<TargetSyntax> {
        let if_token: Token![if] = self.parse(input)?;
        if input.peek(Token![if]) {
            self.doubled(input, "if");
        }
        let condition = self.condition(input)?;
        let then = self.branch(input)?;
        let otherwise = if input.peek(Token![else]) {
            skip(input);
            if input.peek(Token![if]) { self.if_target(input)? } else { self.branch(input)? }
        } else if is_misspelt_else(input) {
            self.expected(input, "expected `else`");
            skip(input);
            self.branch(input)?
        } else {
            self.diagnostics
                .error(&if_token, "`if` without `else`")
                .help("add the other branch: `else { … }`");
            // if a branch follows, only the word `else` is missing
            if input.peek(token::Brace) { self.branch(input)? } else { self.unparsed_target() }
        };
        Ok(TargetSyntax::If(Box::new(IfSyntax { if_token, condition, then, otherwise })))
    }

    fn match_target(&mut self, input: ParseStream<'_>) -> PResult<TargetSyntax> {
        let match_token: Token![match] = self.parse(input)?;
        if input.peek(Token![match]) {
            self.doubled(input, "match");
        }
        let scrutinee = self.condition(input)?;
        let (brace, body) = self.reported(braces(input))?;
        let before = self.diagnostics.len();
        if body.is_empty() {
            self.diagnostics
                .error(&match_token, "a `match` without arms has no target")
                .help("write an arm: `pattern => target,`");
        }
        let mut arms = Vec::new();
        self.list(&body, |parser, input| parser.arm(input, &mut arms));
        self.unparsed.targets |= self.diagnostics.len() > before;
        Ok(TargetSyntax::Match(Box::new(MatchSyntax { match_token, scrutinee, brace, arms })))
    }

    /// Reports and skips a second keyword: syn would read on, to the end of the statement.
    fn doubled(&mut self, input: ParseStream<'_>, word: &str) {
        self.expected(input, &format!("expected a condition, found a second `{word}`"));
        skip(input);
        self.unparsed.targets = true;
    }

    fn arm(&mut self, input: ParseStream<'_>, arms: &mut Vec<ArmSyntax>) -> PResult<Comma> {
        let pattern = self.reported(input.call(Pat::parse_multi_with_leading_vert))?;
        let guard = if input.peek(Token![if]) {
            let if_token = self.parse(input)?;
            let condition = self.with_places(input, |parser, input| {
                parser.reported(consumed_tokens(input, Expr::parse))
            })?;
            Some(GuardSyntax { if_token, condition })
        } else {
            None
        };
        if !input.peek(Token![=>]) {
            return Err(self.expected(input, "expected `=>`"));
        }
        let arrow = self.parse(input)?;
        let mut target = self.target(input)?;
        let comma = match target {
            TargetSyntax::If(_) | TargetSyntax::Match(_) => Comma::Optional,
            _ => Comma::Needed,
        };
        if comma == Comma::Needed && !ends_target(input) {
            target = self.unparsed_target();
        }
        arms.push(ArmSyntax { pattern, guard, arrow, target });
        Ok(comma)
    }

    /// Parses `{ target }` after a condition or `else`.
    fn branch(&mut self, input: ParseStream<'_>) -> PResult<TargetSyntax> {
        let Ok((_, body)) = braces(input) else {
            return Err(self.expected(input, "expected `{ target }`"));
        };
        let target = self.target(&body);
        let is_complete = body.is_empty();
        if target.is_ok() && !is_complete {
            self.expected(&body, "expected one target");
        }
        drain(&body);
        Ok(target.ok().filter(|_| is_complete).unwrap_or_else(|| self.unparsed_target()))
    }

    /// Parses an expression before `{`. An invalid one is skipped up to the brace.
    fn condition(&mut self, input: ParseStream<'_>) -> PResult<TokenStream> {
        self.with_places(input, Self::parsed_condition)
    }

    /// Parses a condition, and records its fields even if it is invalid.
    fn with_places<T>(
        &mut self,
        input: ParseStream<'_>,
        parse: impl FnOnce(&mut Self, ParseStream<'_>) -> PResult<T>,
    ) -> PResult<T> {
        let start = input.cursor();
        let parsed = parse(self, input);
        self.places.condition(tokens_between(start, input.cursor()).unwrap_or_default());
        parsed
    }

    fn parsed_condition(&mut self, input: ParseStream<'_>) -> PResult<TokenStream> {
        let tokens = self.reported(consumed_tokens(input, Expr::parse_without_eager_brace));
        if tokens.is_ok() {
            return tokens;
        }
        self.unparsed.targets = true;
        while !input.is_empty() && !input.peek(Token![;]) && !starts_statement(input) {
            if input.peek(token::Brace) {
                return Ok(unparsed().to_token_stream());
            }
            skip(input);
        }
        Err(Reported)
    }

    pub(super) fn unparsed_target(&mut self) -> TargetSyntax {
        self.unparsed.targets = true;
        TargetSyntax::Unparsed
    }
}

/// Returns whether a word before a branch is probably a misspelt `else`, and not the start of a statement or an
/// arm.
fn is_misspelt_else(input: ParseStream<'_>) -> bool {
    input.peek(Ident)
        && input.peek2(token::Brace)
        && !input.peek3(Token![=>])
        && !starts_statement(input)
}

/// Returns whether the next tokens do not belong to the target.
pub(super) fn ends_target(input: ParseStream<'_>) -> bool {
    input.is_empty()
        || input.peek(Token![;])
        || input.peek(Token![,])
        || starts_statement(input)
        || starts_entry(input)
}

/// Returns the tokens that `parse` consumes, as the user wrote them.
fn consumed_tokens<T>(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<TokenStream> {
    let start = input.cursor();
    parse(input)?;
    tokens_between(start, input.cursor())
        .ok_or_else(|| input.error("expected an expression that ends here"))
}

/// Returns the tokens between two cursors. Returns `None` if the second one is inside a group without delimiters.
fn tokens_between(mut cursor: Cursor<'_>, end: Cursor<'_>) -> Option<TokenStream> {
    let mut tokens = TokenStream::new();
    while cursor != end {
        let (tree, next) = cursor.token_tree()?;
        tree.to_tokens(&mut tokens);
        cursor = next;
    }
    Some(tokens)
}
