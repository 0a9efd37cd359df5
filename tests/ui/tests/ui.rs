//! What compiles and what does not.
//!
//! `fail` has one file per rule with one fault; see the crate for what is checked of each. What rustc
//! says belongs to the toolchain of `rust-toolchain.toml`: after an update, run with
//! `TRYBUILD=overwrite` and read what changed.

use burdock_ui::{Exception, Faults};

const EXCEPTIONS: &[Exception] = &[
    ("several_at_once", 12, "several faults come out together"),
    ("bare_yield", 2, "rustc refuses the keyword before any attribute runs"),
    ("state_not_derived", 2, "the action and the graph both name the state"),
    ("misspelt_in_the_attribute", 2, "the attribute and the body differ, and either may be meant"),
];

#[test]
fn what_is_wrong_does_not_compile() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn what_is_right_compiles() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

#[test]
fn each_fault_is_one_error_on_its_token() {
    Faults::read("fail", EXCEPTIONS).check();
}
