//! What the macros of burdock and of burdock-llm share: gathered errors, names, spans, text, and a guard
//! against panics. Only these macros use it: there is no promise of stability.

pub mod arguments;
pub mod diagnostics;
pub mod guard;
pub mod names;
mod printer;
pub mod rename;
pub mod serde;
pub mod spans;
pub mod text;
