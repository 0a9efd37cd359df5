//! The suite that every log passes, with handles that share nothing.

use burdock_subjects::postgres::Postgres;
use burdock_testkit::{CASES, Outcome, Subject};
use std::sync::Arc;

burdock_testkit::conformance!(Postgres::shared());

/// On one server, for a crash takes everybody's connections.
#[test]
fn a_server_that_crashes_passes_what_the_suite_says_of_crashes() {
    let subject: Arc<dyn Subject> = Arc::new(Postgres::alone());
    let durability: Vec<_> = CASES.iter().filter(|case| case.group == "durability").collect();
    assert!(!durability.is_empty());
    for case in durability {
        let outcome = case.run(&subject);
        assert!(matches!(outcome, Outcome::Passed), "{}: {outcome:?}", case.sentence());
    }
}
