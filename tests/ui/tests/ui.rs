//! Compile-fail cases.
//!
//! `fail`, `prompt`, `partial` and `tool` have one file per rule, with one mistake; the crate documents the checks. The
//! output of rustc is that of the toolchain in `rust-toolchain.toml`: after an update, run with
//! `TRYBUILD=overwrite` and review the changes.

use burdock_ui::{Cases, Exception};

/// The rules of the language, of `#[prompt]`, `derive(Partial)` and `#[tool]`.
const FOLDERS: [&str; 4] = ["fail", "prompt", "partial", "tool"];

const EXCEPTIONS: &[Exception] = &[
    ("several_at_once", 12, "several errors are reported together"),
    ("several_prompt_faults", 4, "several errors are reported together"),
    ("bare_yield", 2, "rustc rejects the keyword before any attribute runs"),
    ("state_not_derived", 2, "the action and the graph both name the state"),
    ("half_a_field", 2, "rustc and the macro report a syntax error"),
    ("body_does_not_parse", 2, "rustc and the macro report a syntax error"),
    ("half_an_argument", 2, "rustc and the macro report a syntax error"),
    ("misspelt_in_the_attribute", 2, "the attribute and the body differ, and either can be wrong"),
];

#[test]
fn compile_fail_cases_do_not_compile() {
    let cases = trybuild::TestCases::new();
    for folder in FOLDERS {
        cases.compile_fail(format!("{folder}/*.rs"));
    }
}

#[test]
fn each_mistake_is_one_error_on_the_marked_token() {
    for folder in FOLDERS {
        Cases::read(folder, EXCEPTIONS).check();
    }
}
