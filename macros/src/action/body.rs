//! The rewriting of a body. Its rules:
//!
//! 1. `yield_!(item)` becomes `{ let item: Type = item; yielder.emit(item) }.await`; on a thread, without the `.await`.
//! 2. So it does inside other macro calls, such as `select!`, where only tokens can be seen.
//! 3. In a closure, a nested function or an `async` block it is an error: they run elsewhere.
//! 4. A bare `yield` is an error: stable Rust refuses the keyword.
//! 5. Nothing else changes: `?` and `return` mean what they mean in any function.

use super::{Kind, syntax::ActionSyntax};
use crate::diagnostics::Diagnostics;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{
    Expr, ExprAsync, ExprClosure, Item, Macro, Stmt, Type, parse_quote,
    visit_mut::{self, VisitMut},
};

/// The name under which the function takes its yielder.
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
        diagnostics,
    };
    rewriter.visit_block_mut(&mut action.body);
    let found = rewriter.found;
    if action.kind == Kind::Streaming && found == 0 {
        let name = action.name();
        diagnostics
            .error(name, format!("streaming action `{name}` yields nothing"))
            .help("call `yield_!(item)`, or write `#[action(…)]`");
    }
}

struct Rewriter<'d> {
    kind: Kind,
    blocking: bool,
    item: Option<Type>,
    place: Place,
    /// How many items are yielded, rightly or wrongly.
    found: usize,
    diagnostics: &'d mut Diagnostics,
}

/// Where in a body something stands.
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

    /// What stands for one `yield_!`, whose first token is `call`.
    fn emit(&mut self, call: &Ident, item: &TokenStream) -> TokenStream {
        self.found += 1;
        let place = match self.place {
            Place::Body => None,
            Place::Closure => Some("a closure"),
            Place::Function => Some("a nested function"),
            Place::AsyncBlock => Some("an `async` block"),
        };
        if self.kind == Kind::Plain {
            self.diagnostics
                .error(call, "`yield_!` in an action that does not stream")
                .help("write `#[streaming_action(…, yields(Type))]`");
        } else if let Some(place) = place {
            self.diagnostics
                .error(call, format!("`yield_!` in {place}"))
                .help("it suspends the action itself: yield from the body of the function");
        } else if item.is_empty() {
            self.diagnostics
                .error(call, "`yield_!` hands over one item")
                .help("write `yield_!(item)`");
        }
        let yielder = yielder();
        let site = Span::mixed_site().located_at(call.span());
        // with its type, so that rustc expects it where the item is written
        let ty = self.item.as_ref().map(|ty| quote_spanned!(site=> : #ty));
        let nothing = quote_spanned!(site=> ::core::unreachable!());
        let item = if item.is_empty() { &nothing } else { item };
        let emit = quote_spanned!(site=> { let item #ty = #item; #yielder.emit(item) });
        if self.blocking { emit } else { quote_spanned!(site=> #emit.await) }
    }

    fn rewrite_macro(&mut self, call: &mut Macro) -> Option<TokenStream> {
        if let Some(name) = call.path.get_ident().filter(|name| *name == "yield_") {
            let item = self.rewrite_tokens(call.tokens.clone());
            return Some(self.emit(&name.clone(), &item));
        }
        call.tokens = self.rewrite_tokens(call.tokens.clone());
        None
    }

    /// Rules 2 to 4 on tokens that no parser can see through.
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
                ) if name == "yield_" && bang.as_char() == '!' => {
                    at += 2;
                    let item = self.rewrite_tokens(item.stream());
                    let emit = self.emit(name, &item);
                    output.extend(quote!((#emit)));
                }
                (TokenTree::Ident(name), ..) if name == "yield" => {
                    self.refuse_yield(name.span());
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

    fn refuse_yield(&mut self, span: Span) {
        self.found += 1;
        self.diagnostics.error_at(span, "`yield` is not stable Rust").help("write `yield_!(item)`");
    }
}

/// Whether a group in a macro call is the block of an `async` block or a closure.
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
                if let Some(emit) = self.rewrite_macro(&mut call.mac) {
                    *expr = parse_quote!(#emit);
                }
            }
            Expr::Yield(bare) => self.refuse_yield(bare.yield_token.span),
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        let Stmt::Macro(call) = stmt else {
            return visit_mut::visit_stmt_mut(self, stmt);
        };
        if let Some(emit) = self.rewrite_macro(&mut call.mac) {
            let expr: Expr = parse_quote!(#emit);
            *stmt = Stmt::Expr(expr, call.semi_token);
        }
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.within(Place::Closure, |this| visit_mut::visit_expr_closure_mut(this, closure));
    }

    fn visit_expr_async_mut(&mut self, block: &mut ExprAsync) {
        self.within(Place::AsyncBlock, |this| visit_mut::visit_expr_async_mut(this, block));
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        self.within(Place::Function, |this| visit_mut::visit_item_mut(this, item));
    }
}
