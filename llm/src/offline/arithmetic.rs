//! A rule that finds an arithmetic expression in a sentence and evaluates it.

use super::Talk;
use std::{iter::Peekable, slice::Iter};

/// Operators as words.
const SPOKEN: &[(&str, char)] = &[
    ("plus", '+'),
    ("minus", '-'),
    ("times", '*'),
    ("multiplied", '*'),
    ("x", '*'),
    ("×", '*'),
    ("divided", '/'),
    ("over", '/'),
    ("÷", '/'),
    ("modulo", '%'),
    ("mod", '%'),
];

/// Maximum nesting of brackets and signs.
const DEEPEST: usize = 40;

#[derive(Clone, Copy, PartialEq)]
enum Token {
    Number(f64),
    Sign(char),
}

/// Answers "what is 3 * 4".
pub(super) fn calculate(talk: &Talk<'_>) -> Option<String> {
    let tokens = tokens(talk.prompt)?;
    let mut rest = tokens.iter().peekable();
    let value = sum(&mut rest, 0)?;
    if rest.next().is_some() {
        return None;
    }
    let sum = show(&tokens);
    Some(if value.is_finite() {
        format!("{sum} = {}. That much I can do without a model.", round(value))
    } else {
        format!("{sum} has no value that a number can hold.")
    })
}

/// Returns the tokens of the only expression in the text: a sequence of numbers and operators.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut spaced = String::new();
    for c in text.to_lowercase().chars() {
        if "+-*/%^()".contains(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    let mut tokens = Vec::new();
    for word in spaced.split_whitespace() {
        match token(word.trim_end_matches(['?', '=', '.', ',', '!'])) {
            Some(token) => tokens.push(token),
            None if tokens.is_empty() || ["by", ""].contains(&word) => {}
            None if is_sum(&tokens) => break,
            None => tokens.clear(),
        }
    }
    is_sum(&tokens).then_some(tokens)
}

fn token(word: &str) -> Option<Token> {
    let mut chars = word.chars();
    match (chars.next()?, chars.next()) {
        (c, None) if "+-*/%^()".contains(c) => Some(Token::Sign(c)),
        (c, _) if c.is_ascii_digit() || c == '.' => word.parse().ok().map(Token::Number),
        _ => {
            let (_, sign) = SPOKEN.iter().find(|(spoken, _)| *spoken == word)?;
            Some(Token::Sign(*sign))
        }
    }
}

fn is_sum(tokens: &[Token]) -> bool {
    let numbers = tokens.iter().filter(|token| matches!(token, Token::Number(_)));
    numbers.count() > 1
}

type Rest<'a> = Peekable<Iter<'a, Token>>;

fn sum(rest: &mut Rest<'_>, depth: usize) -> Option<f64> {
    let mut value = product(rest, depth)?;
    while let Some(sign) = next_sign(rest, "+-") {
        let right = product(rest, depth)?;
        value = if sign == '+' { value + right } else { value - right };
    }
    Some(value)
}

fn product(rest: &mut Rest<'_>, depth: usize) -> Option<f64> {
    let mut value = signed(rest, depth)?;
    while let Some(sign) = next_sign(rest, "*/%") {
        let right = signed(rest, depth)?;
        value = match sign {
            '*' => value * right,
            '/' => value / right,
            _ => value % right,
        };
    }
    Some(value)
}

fn signed(rest: &mut Rest<'_>, depth: usize) -> Option<f64> {
    if depth > DEEPEST {
        return None;
    }
    match next_sign(rest, "-") {
        Some(_) => Some(-signed(rest, depth + 1)?),
        None => power(rest, depth),
    }
}

fn power(rest: &mut Rest<'_>, depth: usize) -> Option<f64> {
    let base = match rest.next()? {
        Token::Number(number) => *number,
        Token::Sign('(') => {
            let value = sum(rest, depth + 1)?;
            next_sign(rest, ")")?;
            value
        }
        Token::Sign(_) => return None,
    };
    match next_sign(rest, "^") {
        Some(_) => Some(base.powf(signed(rest, depth + 1)?)),
        None => Some(base),
    }
}

fn next_sign(rest: &mut Rest<'_>, signs: &str) -> Option<char> {
    match rest.next_if(|token| matches!(token, Token::Sign(sign) if signs.contains(*sign)))? {
        Token::Sign(sign) => Some(*sign),
        Token::Number(_) => None,
    }
}

fn show(tokens: &[Token]) -> String {
    let words = tokens.iter().map(|token| match token {
        Token::Number(number) => number.to_string(),
        Token::Sign(sign) => sign.to_string(),
    });
    let line = words.collect::<Vec<_>>().join(" ");
    line.replace("( ", "(").replace(" )", ")")
}

/// Removes the rounding errors of binary fractions.
fn round(value: f64) -> f64 {
    let rounded = (value * 1e9).round() / 1e9;
    // `-0` would look wrong in an answer
    if rounded.is_finite() { rounded + 0.0 } else { value }
}
