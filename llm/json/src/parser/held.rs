//! Strings that are emitted at their end: enum variants, and numbers in quotes.

use super::{
    Parser, Result,
    text::{Purpose, is_free_text},
};
use crate::{
    names::fold_into,
    report::{MismatchKind, quoted},
    schema::Shape,
};

impl Parser {
    /// Adds a part of a held string, while it can still become a variant or a number.
    pub(super) fn hold_text(&mut self, decoded: &str, offset: usize) -> Result {
        /// Longer strings are not numbers.
        const LONGEST: usize = 64;
        let start = self.token.len();
        self.token.push_str(decoded);
        let folded = self.text.folded.len();
        fold_into(decoded, &mut self.text.folded);
        let schema = &self.schema.inner;
        let shapes = || self.alternatives.iter().map(|id| schema.shape(*id));
        let may_be_variant = |folded: &str| {
            shapes().any(|shape| match shape {
                Shape::Text(text) => {
                    text.variants.as_ref().is_some_and(|names| names.may_start_with(folded))
                }
                _ => false,
            })
        };
        if may_be_variant(&self.text.folded) {
            return Ok(());
        }
        if shapes().any(is_free_text) {
            self.grow_text();
            let token = std::mem::take(&mut self.token);
            for char in token.chars() {
                self.char(char, offset)?;
            }
            return Ok(());
        }
        let may_be_scalar = shapes().any(|shape| !matches!(shape, Shape::Text(_)));
        if may_be_scalar && self.token.len() <= LONGEST {
            return Ok(());
        }
        let end = if may_be_scalar {
            LONGEST
        } else {
            let mut prefix = self.text.folded[..folded].to_owned();
            let is_last = |char: &(usize, char)| {
                fold_into(&decoded[char.0..char.0 + char.1.len_utf8()], &mut prefix);
                !may_be_variant(&prefix)
            };
            start + decoded.char_indices().find(is_last).map_or(0, |(index, _)| index)
        };
        let end = self.token.floor_char_boundary(end);
        let char = self.token[end..].chars().next().map_or(0, char::len_utf8);
        self.reached = self.reached.max(offset + end.saturating_sub(start));
        let at = if may_be_scalar { self.text.at } else { offset + end.saturating_sub(start) };
        let found = format!("\"{}", &self.token[..end + char]);
        if self.ignore_member() {
            self.text.purpose = Purpose::Discarded;
            return Ok(());
        }
        let expected = self.schema.inner.expected(&self.alternatives);
        Err(self.mismatch(MismatchKind::Type, at, expected, quoted(&found)))
    }
}
