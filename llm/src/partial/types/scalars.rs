//! Values that appear when they are complete: numbers, booleans, characters, units.

use crate::partial::{Grow, GrowError, Marks, Misfit, Partial, derived, marks::Node};
use burdock_json::{Edit, Segment};
use serde_json::Value;
use std::{marker::PhantomData, num::NonZero};

macro_rules! scalars {
    // the types, and their names in errors
    ($($(#[$attr:meta])* $ty:ty = $expected:literal,)*) => {$(
        impl Partial for $ty {
            type Partial = Self;
        }

        impl Grow for $ty {
            fn from_json(json: &Value) -> Result<Self, GrowError> {
                derived::read_whole($expected, json)
            }

            fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
                derived::grow_whole(self, $expected, path, edit)
            }

            #[allow(clippy::float_cmp, reason = "the same text gives the same number")]
            fn __same(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

scalars! {
    u8 = "a `u8`",
    u16 = "a `u16`",
    u32 = "a `u32`",
    u64 = "a `u64`",
    u128 = "a `u128`",
    usize = "a `usize`",
    i8 = "an `i8`",
    i16 = "an `i16`",
    i32 = "an `i32`",
    i64 = "an `i64`",
    i128 = "an `i128`",
    isize = "an `isize`",
    NonZero<u8> = "a `u8` that is not zero",
    NonZero<u16> = "a `u16` that is not zero",
    NonZero<u32> = "a `u32` that is not zero",
    NonZero<u64> = "a `u64` that is not zero",
    NonZero<usize> = "a `usize` that is not zero",
    NonZero<i8> = "an `i8` that is not zero",
    NonZero<i16> = "an `i16` that is not zero",
    NonZero<i32> = "an `i32` that is not zero",
    NonZero<i64> = "an `i64` that is not zero",
    NonZero<isize> = "an `isize` that is not zero",
    f32 = "a number",
    f64 = "a number",
    bool = "a boolean",
    () = "`null`",
}

impl<T: ?Sized> Partial for PhantomData<T> {
    type Partial = ();
}

impl Partial for char {
    type Partial = Self;
}

impl Grow for char {
    fn from_json(json: &Value) -> Result<Self, GrowError> {
        match json {
            // only the opening quote of the string has arrived
            Value::String(text) if text.is_empty() => Err(GrowError::new(Misfit::Undecided)),
            _ => derived::read_whole("a character", json),
        }
    }

    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
        derived::grow_whole(self, "a character", path, edit)
    }

    fn __mark(marks: &mut Marks<'_>, _node: &Node) {
        marks.whole();
    }

    fn __same(&self, other: &Self) -> bool {
        self == other
    }
}
