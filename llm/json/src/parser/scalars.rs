//! Numbers, literals and enum variants, which are decided at their end.

use super::{
    Parser, Result,
    frame::{Class, Kind, Lex},
    number::Number,
    text::is_free_text,
    values::write_string,
};
use crate::{
    names::fold,
    report::{MismatchKind, RepairKind, quoted},
    schema::{Inner, Shape, ShapeId},
};
use serde_json::Value;
use std::borrow::Cow;

/// A scalar that fits.
struct Scalar<'a> {
    json: Cow<'a, str>,
    value: Value,
    repair: Option<RepairKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Literal {
    True,
    False,
    Null,
}

impl Literal {
    /// Reads a literal, in the spelling of JSON or of another language. Returns whether it is JSON's.
    fn read(text: &str) -> Option<(Self, bool)> {
        match text {
            "true" => return Some((Self::True, true)),
            "false" => return Some((Self::False, true)),
            "null" => return Some((Self::Null, true)),
            _ => {}
        }
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        let null = ["null", "none", "nil", "undefined", "nan"];
        match text {
            _ if is("true") => Some((Self::True, false)),
            _ if is("false") => Some((Self::False, false)),
            _ if null.into_iter().any(is) => Some((Self::Null, false)),
            _ => None,
        }
    }

    fn json(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
        }
    }

    fn fits(self, shape: &Shape) -> bool {
        match shape {
            Shape::Any => true,
            Shape::Null => self == Self::Null,
            Shape::Bool(only) => {
                self != Self::Null && only.is_none_or(|only| only == (self == Self::True))
            }
            _ => false,
        }
    }
}

impl Parser {
    /// Reads the start of a number or word.
    pub(super) fn start_bare(&mut self, class: Class, offset: usize) -> Result {
        self.prepare(class, offset)?;
        self.token.clear();
        self.token_at = offset;
        self.lex = Lex::Bare { key: false };
        Ok(())
    }

    /// Reads a number or word until its end.
    pub(super) fn bare(&mut self, text: &str, at: usize, is_key: bool) -> Result<usize> {
        let rest = &text[at..];
        let end = rest.find(is_delimiter);
        let part = &rest[..end.unwrap_or(rest.len())];
        if is_key || self.discarded.is_none() {
            self.token.push_str(part);
        }
        if end.is_none() {
            return Ok(text.len());
        }
        self.reached = self.offset + at + part.len();
        self.end_bare(is_key)?;
        Ok(at + part.len())
    }

    pub(super) fn end_bare(&mut self, is_key: bool) -> Result {
        self.lex = Lex::Between;
        if is_key {
            self.repair(RepairKind::UnquotedKey, self.token_at);
            std::mem::swap(&mut self.key, &mut self.token);
            return self.end_key(self.token_at);
        }
        let token = std::mem::take(&mut self.token);
        let scalar = if self.discarded.is_some() { None } else { self.resolve(&token) };
        let result = self.end_scalar(scalar, &token, self.token_at);
        self.token = token;
        result
    }

    /// Ends a held string.
    pub(super) fn end_held(&mut self) -> Result {
        let token = std::mem::take(&mut self.token);
        let scalar = self.resolve_held(&token);
        let result = self.end_scalar(scalar, &token, self.text.at);
        self.token = token;
        result
    }

    fn end_scalar(&mut self, scalar: Option<Scalar<'_>>, token: &str, offset: usize) -> Result {
        let Some(scalar) = scalar else { return self.end_misfit(token, offset) };
        if let Some(kind) = scalar.repair {
            self.repair(kind, offset);
        }
        self.start_output();
        self.json.push_str(&scalar.json);
        if !self.growth.is_quiet() {
            self.emit_value(scalar.value);
        }
        self.complete(true);
        Ok(())
    }

