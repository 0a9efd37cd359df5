//! Rewrites the body of an action by these rules:
//!
//! 1. `yield_!(item)` becomes `{ let item: Type = item; yielder.emit(item) }.await`, and `yield_from!(items)`
//!    becomes `{ let items = items; yielder.forward(items) }.await`; in a blocking action, without the `.await`.
//! 2. The same applies inside other macro calls, such as `select!`, whose arguments are only tokens.
//! 3. In a closure, a nested function or an `async` block it is an error, because they run elsewhere. An `async`
//!    block into which an attribute above, such as `#[tracing::instrument]`, has moved the whole body counts as
//!    the body.
//! 4. A bare `yield` is an error, because the keyword is not stable.
//! 5. Everything else is unchanged: `?` and `return` work as in any function.
//!
//! Syntax errors of the user are reported. Generated code is built from parts and not parsed again:
//! `parse_quote!` would panic, and the action would be lost.

use super::{Kind, syntax::ActionSyntax};
use crate::{diagnostics::Diagnostics, names::plain, spans::ends};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Block, Expr, ExprAsync, ExprAwait, ExprBlock, ExprClosure, Item, Local, Macro,
    MacroDelimiter, Pat, Path, Stmt, Token, Type,
    parse::ParseStream,
    token,
    visit_mut::{self, VisitMut},
};

/// Returns the name of the yielder argument.
pub(super) fn yielder() -> Ident {
    Ident::new("__yielder", Span::mixed_site())
}

/// Rewrites the body in place.
pub(super) fn rewrite_body(action: &mut ActionSyntax, diagnostics: &mut Diagnostics) {
    let mut rewriter = Rewriter {
        kind: action.kind,
        blocking: action.arguments.blocking.is_some(),
        item: action.arguments.yields.clone(),
        place: Place::Body,
        found: 0,
        method: false,
        wrapped: false,
        moved: is_moved(action.body.to_token_stream()),
        diagnostics,
    };
    rewriter.visit_block_mut(&mut action.body);
    let found = rewriter.found;
    action.method |= rewriter.method;
    if action.kind == Kind::Streaming && found == 0 && !action.unparsed {
        let name = action.name();
        diagnostics
            .error(name, format!("streaming action `{name}` yields nothing"))
            .help("call `yield_!(item)`, or write `#[action(…)]`");
    }
}

#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
struct Rewriter<'d> {
    kind: Kind,
    blocking: bool,
    item: Option<Type>,
    place: Place,
    /// The number of yields, including invalid ones.
    found: usize,
    /// Whether `Self` was found, which only a method has.
    method: bool,
    /// Whether the position is in an `async` block into which an attribute above has moved the body.
    wrapped: bool,
    /// Whether an attribute above has rewritten the body.
    moved: bool,
    diagnostics: &'d mut Diagnostics,
}

/// The part of a body that is being visited.
#[derive(Clone, Copy)]
enum Place {
    Body,
    Closure,
    Function,
    AsyncBlock,
}

