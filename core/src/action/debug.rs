//! `Debug` for structs whose fields may not implement it.
//!
//! rustc prefers an inherent method to one of a trait, and skips inherent impls whose bounds are not met. The
//! trait is therefore the fallback for a value without `Debug`.

use std::fmt::{self, Debug};

/// A value that is formatted with its `Debug`, if it has one.
#[derive(Clone, Copy)]
pub struct DebugField<'a, T>(pub &'a T);

impl<'a, T: Debug> DebugField<'a, T> {
    /// Returns the value itself.
    pub fn debug(self) -> &'a dyn Debug {
        self.0
    }
}

/// The fallback for a value without `Debug`.
pub trait DebugFallback {
    /// Returns a placeholder, which is formatted as two dots.
    fn debug(self) -> &'static dyn Debug;
}

impl<T> DebugFallback for DebugField<'_, T> {
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
