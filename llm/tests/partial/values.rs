//! Random values of the test types.

use super::types::*;
use fastrand::Rng;
use std::{collections::BTreeMap, num::NonZero};

/// A type with random values.
pub(crate) trait Random: Sized {
    fn random(rng: &mut Rng, depth: u32) -> Self;
}

macro_rules! scalars {
    ($($ty:ty = $rng:ident => $value:expr;)*) => {$(
        impl Random for $ty {
            fn random($rng: &mut Rng, _depth: u32) -> Self {
                $value
            }
        }
    )*};
}

scalars! {
    u8 = rng => rng.u8(..);
    u32 = rng => rng.u32(..);
    u64 = rng => rng.u64(..);
    // limited to the range of JSON values
    u128 = rng => rng.u64(..).into();
    i128 = rng => if rng.bool() { rng.u64(..).into() } else { rng.i64(..).into() };
    i64 = rng => rng.i64(..);
    f64 = rng => (rng.f64() - 0.5) * 10f64.powi(rng.i32(-5..20));
    bool = rng => rng.bool();
    NonZero<u16> = rng => NonZero::new(rng.u16(1..)).unwrap();
    () = _rng => ();
    char = rng => *["a", "\"", "\\", "é", "😀", "\n", "\u{0}"].map(|text| text.chars().next().unwrap()).get(rng.usize(..7)).unwrap();
    String = rng => {
        let words = ["", "a", "once upon", "\"quoted\"", "back\\slash", "é😀", "\n\t", "{[,:]}", "null", "1"];
        (0..rng.usize(..5)).map(|_| words[rng.usize(..words.len())]).collect()
    };
    Box<str> = rng => String::random(rng, 0).into();
    Colour = rng => [Colour::LightRed, Colour::DarkGreen, Colour::Blue][rng.usize(..3)];
    Unit = _rng => Unit;
    Foreign = rng => Foreign { value: rng.u8(..) };
}

impl<T: Random> Random for Option<T> {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        (depth > 0 && rng.bool()).then(|| T::random(rng, depth - 1))
    }
}

impl<T: Random> Random for Box<T> {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        Self::new(T::random(rng, depth))
    }
}

impl<A: Random, B: Random> Random for (A, B) {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        (A::random(rng, depth), B::random(rng, depth))
    }
}

impl<A: Random, B: Random, C: Random> Random for (A, B, C) {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        (A::random(rng, depth), B::random(rng, depth), C::random(rng, depth))
    }
}

impl<T: Random, const N: usize> Random for [T; N] {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        std::array::from_fn(|_| T::random(rng, depth))
    }
}

macro_rules! collections {
    ($([$($generics:tt)*] $ty:ty: $element:ty;)*) => {$(
        impl<$($generics)*> Random for $ty {
            fn random(rng: &mut Rng, depth: u32) -> Self {
                let length = if depth == 0 { 0 } else { rng.usize(..4) };
                (0..length).map(|_| <$element>::random(rng, depth - 1)).collect()
            }
        }
    )*};
}

collections! {
    [T: Random] Vec<T>: T;
    [T: Random] std::collections::VecDeque<T>: T;
    [T: Random + Ord] std::collections::BTreeSet<T>: T;
    [K: Random + Ord, T: Random] BTreeMap<K, T>: (K, T);
    [K: Random + Eq + std::hash::Hash, T: Random] std::collections::HashMap<K, T>: (K, T);
}

impl Random for serde_json::Value {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..if depth == 0 { 4 } else { 6 }) {
            0 => Self::Null,
            1 => rng.bool().into(),
            2 => rng.u32(..).into(),
            3 => String::random(rng, 0).into(),
            4 => Vec::<Self>::random(rng, depth).into(),
            _ => serde_json::to_value(BTreeMap::<String, Self>::random(rng, depth)).unwrap(),
        }
    }
}

macro_rules! structs {
    ($($name:ident $([$($generics:tt)*] $ty:ty)? { $($field:ident),* })*) => {$(
        impl $(<$($generics)*>)? Random for structs!(@ $name $($ty)?) {
            fn random(rng: &mut Rng, depth: u32) -> Self {
                Self { $($field: Random::random(rng, depth)),* }
            }
        }
    )*};
    (@ $name:ident) => { $name };
    (@ $name:ident $ty:ty) => { $ty };
}