impl Rewriter<'_> {
    fn within(&mut self, place: Place, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.place, place);
        visit(self);
        self.place = outer;
    }

    /// Returns the expression that replaces a `yield_!` or a `yield_from!` whose first token is `name`.
    fn emit(&mut self, kind: Yield, name: &Ident, call: &Macro, attrs: Vec<Attribute>) -> Expr {
        self.found += 1;
        let (called, argument) = (kind.name(), kind.argument());
        let place = match self.place {
            Place::Body => None,
            Place::Closure => Some("a closure"),
            Place::Function => Some("a nested function"),
            Place::AsyncBlock => Some("an `async` block"),
        };
        let item = call.parse_body_with(|input: ParseStream<'_>| parse_item(kind, input));
        if self.kind == Kind::Plain {
            self.diagnostics
                .error(name, format!("`{called}!` outside of a streaming action"))
                .help("write `#[streaming_action(…, yields(Type))]`");
        } else if let Some(place) = place {
            let error = self.diagnostics.error(name, format!("`{called}!` in {place}"));
            error.help(format!(
                "`{called}!` suspends the action itself: move it to the body of the function"
            ));
            if self.moved {
                error.note("an attribute above has rewritten the body: move that attribute below");
            }
        } else {
            match &item {
                Ok(Some(_)) => {}
                Ok(None) => {
                    self.diagnostics
                        .error(name, format!("`{called}!` takes one {argument}"))
                        .help(format!("write `{called}!({argument})`"));
                }
                Err(error) => self.diagnostics.syntax_error(error.clone()),
            }
        }
        let item = item.ok().flatten().map(|mut item| {
            self.visit_expr_mut(&mut item);
            item
        });
        self.emitted(kind, name.span(), item.as_ref(), attrs)
    }

    /// Returns the expression of rule 1.
    fn emitted(&self, kind: Yield, span: Span, item: Option<&Expr>, attrs: Vec<Attribute>) -> Expr {
        let yielder = yielder();
        let site = Span::mixed_site().located_at(span);
        let nothing = quote_spanned!(site=> ::core::unreachable!());
        let item = item.map_or(nothing, ToTokens::to_token_stream);
        // rustc reports a mismatch at the item because of its type, and at the stream because all tokens are there: it
        // would otherwise report it again where the future is awaited
        let (site, emit) = match kind {
            Yield::Item => {
                let ty = self.item.as_ref().map(|ty| quote_spanned!(site=> : #ty));
                (site, quote_spanned!(site=> let __item #ty = #item; #yielder.emit(__item)))
            }
            Yield::Stream => {
                let site = Span::mixed_site().located_at(ends(&item).0);
                (site, quote_spanned!(site=> let __items = #item; #yielder.forward(__items)))
            }
        };
        let stmts = vec![Stmt::Expr(Expr::Verbatim(emit), None)];
        let block = Block { brace_token: token::Brace(site), stmts };
        let block = |attrs| Expr::Block(ExprBlock { attrs, label: None, block });
        if self.blocking {
            return block(attrs);
        }
        Expr::Await(ExprAwait {
            attrs,
            base: Box::new(block(Vec::new())),
            dot_token: Token![.](site),
            await_token: Token![await](site),
        })
    }

    /// Returns the replacement of a `yield_!` or `yield_from!`, or rewrites the tokens of any other macro call.
    fn rewrite_macro(&mut self, call: &mut Macro, attrs: &mut Vec<Attribute>) -> Option<Expr> {
        if let Some(name) = call.path.get_ident()
            && let Some(kind) = Yield::of(name)
        {
            return Some(self.emit(kind, name, call, std::mem::take(attrs)));
        }
        call.tokens = self.rewrite_tokens(call.tokens.clone());
        None
    }

    /// Applies rules 2 to 4 to tokens whose syntax is unknown.
    fn rewrite_tokens(&mut self, tokens: TokenStream) -> TokenStream {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut output = TokenStream::new();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            at += 1;
            match (tree, trees.get(at), trees.get(at + 1)) {
                (
                    TokenTree::Ident(name),
                    Some(TokenTree::Punct(bang)),
                    Some(TokenTree::Group(item)),
                ) if let Some(kind) = Yield::of(name)
                    && bang.as_char() == '!' =>
                {
                    at += 2;
                    let call = Macro {
                        path: name.clone().into(),
                        bang_token: Token![!](bang.span()),
                        delimiter: delimiter(item),
                        tokens: item.stream(),
                    };
                    let emit = self.emit(kind, name, &call, Vec::new());
                    output.extend(quote!((#emit)));
                }
                (TokenTree::Ident(name), ..) if name == "yield" => {
                    self.reject_yield(name.span());
                    output.extend([tree.clone()]);
                }
                (TokenTree::Group(group), ..) => {
                    let place = block_place(&trees[..at - 1], group).unwrap_or(self.place);
                    let mut stream = TokenStream::new();
                    self.within(place, |this| stream = this.rewrite_tokens(group.stream()));
                    let mut rewritten = Group::new(group.delimiter(), stream);
                    rewritten.set_span(group.span());
                    output.extend([TokenTree::Group(rewritten)]);
                }
                _ => output.extend([tree.clone()]),
            }
        }
        output
    }

    fn reject_yield(&mut self, span: Span) {
        self.found += 1;
        self.diagnostics.error_at(span, "`yield` is not stable Rust").help("write `yield_!(item)`");
    }
}

/// A macro that yields.
#[derive(Clone, Copy)]
enum Yield {
    /// `yield_!(item)`
    Item,
    /// `yield_from!(stream)`
    Stream,
}

impl Yield {
    fn of(name: &Ident) -> Option<Self> {
        [Self::Item, Self::Stream].into_iter().find(|kind| name == kind.name())
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Item => "yield_",
            Self::Stream => "yield_from",
        }
    }

    const fn argument(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Stream => "stream",
        }
    }
}

/// Parses the arguments of a `yield_!` or `yield_from!`: one expression, or nothing.
fn parse_item(kind: Yield, input: ParseStream<'_>) -> syn::Result<Option<Expr>> {
    if input.is_empty() {
        return Ok(None);
    }
    let item = input.parse()?;
    let comma: Option<Token![,]> = input.parse()?;
    if input.is_empty() {
        return Ok(Some(item));
    }
    Err(input.error(match (comma, kind) {
        (Some(_), Yield::Item) => {
            "`yield_!` takes one item\nhelp: yield a tuple, or call `yield_!` for each item"
        }
        (Some(_), Yield::Stream) => {
            "`yield_from!` takes one stream\nhelp: call `yield_from!` for each stream"
        }
        (None, Yield::Item) => "unexpected token after the item",
        (None, Yield::Stream) => "unexpected token after the stream",
    }))
}

fn delimiter(group: &Group) -> MacroDelimiter {
    let span = group.delim_span();
    match group.delimiter() {
        Delimiter::Brace => MacroDelimiter::Brace(token::Brace { span }),
        Delimiter::Bracket => MacroDelimiter::Bracket(token::Bracket { span }),
        Delimiter::Parenthesis | Delimiter::None => MacroDelimiter::Paren(token::Paren { span }),
    }
}

/// Returns whether a name is reserved for generated code.
fn is_generated(name: &Ident) -> bool {
    plain(name).starts_with("__")
}

/// Returns whether the body has generated names, and so was rewritten by an attribute above.
fn is_moved(body: TokenStream) -> bool {
    body.into_iter().any(|tree| match tree {
        TokenTree::Ident(name) => is_generated(&name),
        TokenTree::Group(group) => is_moved(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Returns the kind of a group in a macro call, if it is the block of an `async` block or a closure.
fn block_place(before: &[TokenTree], group: &Group) -> Option<Place> {
    if group.delimiter() != Delimiter::Brace {
        return None;
    }
    let word = |back: usize, text: &str| {
        let index = before.len().checked_sub(back);
        matches!(index.and_then(|index| before.get(index)), Some(TokenTree::Ident(name)) if name == text)
    };
    let bar = matches!(before.last(), Some(TokenTree::Punct(bar)) if bar.as_char() == '|');
    if word(1, "async") || (word(1, "move") && word(2, "async")) {
        return Some(Place::AsyncBlock);
    }
    bar.then_some(Place::Closure)
}

impl VisitMut for Rewriter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Macro(call) => {
                if let Some(emit) = self.rewrite_macro(&mut call.mac, &mut call.attrs) {
                    *expr = emit;
                }
            }
            Expr::Yield(bare) => self.reject_yield(bare.yield_token.span),
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        // a macro call with braces is a statement without `;`, but the expression that replaces it is not
        let (_last, statements) = block.stmts.split_last_mut().unzip();
        for stmt in statements.into_iter().flatten() {
            if let Stmt::Macro(call) = stmt
                && call.mac.path.get_ident().and_then(Yield::of).is_some()
            {
                call.semi_token.get_or_insert_default();
            }
        }
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        let Stmt::Macro(call) = stmt else {
            return visit_mut::visit_stmt_mut(self, stmt);
        };
        if let Some(emit) = self.rewrite_macro(&mut call.mac, &mut call.attrs) {
            *stmt = Stmt::Expr(emit, call.semi_token);
        }
    }

    fn visit_path_mut(&mut self, path: &mut Path) {
        let first = path.segments.first().filter(|first| first.ident == "Self");
        if let (Some(first), false, false) =
            (first, self.method, matches!(self.place, Place::Function))
        {
            self.method = true;
            self.diagnostics
                .error(&first.ident, "`Self` is not available in an action")
                .help("move the function out of the `impl`, and name the type");
        }
        visit_mut::visit_path_mut(self, path);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.within(Place::Closure, |this| visit_mut::visit_expr_closure_mut(this, closure));
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let generated = matches!(&local.pat, Pat::Ident(pat) if is_generated(&pat.ident));
        let Some(init) = local.init.as_mut().filter(|_| generated) else {
            return visit_mut::visit_local_mut(self, local);
        };
        let outer = std::mem::replace(&mut self.wrapped, true);
        match &mut *init.expr {
            Expr::Async(block) => visit_mut::visit_block_mut(self, &mut block.block),
            _ => visit_mut::visit_local_mut(self, local),
        }
        self.wrapped = outer;
    }

    fn visit_expr_await_mut(&mut self, expr: &mut ExprAwait) {
        match &mut *expr.base {
            Expr::Async(block) if self.wrapped => {
                visit_mut::visit_block_mut(self, &mut block.block);
            }
            _ => visit_mut::visit_expr_await_mut(self, expr),
        }
    }

    fn visit_expr_async_mut(&mut self, block: &mut ExprAsync) {
        self.within(Place::AsyncBlock, |this| visit_mut::visit_expr_async_mut(this, block));
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        self.within(Place::Function, |this| visit_mut::visit_item_mut(this, item));
    }
}