    /// Ends a scalar that fits no alternative.
    fn end_misfit(&mut self, token: &str, offset: usize) -> Result {
        if self.discarded.is_some() || self.ignore_member() {
            self.complete(true);
            return Ok(());
        }
        if Literal::read(token).is_some_and(|(literal, _)| literal == Literal::Null)
            && self.drop_null(offset)
        {
            return Ok(());
        }
        self.gather(offset)?;
        let schema = &self.schema.inner;
        let expected = match Number::read(token.trim()) {
            Some(number) if number.is_integral => schema.expected_in_range(&self.alternatives),
            _ => schema.expected(&self.alternatives),
        };
        // a held string ends after its token
        let is_text = offset == self.text.at && offset != self.token_at;
        let found = if is_text { quoted(&format!("\"{token}\"")) } else { quoted(token) };
        Err(self.mismatch(MismatchKind::Type, offset, expected, found))
    }

    /// Removes a null property that the object does not require.
    fn drop_null(&mut self, offset: usize) -> bool {
        let schema = &self.schema.inner;
        let Some(frame) = self.stack[..self.depth].last_mut() else { return false };
        let Some(key) = frame.member.key.filter(|_| frame.kind == Kind::Object) else {
            return false;
        };
        let requires = |id: &ShapeId| match schema.shape(*id) {
            Shape::Object(object) => object.required.contains(&key),
            _ => true,
        };
        if frame.shapes.iter().all(requires) {
            return false;
        }
        frame.shapes.retain(|id| !requires(id));
        frame.children.clear();
        frame.children.resize(frame.shapes.len(), None);
        self.repair(RepairKind::NullProperty, offset);
        self.discard_value();
        self.complete(true);
        true
    }

    /// Resolves a number or word, which may be the last word of a sentence, and keeps the alternatives
    /// that it fits.
    fn resolve<'a>(&mut self, token: &'a str) -> Option<Scalar<'a>> {
        self.resolve_token(token).or_else(|| {
            let word = token.trim_end_matches('.');
            if word.len() == token.len() || Number::read(word).is_some() {
                return None;
            }
            let found = self.resolve_token(word)?;
            Some(Scalar { repair: found.repair.or(Some(RepairKind::Literal)), ..found })
        })
    }

    fn resolve_token<'a>(&mut self, token: &'a str) -> Option<Scalar<'a>> {
        if let Some(number) = Number::read(token) {
            return self.number(&number).or_else(|| {
                self.keep(|shape| takes(shape, token))
                    .then(|| string(token, Some(RepairKind::Quoted)))
                    .or_else(|| self.variant(token, RepairKind::Quoted))
            });
        }
        let literal = Literal::read(token);
        if let Some((literal, true)) = literal
            && self.keep(|shape| literal.fits(shape))
        {
            return Some(scalar(literal, None));
        }
        if let Some(variant) = self.variant(token, RepairKind::UnquotedText) {
            return Some(variant);
        }
        let (literal, _) = literal?;
        if self.keep(|shape| literal.fits(shape)) {
            return Some(scalar(literal, Some(RepairKind::Literal)));
        }
        let is_text = literal != Literal::Null && self.keep(|shape| takes(shape, literal.json()));
        is_text.then(|| string(literal.json(), Some(RepairKind::Quoted)))
    }

    /// Resolves a held string.
    fn resolve_held<'a>(&mut self, token: &'a str) -> Option<Scalar<'a>> {
        let has = |shape: &Shape| match shape {
            Shape::Text(text) => text.variants.as_ref().is_some_and(|names| names.has(token)),
            _ => false,
        };
        if self.keep(has) || self.keep(|shape| takes(shape, token)) {
            return Some(string(token, None));
        }
        if let Some(variant) = self.variant(token, RepairKind::Variant) {
            return Some(variant);
        }
        let inner = token.trim();
        let found = match Number::read(inner) {
            Some(number) => self.number(&number),
            None => Literal::read(inner)
                .filter(|(literal, _)| self.keep(|shape| literal.fits(shape)))
                .map(|(literal, _)| scalar(literal, None)),
        }?;
        Some(Scalar { repair: Some(RepairKind::Unquoted), ..found })
    }

    /// Resolves a number: exactly if possible, otherwise rounded.
    fn number<'a>(&mut self, number: &Number<'a>) -> Option<Scalar<'a>> {
        let value = number.value()?;
        let integer = number.integer();
        let fits = |shape: &Shape| match shape {
            Shape::Any | Shape::Number => true,
            Shape::Integer(range) => {
                integer.is_some_and(|integer| (range.min..=range.max).contains(&integer))
            }
            Shape::Numbers(numbers) => numbers.iter().any(|known| known.as_f64() == value.as_f64()),
            _ => false,
        };
        if self.keep(fits) {
            let repair = number.is_repaired.then_some(RepairKind::Number);
            return Some(Scalar { json: number.text.clone(), value, repair });
        }
        let rounded = number.rounded()?;
        let value = serde_json::from_str(&rounded.to_string()).ok()?;
        let fits = |shape: &Shape| match shape {
            Shape::Integer(range) => (range.min..=range.max).contains(&rounded),
            _ => false,
        };
        self.keep(fits).then(|| Scalar {
            json: rounded.to_string().into(),
            value,
            repair: Some(RepairKind::Integer),
        })
    }

    /// Resolves an enum variant, possibly in another case or with other separators.
    fn variant<'a>(&mut self, token: &str, kind: RepairKind) -> Option<Scalar<'a>> {
        let has = |token: &str, shape: &Shape| match shape {
            Shape::Text(text) => text.variants.as_ref().is_some_and(|names| names.has(token)),
            _ => false,
        };
        if self.keep(|shape| has(token, shape)) {
            return Some(string(token, Some(kind)));
        }
        let name = self.schema.inner.similar_variant(&self.alternatives, &fold(token))?;
        self.keep(|shape| has(&name, shape)).then(|| string(&name, Some(RepairKind::Variant)))
    }

    /// Keeps the matching alternatives, if there are any. Returns whether there are.
    fn keep(&mut self, fits: impl Fn(&Shape) -> bool) -> bool {
        let schema = &self.schema.inner;
        let some = self.alternatives.iter().any(|id| fits(schema.shape(*id)));
        if some {
            self.alternatives.retain(|id| fits(schema.shape(*id)));
        }
        some
    }
}

