//! Prints tokens with the usual spacing.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// The kind of the last printed token, which decides whether a space follows.
#[derive(Clone, Copy, Default, PartialEq)]
enum Last {
    /// The start of the text, or a token after which no space follows: `(`, `.`, `::`, a prefix operator.
    #[default]
    Open,
    /// An operand: a name, a literal or a closed group.
    Operand,
    /// A name that starts with a capital letter: a `<` after it is a bracket.
    Type,
    /// A keyword or operator, which a space separates from the next operand.
    Operator,
    /// The `!` of a macro call.
    Bang,
}

/// Prints tokens to a string.
#[derive(Default)]
pub(crate) struct Printer {
    pub(crate) output: String,
    last: Last,
    /// The number of open `<` brackets.
    angles: usize,
    /// Whether the position is between the bars of a closure.
    closure: bool,
}

const KEYWORDS: [&str; 10] =
    ["if", "else", "match", "in", "as", "let", "return", "move", "ref", "mut"];

const OPERATORS: [&str; 25] = [
    "<<=", ">>=", "...", "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>",
    "..", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "'",
];

impl Printer {
    pub(crate) fn stream(&mut self, tokens: TokenStream) {
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
        let starts_range = prefix && self.last == Last::Operator && sign.starts_with("..");
        self.output.push_str(if starts_range { " " } else { "" });
        self.output.push_str(sign);
        self.last = last;
    }

    /// Prints an operator, separated from the token before it.
    fn prefix(&mut self, sign: &str, last: Last) {
        if self.last != Last::Open {
            self.output.push(' ');
        }
        self.output.push_str(sign);
        self.last = last;
    }
}
