//! Random values.

use super::values::{
    Adjacent, Bytes, Flat, Newtype, Shape, Skipped, Tagged, Unital, Untagged, Values,
};
use fastrand::Rng;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap, marker::PhantomData};

/// Makes random values, up to a depth.
pub(super) struct Maker(pub(super) Rng);

impl Maker {
    fn text(&mut self) -> String {
        let texts =
            ["", "null", "a", "\0", "\u{1f600}", "\"quoted\"\n", "1", "\u{2028}", "\u{ffff}"];
        self.0.choice(texts).unwrap_or_default().to_owned()
    }

    fn number(&mut self) -> u64 {
        match self.0.u8(..6) {
            0 => u64::MAX,
            1 => 1 << 53,
            2 => self.0.u64(..),
            _ => self.0.u64(..10),
        }
    }

    fn float(&mut self) -> f64 {
        match self.0.u8(..12) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => -0.0,
            3 => f64::MIN_POSITIVE,
            4 => f64::MAX,
            5 => 1e300,
            6 => 3.0,
            _ => f64::from_bits(self.0.u64(..)),
        }
    }

    fn json(&mut self, depth: usize) -> Value {
        match self.0.u8(..8) {
            0 => Value::Null,
            1 => self.0.bool().into(),
            2 => self.number().into(),
            3 => i64::MIN.into(),
            // NaN and infinity become `null`
            4 => self.float().into(),
            5 => self.text().into(),
            6 if depth > 0 => (0..self.0.usize(..3)).map(|_| self.json(depth - 1)).collect(),
            _ if depth > 0 => {
                (0..self.0.usize(..3)).map(|_| (self.text(), self.json(depth - 1))).collect()
            }
            _ => "leaf".into(),
        }
    }

    /// A value inside 40 to 60 lists.
    fn deep(&mut self) -> Shape {
        let mut shape = Shape::Nothing;
        // each variant is an object, and the list inside it is another level
        for _ in 0..self.0.usize(40..60) {
            shape = Shape::List(vec![shape]);
        }
        shape
    }

    fn list(&mut self, depth: usize) -> Vec<Shape> {
        (0..self.0.usize(..4)).map(|_| self.shape(depth)).collect()
    }

    fn keyed<K: Ord>(
        &mut self,
        depth: usize,
        mut key: impl FnMut(&mut Self) -> K,
    ) -> BTreeMap<K, Shape> {
        (0..self.0.usize(..3)).map(|_| (key(self), self.shape(depth))).collect()
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.0.bool().then(|| make(self))
    }

    pub(super) fn shape(&mut self, depth: usize) -> Shape {
        let Some(depth) = depth.checked_sub(1) else {
            return Shape::Small(self.0.i8(..));
        };
        match self.0.u8(..36) {
            0 => Shape::Unit(()),
            1 => Shape::Bool(self.0.bool()),
            2 => Shape::Signed(self.0.i64(..)),
            3 => Shape::Unsigned(self.number()),
            4 => Shape::Wide(if self.0.bool() { -3 } else { self.0.i128(..) }),
            5 => Shape::Float(self.float()),
            #[expect(clippy::cast_possible_truncation, reason = "any single float will do")]
            6 => Shape::Single(self.float() as f32),
            7 => Shape::Char(self.0.char(..)),
            8 => Shape::Text(self.text()),
            9 => Shape::Borrowed(Cow::Owned(self.text())),
            10 => Shape::Option(self.some(|this| Box::new(this.shape(depth)))),
            11 => Shape::Twice(self.some(|this| this.some(|this| this.0.u8(..)))),
            12 => Shape::Unitary(self.some(|_| ())),
            13 => Shape::Marked(self.some(|_| PhantomData)),
            14 => Shape::Json(self.json(depth)),
            15 => Shape::Maybe(self.some(|this| this.json(depth))),
            16 => Shape::List(self.list(depth)),
            17 => Shape::Persistent(self.list(depth).into()),
            18 => Shape::Set((0..self.0.u8(..9)).collect()),
            19 => Shape::Map(self.keyed(depth, Self::text)),
            20 => Shape::Numbers(self.keyed(depth, |this| this.0.i64(..))),
            21 => Shape::Bools(self.keyed(depth, |this| this.0.bool())),
            22 => Shape::Pairs((0..self.0.u8(..2)).map(|key| ((key, key), 1)).collect()),
            23 => Shape::Tuple(Box::new((self.shape(depth), 1)), Box::new(self.shape(depth))),
            24 => Shape::Newtype(Newtype(self.some(|this| this.0.u8(..)))),
            25 => Shape::Named {
                left: Box::new(self.shape(depth)),
                right: self.some(|this| this.0.u8(..)),
            },
            26 => Shape::Result(if self.0.bool() { Ok(7) } else { Err(self.text()) }),
            27 => Shape::Tagged(Box::new(match self.0.u8(..3) {
                0 => Tagged::Empty,
                1 => Tagged::Struct { shape: self.shape(depth) },
                _ => {
                    Tagged::Numbers { numbers: (0..self.0.u32(..2)).map(|key| (key, 1)).collect() }
                }
            })),
            28 => Shape::Adjacent(Box::new(match self.0.u8(..3) {
                0 => Adjacent::Empty,
                1 => Adjacent::OneThing(self.shape(depth)),
                _ => Adjacent::TwoThings(7, self.shape(depth)),
            })),
            29 => Shape::Untagged(Box::new(self.untagged(depth))),
            30 => Shape::Flat(Flat {
                first: 7,
                // `first` is also the name of the other field
                rest: ["second", "third", "first"][..self.0.usize(..=3)]
                    .iter()
                    .map(|key| ((*key).to_owned(), 9))
                    .collect(),
            }),
            31 => Shape::Bytes(Bytes(vec![0, 127, 255])),
            32 => Shape::Skipped(Skipped {
                list: (0..self.0.u8(..2)).collect(),
                option: self.some(|this| Box::new(this.shape(depth))),
            }),
            33 => self.deep(),
            _ => Shape::Nothing,
        }
    }

    fn untagged(&mut self, depth: usize) -> Untagged {
        match self.0.u8(..4) {
            0 => Untagged::Nothing,
            1 => Untagged::Number(self.number()),
            2 => Untagged::Text(self.text()),
            _ => Untagged::Struct { only: self.shape(depth) },
        }
    }

    /// Replaces the value of one field.
    pub(super) fn change(&mut self, values: &mut Values) {
        const DEPTH: usize = 5;
        match self.0.u8(..24) {
            0 => values.plain = self.shape(DEPTH),
            1 => values.slot = self.shape(DEPTH),
            2..4 => values.list.extend(self.list(DEPTH)),
            4..6 => values.list.truncate(self.0.usize(..=values.list.len())),
            6 => values.slot_list = self.list(DEPTH).into(),
            7 => values.slot_list.extend(self.list(DEPTH)),
            8 => values.unit = if self.0.bool() { Unital::Unit(()) } else { Unital::Number(7) },
            9 => values.json = self.json(DEPTH),
            10 => *values.boxed = self.some(|this| this.0.u8(..)),
            11 => values.newtype = Newtype(self.some(|this| this.0.u8(..))),
            12 => values.untagged = self.untagged(DEPTH),
            13 => values.optional = self.some(|this| this.some(|this| this.0.u8(..))),
            14 => values.with = self.number(),
            15 => values.silent = self.0.u8(..3),
            16 => values.note = self.some(Self::text),
            17..20 => values.map.extend(self.keyed(DEPTH, |this| this.0.i16(-20..20))),
            20 => values.map.retain(|_, _| self.0.bool()),
            21 => values.slot_map.extend(self.keyed(DEPTH, Self::text)),
            22 => values.slot_map.retain(|_, _| self.0.bool()),
            _ => values.tags = self.list(DEPTH),
        }
        values.within = self.0.u8(..);
    }
}
