//! Internals that the macros of burdock and of burdock-llm share: collected errors, names, spans, text, and
//! protection against panics. The API is unstable: only these macros use it.

pub mod arguments;
pub mod diagnostics;
pub mod guard;
pub mod names;
mod printer;
pub mod rename;
pub mod serde;
pub mod signature;
pub mod spans;
pub mod text;
