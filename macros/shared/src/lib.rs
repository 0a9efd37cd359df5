//! What the macros of burdock and of burdock-llm share: gathered errors, names, spans, text, and a guard
//! against panics. It is no interface for others, and changes with them.

pub mod arguments;
pub mod diagnostics;
pub mod guard;
pub mod names;
mod printer;
pub mod rename;
pub mod serde;
pub mod spans;
pub mod text;