structs! {
    Story { title, chapters, rating }
    Chapter { title, text, pages, summary, number }
    Scalars { a, b, c, d, e, f, g, h, i, k, l }
    Containers { list, queue, set, array, pair, triple, map, hash, numbers, boxed, json, colours }
    Transparent { inner }
    Wrapped { newtype, pair, unit, transparent, colour, maybe }
    Enums { external, internal, adjacent, untagged, maybe }
    Rest { street, number }
    Page [T: Random] Page<T> { items, next, total }
    Generic { pages, texts }
    Done { foreign, text, list, after }
    Tree { label, children, left }
    FlattenedExternal { label, kind, maybe }
    FlattenedAdjacent { label, kind }
    More { units, either, deep, by_key, pairs, state, required, both, whole }
}

impl Random for Newtype {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        Self(Random::random(rng, depth))
    }
}

impl Random for Pair {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        Self(Random::random(rng, depth), Random::random(rng, depth))
    }
}

impl Random for Renamed {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        Self {
            first_name: Random::random(rng, depth),
            kind: Random::random(rng, depth),
            r#match: Random::random(rng, depth),
            with_default: Random::random(rng, depth),
            aliased_field: Random::random(rng, depth),
            skipped: 0,
            sometimes: Random::random(rng, depth),
            with_state: Random::random(rng, depth),
        }
    }
}

impl Random for External {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..7) {
            0 => Self::UnitVariant,
            1 => Self::Newtype(Random::random(rng, depth)),
            2 => Self::Text(Random::random(rng, depth)),
            3 => Self::Number(Random::random(rng, depth)),
            4 => Self::Tuple(Random::random(rng, depth), Random::random(rng, depth)),
            5 => Self::Struct {
                first_name: Random::random(rng, depth),
                second_name: Random::random(rng, depth),
            },
            _ => Self::Maybe(Random::random(rng, depth)),
        }
    }
}

impl Random for Internal {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..4) {
            0 => Self::Unit,
            1 => Self::Newtype(Random::random(rng, depth)),
            2 => Self::Struct { name: Random::random(rng, depth), age: Random::random(rng, depth) },
            _ => Self::Other { name: Random::random(rng, depth) },
        }
    }
}

impl Random for Adjacent {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..4) {
            0 => Self::Unit,
            1 => Self::Newtype(Random::random(rng, depth)),
            2 => Self::Tuple(Random::random(rng, depth), Random::random(rng, depth)),
            _ => Self::Struct { name: Random::random(rng, depth), age: Random::random(rng, depth) },
        }
    }
}

impl Random for Untagged {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..5) {
            0 => Self::Number(Random::random(rng, depth)),
            1 => Self::Text(Random::random(rng, depth)),
            2 => Self::Point { x: Random::random(rng, depth), y: Random::random(rng, depth) },
            3 => Self::Named { x: Random::random(rng, depth), name: Random::random(rng, depth) },
            _ => Self::List(Random::random(rng, depth)),
        }
    }
}

impl Random for Flattened {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        let others = ["a", "b", "é"].map(|key| (key.to_owned(), Random::random(rng, depth)));
        Self {
            name: Random::random(rng, depth),
            rest: Random::random(rng, depth),
            others: others.into_iter().take(rng.usize(..4)).collect(),
        }
    }
}

impl Random for FlattenedEnum {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        Self { label: Random::random(rng, depth), kind: Random::random(rng, depth) }
    }
}

impl Random for External2 {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        if rng.bool() {
            Self::Text(Random::random(rng, depth))
        } else {
            Self::Named { name: Random::random(rng, depth) }
        }
    }
}

impl Random for Units {
    fn random(rng: &mut Rng, _depth: u32) -> Self {
        [Self::OneThing, Self::TwoThings, Self::Unknown][rng.usize(..3)].clone()
    }
}

impl<A: Random, B: Random> Random for Either<A, B> {
    fn random(rng: &mut Rng, depth: u32) -> Self {
        if rng.bool() {
            Self::Left(A::random(rng, depth))
        } else {
            Self::Right(B::random(rng, depth))
        }
    }
}
