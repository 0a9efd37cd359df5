//! `Debug` for structs whose fields may not have it.
//!
//! rustc picks an inherent method before one of a trait, and passes over inherent impls whose bounds
//! do not hold; so the fallback serves a value that has no `Debug`.

use std::fmt::{self, Debug};

/// A value, for `Debug` as far as it has that.
#[derive(Clone, Copy)]
pub struct Shown<'a, T>(pub &'a T);

impl<'a, T: Debug> Shown<'a, T> {
    /// The value itself.
    pub fn debug(self) -> &'a dyn Debug {
        self.0
    }
}

/// Stands in for a value that has no `Debug`.
pub trait NotShown {
    /// Two dots.
    fn debug(self) -> &'static dyn Debug;
}

impl<T> NotShown for Shown<'_, T> {
    fn debug(self) -> &'static dyn Debug {
        &Dots
    }
}

struct Dots;

impl Debug for Dots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
