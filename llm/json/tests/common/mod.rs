//! Helpers that feed texts in pieces to the parser, and a random number generator.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod types;

use burdock_json::{Change, Mismatch, Parsed, Parser, Schema, apply};
use serde_json::Value;

/// A deterministic random number generator (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// The result of parsing a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub result: Result<Parsed, Mismatch>,
    /// The value that the changes build.
    pub grown: Value,
    pub changes: Vec<Change>,
}

/// Cuts a text into pieces of at most `most` characters.
pub(crate) fn cut<'a>(text: &'a str, most: usize, random: &mut Random) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let count = 1 + random.below(most);
        let end = rest.char_indices().nth(count).map_or(rest.len(), |(end, _)| end);
        pieces.push(&rest[..end]);
        rest = &rest[end..];
    }
    pieces
}

/// Feeds the pieces and applies the changes. Calls `watch` with the value after each piece.
pub(crate) fn grow(schema: &Schema, pieces: &[&str], mut watch: impl FnMut(&Value)) -> Outcome {
    let mut parser = Parser::new(schema);
    let (mut grown, mut all) = (Value::Null, Vec::new());
    let mut changes = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = parser.feed(piece, &mut changes);
        for change in &changes {
            apply(&mut grown, change).unwrap_or_else(|error| panic!("{error}: {change:?}"));
        }
        watch(&grown);
        all.append(&mut changes);
        if result.is_err() {
            break;
        }
    }
    let finished = parser.finish(&mut changes);
    for change in &changes {
        apply(&mut grown, change).unwrap_or_else(|error| panic!("{error}: {change:?}"));
    }
    all.append(&mut changes);
    if let Err(mismatch) = result {
        assert_eq!(finished, Err(mismatch), "finish returns the error of feed");
    }
    Outcome { result: finished, grown, changes: all }
}

/// Parses the text whole, by characters and in random pieces, and checks that the results are equal.
pub(crate) fn grow_in_all_cuts(schema: &Schema, text: &str) -> Outcome {
    let whole = grow(schema, &[text], |_| ());
    let mut random = Random(text.len() as u64);
    for most in [1, 2, 3, 5, 8, 13, 40] {
        let pieces = cut(text, most, &mut random);
        let other = grow(schema, &pieces, |_| ());
        assert_eq!(other.result, whole.result, "{text} as {pieces:?}");
        assert_eq!(other.grown, whole.grown, "{text} as {pieces:?}");
    }
    whole
}

pub(crate) fn schema(json: &str) -> Schema {
    Schema::compile(&serde_json::from_str(json).unwrap()).unwrap()
}
