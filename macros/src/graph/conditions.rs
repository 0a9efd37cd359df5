//! Conditions: `state.field` becomes a place of the candidate state, and tokens become a label.
//!
//! Both work on tokens, not on expressions, so that they reach into macro calls such as `matches!`.

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use crate::diagnostics::Diagnostics;
use crate::names;

/// A condition that reads the candidate state.
pub(crate) struct Rewritten {
    pub(crate) tokens: TokenStream,
    /// The fields it reads, each once, at its first place.
    pub(crate) fields: Vec<Ident>,
}

/// Turns every `state.field` into the place `(*state_ident.field.__get())`; the rest stays as it is.
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

/// Adds the fields whose names are not there yet.
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

    /// The field that `.field` after `state` names, when it names one.
    fn field<'t>(&mut self, state: &Ident, after: &'t [TokenTree]) -> Option<&'t Ident> {
        let [dot, TokenTree::Ident(field), rest @ ..] = after else {
            return self.bare(state);
        };
        if punct(dot) != Some('.') {
            return self.bare(state);
        }
        let called = matches!(rest.first(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
        let turbofish = rest.len() > 1 && rest[..2].iter().all(|tree| punct(tree) == Some(':'));
        if called || turbofish {
            self.diagnostics
                .error(field, "a condition reads fields of the state, it calls no methods on it")
                .help("call a method on a field: `state.field.method()`");
            return None;
        }
        // a keyword is not the name of a field, which rustc says where it is read
        names::is_name(field).then_some(field)
    }

    fn bare(&mut self, state: &Ident) -> Option<&'static Ident> {
        self.diagnostics
            .error(state, "`state` stands for no value here")
            .help("read one of its fields: `state.field`");
        None
    }

    fn place(&mut self, field: &Ident) -> TokenStream {
        add_fields(self.fields, [field.clone()]);
        // Located at the field, so that errors are, but ours, so that lints for the user's code stay silent.
        let span = Span::mixed_site().located_at(field.span());
        let mut state = self.state_ident.clone();
        state.set_span(state.span().located_at(field.span()));
        quote_spanned!(span=> (*#state.#field.__get()))
    }
}

/// Whether the word at `index` is a value: no field, no path segment, no name in a struct literal, no macro.
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

/// The tokens as a person would write them on one line: `matches!(state.mode, Mode::A | Mode::B)`.
pub(crate) fn text(tokens: impl ToTokens) -> String {
    let mut printer =
        Printer { output: String::new(), last: Last::Open, angles: 0, closure: false };
    printer.stream(tokens.to_token_stream());
    printer.output
}

/// What was printed last, as far as the next space depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// The start, or something that nothing is put apart from: `(`, `.`, `::`, a prefix operator.
    Open,
    /// A name, a literal or a closed group: an operand.
    Operand,
    /// A name that starts with a capital letter, which `<` can follow as a bracket.
    Type,
    /// A word or sign after which an operand begins, a space apart.
    Operator,
    /// The `!` of a macro call.
    Bang,
}

struct Printer {
    output: String,
    last: Last,
    /// How many `<` brackets are open.
    angles: usize,
    /// Between the bars of a closure.
    closure: bool,
}

const KEYWORDS: [&str; 10] =
    ["if", "else", "match", "in", "as", "let", "return", "move", "ref", "mut"];

const OPERATORS: [&str; 25] = [
    "<<=", ">>=", "...", "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>",
    "..", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "'",
];

impl Printer {
    fn stream(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut index = 0;
        while let Some(tree) = trees.get(index) {
            index += 1;
            match tree {
                TokenTree::Group(group) => self.group(group),
                TokenTree::Ident(word) => self.word(&word.to_string()),
                TokenTree::Literal(literal) => self.operand(&literal.to_string(), Last::Operand),
                TokenTree::Punct(first) => {
                    let mut run = String::from(first.as_char());
                    let mut last = first;
                    while let (Spacing::Joint, Some(TokenTree::Punct(next))) =
                        (last.spacing(), trees.get(index + run.len() - 1))
                    {
                        run.push(next.as_char());
                        last = next;
                    }
                    let known = OPERATORS.iter().find(|operator| run.starts_with(**operator));
                    let sign = known.map_or(&run[..1], |operator| *operator);
                    index += sign.len() - 1;
                    let macro_call =
                        sign == "!" && matches!(trees.get(index), Some(TokenTree::Group(_)));
                    self.sign(sign, macro_call.then_some(Last::Bang));
                }
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => (" { ", " }"),
            Delimiter::None => ("", ""),
        };
        let empty = group.stream().is_empty();
        if self.last == Last::Operator {
            self.output.push(' ');
        }
        let spaced = if self.last == Last::Operator || self.output.is_empty() {
            open.trim_start()
        } else {
            open
        };
        self.output.push_str(if empty { spaced.trim_end() } else { spaced });
        if group.delimiter() != Delimiter::None || self.last == Last::Operator {
            self.last = Last::Open;
        }
        let outer = (self.angles, self.closure);
        (self.angles, self.closure) = (0, false);
        self.stream(group.stream());
        (self.angles, self.closure) = outer;
        self.output.push_str(if empty { close.trim_start() } else { close });
        self.last = Last::Operand;
    }

    fn word(&mut self, word: &str) {
        let last = if KEYWORDS.contains(&word) {
            Last::Operator
        } else if word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase) {
            Last::Type
        } else {
            Last::Operand
        };
        self.operand(word, last);
    }

    fn operand(&mut self, text: &str, last: Last) {
        if self.last != Last::Open {
            self.output.push(' ');
        }
        self.output.push_str(text);
        self.last = last;
    }

    fn sign(&mut self, sign: &str, macro_call: Option<Last>) {
        let prefix = !matches!(self.last, Last::Operand | Last::Type);
        let last = match sign {
            "." | ".." | "..=" | "..." | "::" => Last::Open,
            "?" => Last::Operand,
            "," | ";" | ":" => Last::Operator,
            "!" if !prefix && macro_call.is_some() => Last::Bang,
            "<" if self.last == Last::Type || self.output.ends_with("::") => {
                self.angles += 1;
                Last::Open
            }
            ">" if self.angles > 0 => {
                self.angles -= 1;
                Last::Operand
            }
            ">>" if self.angles > 1 => {
                self.angles -= 2;
                Last::Operand
            }
            "|" if self.closure => {
                self.closure = false;
                Last::Operator
            }
            "|" | "||" if prefix => {
                self.closure = sign == "|";
                self.prefix(sign, if self.closure { Last::Open } else { Last::Operator });
                return;
            }
            "&" | "&&" | "*" | "-" | "!" | "'" | "#" | "$" | "<" if prefix => {
                self.prefix(sign, Last::Open);
                return;
            }
            _ => {
                self.prefix(sign, Last::Operator);
                return;
            }
        };
        let begins = prefix && self.last == Last::Operator && sign.starts_with("..");
        self.output.push_str(if begins { " " } else { "" });
        self.output.push_str(sign);
        self.last = last;
    }

    /// A sign that is put apart from what precedes it.
    fn prefix(&mut self, sign: &str, last: Last) {
        if self.last != Last::Open {
            self.output.push(' ');
        }
        self.output.push_str(sign);
        self.last = last;
    }
}
