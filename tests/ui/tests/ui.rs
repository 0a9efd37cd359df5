//! What does not compile.
//!
//! `fail`, `prompt` and `partial` have one file per rule with one fault; see the crate for what is checked
//! of each. What rustc says belongs to the toolchain of `rust-toolchain.toml`: after an update, run with
//! `TRYBUILD=overwrite` and read what changed.

use burdock_ui::{Exception, Faults};

/// The rules of the language, of `#[prompt]` and of `derive(Partial)`.
const FOLDERS: [&str; 3] = ["fail", "prompt", "partial"];

const EXCEPTIONS: &[Exception] = &[
    ("several_at_once", 12, "several faults come out together"),
    ("several_prompt_faults", 4, "several faults come out together"),
    ("bare_yield", 2, "rustc refuses the keyword before any attribute runs"),
    ("state_not_derived", 2, "the action and the graph both name the state"),
    ("misspelt_in_the_attribute", 2, "the attribute and the body differ, and either may be meant"),
];

#[test]
fn what_is_wrong_does_not_compile() {
    let cases = trybuild::TestCases::new();
    for folder in FOLDERS {
        cases.compile_fail(format!("{folder}/*.rs"));
    }
}

#[test]
fn each_fault_is_one_error_on_its_token() {
    for folder in FOLDERS {
        Faults::read(folder, EXCEPTIONS).check();
    }
}