impl Inner {
    /// Returns the only variant with this folded form.
    fn similar_variant(&self, shapes: &[ShapeId], folded: &str) -> Option<String> {
        let mut found: Option<&str> = None;
        let variants = shapes.iter().filter_map(|id| match self.shape(*id) {
            Shape::Text(text) => text.variants.as_ref(),
            _ => None,
        });
        for name in variants.flat_map(|variants| variants.similar(folded)) {
            if found.is_some_and(|found| found != name) {
                return None;
            }
            found = Some(name);
        }
        found.map(str::to_owned)
    }
}

/// Returns whether the text fits the shape without a repair.
fn takes(shape: &Shape, text: &str) -> bool {
    match shape {
        Shape::Text(limits) if limits.is_limited() => {
            limits.variants.is_none() && (limits.min..=limits.max).contains(&text.chars().count())
        }
        _ => is_free_text(shape),
    }
}

fn string<'a>(text: &str, repair: Option<RepairKind>) -> Scalar<'a> {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    Scalar { json: json.into(), value: text.into(), repair }
}

fn scalar<'a>(literal: Literal, repair: Option<RepairKind>) -> Scalar<'a> {
    let value = match literal {
        Literal::True => true.into(),
        Literal::False => false.into(),
        Literal::Null => Value::Null,
    };
    Scalar { json: literal.json().into(), value, repair }
}

/// Returns whether the character ends a number or word.
fn is_delimiter(char: char) -> bool {
    match char {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => false,
        ',' | ':' | ';' | '{' | '}' | '[' | ']' | '(' | ')' | '"' | '/' | '#' | '`' | '!' | '?'
        | '<' | '>' | '*' | '“' | '”' | '„' => true,
        _ => char.is_whitespace(),
    }
}
