//! Functions from prompts, and typed answers that grow while they arrive.
//!
//! In reading order: [`story`] is what the model answers with, [`prompts`] are the functions, [`terminal`]
//! calls them, [`graph`] has one of them as an action, and [`page`] is a form that fills itself.

pub mod graph;
pub mod page;
pub mod prompts;
pub mod story;
pub mod terminal;
