//! Reads where a transition leads: a node, `pause`, `end`, `if` and `match`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Pat, Token, token};

use super::parser::{Comma, Parser, Read, Reported, braces, drain, skip, starts_statement};
use super::syntax::{ArmSyntax, GuardSyntax, IfSyntax, MatchSyntax, PauseSyntax, TargetSyntax};

impl Parser<'_> {
    pub(super) fn target(&mut self, input: ParseStream<'_>) -> Read<TargetSyntax> {
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
                .help("let a field decide: `if state.field { … } else { … }`");
            return Err(Reported);
        }
        if word == "end" {
            return Ok(TargetSyntax::End(word));
        }
        if word != "pause" {
            return Ok(TargetSyntax::Node(word));
        }
        let named = input.peek(Ident::peek_any) && !starts_statement(input);
        let node = if named { Some(self.expect(input, "a node")?) } else { None };
        Ok(TargetSyntax::Pause(PauseSyntax { keyword: word, node }))
    }

    fn if_target(&mut self, input: ParseStream<'_>) -> Read<TargetSyntax> {
        let if_token = self.parse(input)?;
        let condition = self.condition(input)?;
        let then = self.branch(input)?;
        let otherwise = if input.peek(Token![else]) {
            skip(input);
            if input.peek(Token![if]) { self.if_target(input)? } else { self.branch(input)? }
        } else {
            self.diagnostics
                .error(&if_token, "`if` without `else`")
                .help("say what follows otherwise: `else { … }`");
            // The word alone may be missing.
            if input.peek(token::Brace) { self.branch(input)? } else { self.lost_target() }
        };
        Ok(TargetSyntax::If(Box::new(IfSyntax { if_token, condition, then, otherwise })))
    }

    fn match_target(&mut self, input: ParseStream<'_>) -> Read<TargetSyntax> {
        let match_token = self.parse(input)?;
        let scrutinee = self.condition(input)?;
        let (brace, body) = self.read(braces(input))?;
        let mut arms = Vec::new();
        let before = self.diagnostics.len();
        self.list(&body, |parser, input| parser.arm(input, &mut arms));
        self.unread.targets |= self.diagnostics.len() > before;
        Ok(TargetSyntax::Match(Box::new(MatchSyntax { match_token, scrutinee, brace, arms })))
    }

    fn arm(&mut self, input: ParseStream<'_>, arms: &mut Vec<ArmSyntax>) -> Read<Comma> {
        let pattern = self.read(input.call(Pat::parse_multi_with_leading_vert))?;
        let guard = if input.peek(Token![if]) {
            let if_token = self.parse(input)?;
            let condition = self.read(original(input, Expr::parse))?;
            Some(GuardSyntax { if_token, condition })
        } else {
            None
        };
        if !input.peek(Token![=>]) {
            return Err(self.expected(input, "expected `=>`"));
        }
        let arrow = self.parse(input)?;
        let target = self.target(input)?;
        let comma = match target {
            TargetSyntax::If(_) | TargetSyntax::Match(_) => Comma::Optional,
            _ => Comma::Needed,
        };
        arms.push(ArmSyntax { pattern, guard, arrow, target });
        Ok(comma)
    }

    /// `{ target }` after a condition or `else`.
    fn branch(&mut self, input: ParseStream<'_>) -> Read<TargetSyntax> {
        let Ok((_, body)) = braces(input) else {
            return Err(self.expected(input, "expected `{ target }`"));
        };
        let target = self.target(&body);
        if target.is_ok() && !body.is_empty() {
            self.expected(&body, "expected one target");
        }
        drain(&body);
        Ok(target.unwrap_or_else(|_| self.lost_target()))
    }

    /// An expression before `{`; one that cannot be read is skipped up to the brace.
    fn condition(&mut self, input: ParseStream<'_>) -> Read<TokenStream> {
        let tokens = self.read(original(input, Expr::parse_without_eager_brace));
        if tokens.is_ok() {
            return tokens;
        }
        self.unread.targets = true;
        while !input.is_empty() && !input.peek(Token![;]) && !starts_statement(input) {
            if input.peek(token::Brace) {
                return Ok(TokenStream::new());
            }
            skip(input);
        }
        Err(Reported)
    }

    pub(super) fn lost_target(&mut self) -> TargetSyntax {
        self.unread.targets = true;
        TargetSyntax::Unread
    }
}

/// The tokens that `parse` consumes, as the user wrote them.
fn original<T>(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<TokenStream> {
    let mut cursor = input.cursor();
    parse(input)?;
    let mut tokens = TokenStream::new();
    while cursor != input.cursor() {
        let Some((tree, next)) = cursor.token_tree() else {
            break;
        };
        tree.to_tokens(&mut tokens);
        cursor = next;
    }
    Ok(tokens)
}
