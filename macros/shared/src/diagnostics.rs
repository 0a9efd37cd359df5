//! Collected errors: every stage adds to one [`Diagnostics`], and all of them are emitted together.

use std::fmt::Display;

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The errors of one macro call.
#[derive(Debug, Default)]
#[must_use = "an invalid program compiles if its errors are not emitted"]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Returns an empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error that labels exactly these tokens.
    pub fn error(
        &mut self,
        tokens: &(impl ToTokens + ?Sized),
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let tokens = tokens.to_token_stream();
        let labelled = tokens.to_string();
        let mut spans = tokens.into_iter().map(|tree| tree.span());
        let start = spans.next().unwrap_or_else(Span::call_site);
        let end = spans.last().unwrap_or(start);
        self.add(Diagnostic { start, end, labelled, message: message.into(), lines: Vec::new() })
    }

    /// Adds an error at a place that has no token of its own, such as a closing brace.
    pub fn error_at(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let labelled = String::new();
        self.add(Diagnostic {
            start: span,
            end: span,
            labelled,
            message: message.into(),
            lines: Vec::new(),
        })
    }

    /// Adds the errors of syn.
    pub fn syntax_error(&mut self, error: syn::Error) {
        for error in error {
            self.error_at(error.span(), error.to_string());
        }
    }

    /// Returns whether there are no errors.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns the number of errors.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Returns one `compile_error!` per error, each spanned so that rustc labels its tokens.
    pub fn into_compile_errors(self) -> TokenStream {
        self.found.into_iter().map(Diagnostic::into_compile_error).collect()
    }

    /// Returns the errors as text, in the order in which they were added: `message @ tokens`. For tests.
    pub fn render(&self) -> Vec<String> {
        self.found.iter().map(|found| format!("{} @ {}", found.text(), found.labelled)).collect()
    }

    fn add(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        let index = self.found.len();
        self.found.push(diagnostic);
        &mut self.found[index]
    }
}

impl From<syn::Error> for Diagnostics {
    fn from(error: syn::Error) -> Self {
        let mut diagnostics = Self::new();
        diagnostics.syntax_error(error);
        diagnostics
    }
}

/// One error.
#[derive(Debug)]
pub struct Diagnostic {
    start: Span,
    end: Span,
    /// The labelled tokens as text, for tests, where spans have no source text.
    labelled: String,
    message: String,
    lines: Vec<String>,
}

impl Diagnostic {
    /// Adds a `help:` line.
    pub fn help(&mut self, text: impl Display) -> &mut Self {
        self.lines.push(format!("help: {text}"));
        self
    }

    /// Adds a `note:` line.
    pub fn note(&mut self, text: impl Display) -> &mut Self {
        self.lines.push(format!("note: {text}"));
        self
    }

    fn text(&self) -> String {
        let lines = self.lines.iter().map(String::as_str);
        std::iter::once(self.message.as_str()).chain(lines).collect::<Vec<_>>().join("\n")
    }

    fn into_compile_error(self) -> TokenStream {
        let mut text = Literal::string(&self.text());
        text.set_span(self.end);
        let mut body = Group::new(Delimiter::Brace, quote!(#text));
        body.set_span(self.end);
        let colon = |spacing| TokenTree::from(Punct::new(':', spacing));
        let word = |text| TokenTree::from(Ident::new(text, self.start));
        let bang = TokenTree::from(Punct::new('!', Spacing::Alone));
        let (joint, alone) = (Spacing::Joint, Spacing::Alone);
        let head = [
            colon(joint),
            colon(alone),
            word("core"),
            colon(joint),
            colon(alone),
            word("compile_error"),
            bang,
        ];
        head.into_iter()
            .map(|mut tree| {
                tree.set_span(self.start);
                tree
            })
            .chain([TokenTree::from(body)])
            .collect()
    }
}
