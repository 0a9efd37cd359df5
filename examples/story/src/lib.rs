//! Functions from prompts, and typed answers that grow while they arrive.
//!
//! In reading order: [`story`] is the type of the answer, [`prompts`] are the functions, [`terminal`]
//! calls them, [`graph`] has one of them as an action, and [`page`] is a form that is filled in while the
//! model answers.

pub mod graph;
pub mod page;
pub mod prompts;
pub mod story;
pub mod terminal;
