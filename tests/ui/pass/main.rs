//! Programs that must compile. Those with a test also run.
//!
//! They are modules of one program, so that burdock is linked once. Programs about warnings override the lint
//! levels below.
#![deny(future_incompatible)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "programs of all styles, most of which are only compiled"
)]
#![recursion_limit = "256"]

pub mod action_by_hand;
pub mod cfg;
pub mod children;
pub mod conditions;
pub mod errors;
pub mod in_a_macro;
pub mod inputs_and_parameters;
pub mod inside_functions;
pub mod instrumented;
pub mod locals_named_as_everything;
pub mod many_fields;
pub mod names_in_scope;
// takes as long as all others together, and adds nothing for clippy
#[cfg(not(clippy))]
pub mod names_of_everything;
pub mod nested_generics;
pub mod no_warnings;
pub mod no_warnings_when_private;
pub mod other_modules;
pub mod raw_identifiers;
pub mod renamed_crate;
pub mod serde_attributes;
pub mod several_actions_in_one_module;
pub mod whole_program;
pub mod yields_everywhere;

/// `derive(Partial)`.
pub mod partial {
    pub mod generics;
    pub mod names;
    pub mod renamed_crate;
}

/// `#[prompt]`.
pub mod prompt {
    pub mod function_or_action_alone;
    pub mod renamed;
}

/// `#[tool]`.
pub mod tool {
    pub mod function_or_tool_alone;
    pub mod renamed;
}
